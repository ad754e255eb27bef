/**
 * Where a report goes next: to the owner's link, else once to the peers, else up. Never from a peer to a peer, so
 * that none circles. Nowhere is an answer too: the standing comparison brings the report again.
 */

import type { NodeKey } from "#wire/role.ts";
import type { LinkView } from "./link_view.ts";
import type { Party } from "./topic_rules.ts";

/** `own`: our own copy differs from what was heard on `link`. `forward`: the report came on `link`. */
export interface ReportOrigin {
  readonly kind: "own" | "forward";
  readonly link: LinkView;
}

export function reportRoute(
  self: Party,
  links: Iterable<LinkView>,
  report: { readonly owner: NodeKey; readonly from: ReportOrigin },
): LinkView[] {
  const { owner, from } = report;
  if (self.role !== "cross_gateway") {
    if (from.kind === "own") return [from.link];
    return [...links].filter((link) => link.relation === "above" && link.mayHear(owner));
  }
  const all = [...links];
  const direct = all.findLast((link) => link.peer.key === owner);
  if (direct !== undefined) return [direct];
  if (from.kind === "forward" && from.link.relation === "peer") return [];
  return all.filter((link) => link.relation === "peer");
}
