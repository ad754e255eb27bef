/**
 * What whole lists lack. A topic is known to be lacking on a link only after a whole list was heard there.
 */

import type { NodeKey } from "#wire/role.ts";
import type { LinkView } from "./link_view.ts";

/** The owner itself is linked to us and does not say it. */
export function ownerLacks(links: Iterable<LinkView>, topic: string, owner: NodeKey): boolean {
  for (const link of links) if (link.peer.key === owner && lacks(link, topic)) return true;
  return false;
}

/** Everybody who may say it to us has listed, and nobody does. */
export function nobodySays(links: Iterable<LinkView>, topic: string, owner: NodeKey): boolean {
  let sources = 0;
  for (const link of links) {
    if (!link.mayHear(owner)) continue;
    if (!lacks(link, topic)) return false;
    sources += 1;
  }
  return sources > 0;
}

function lacks(link: LinkView, topic: string): boolean {
  return link.listHeard && link.heard.get(topic) === undefined;
}
