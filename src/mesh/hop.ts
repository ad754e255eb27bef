/**
 * One hop of `explain`: where this node would send a frame next, and if nowhere, why, in words.
 */

import type { LinkStatus, PeerLink } from "#link/link_port.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { idOfKey, keyOfId, nodeKey } from "#wire/role.ts";
import type { Directory } from "./directory.ts";
import type { Router } from "./router.ts";

export interface HopQuestion {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly previous?: NodeId | undefined;
}

export interface HopAnswer {
  readonly at: NodeId;
  readonly next: NodeId | undefined;
  readonly state: string;
  readonly link: LinkStatus | undefined;
}

export function describeHop(
  at: {
    readonly self: Identity;
    readonly directory: Directory;
    readonly router: Router;
    readonly links: (key: NodeKey) => PeerLink | undefined;
    readonly status: () => readonly LinkStatus[];
  },
  question: HopQuestion,
): HopAnswer {
  const { self } = at;
  const target = keyOfId(question.to);
  if (target === self.key) return { at: self.id, next: undefined, state: "this is the target", link: undefined };
  const previous = question.previous === undefined ? undefined : at.links(keyOfId(question.previous));
  const next = at.router.nextHop(keyOfId(question.from), target, previous);
  const status = at.status();
  if (next !== undefined) {
    const link = status.find((one) => one.peer === next.peer.id && one.state === "up");
    return { at: self.id, next: next.peer.id, state: "up", link };
  }
  const stuck = (state: string, link?: LinkStatus): HopAnswer => ({ at: self.id, next: undefined, state, link });
  if (previous !== undefined && at.directory.get(target) !== undefined) {
    return stuck(`${question.to} is known here only by ways that a frame from ${previous.peer.id} may not take`);
  }
  const gateway = gatewayOf(at.directory, at.router.shardOf(target));
  const own = status.find((one) => one.peer === question.to);
  if (own === undefined && gateway === self.key) return stuck(`${question.to} is not attached to this gateway`);
  const link =
    own ??
    status.find((one) => gateway !== undefined && one.peer === idOfKey(gateway)) ??
    (previous?.relation === "above" ? undefined : status.find((one) => one.relation === "above" && one.state !== "up"));
  return stuck(reason({ to: question.to, link, gateway, directory: at.directory }), link);
}

/** The gateway that a node of this shard ought to be behind. */
function gatewayOf(directory: Directory, shard: number): NodeKey | undefined {
  if (shard === 0) return undefined;
  return directory.ofRole("gateway", shard)[0]?.key ?? nodeKey("gateway", shard);
}

function reason(about: {
  readonly to: NodeId;
  readonly link: LinkStatus | undefined;
  readonly gateway: NodeKey | undefined;
  readonly directory: Directory;
}): string {
  const { to, link, gateway, directory } = about;
  if (gateway !== undefined && gateway !== keyOfId(to) && directory.get(gateway) !== undefined) {
    return `${idOfKey(gateway)} is there, but ${to} is not attached to it`;
  }
  if (link !== undefined && link.state !== "up") {
    const error = link.lastError === undefined ? "" : `, last error: ${link.lastError}`;
    const retry = link.nextRetryMs === undefined ? "" : `, next try in ${Math.round(link.nextRetryMs)} ms`;
    return `link to ${link.peer} is ${link.state}${error}${retry}`;
  }
  if (gateway !== undefined) return `${idOfKey(gateway)} is not linked to any gateway that is known here`;
  return `${to} is not in the directory`;
}
