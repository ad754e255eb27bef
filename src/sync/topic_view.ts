/**
 * One topic as each link sees it: what `why` reads to name the link on which a version has stopped.
 */

import type { LinkRelation } from "#link/link_port.ts";
import type { NodeKey } from "#wire/role.ts";
import type { Heard, LinkView, Said } from "./link_view.ts";
import type { Copy } from "./state_types.ts";
import { stateOwner } from "./topic_rules.ts";

export interface TopicLinkView {
  readonly serial: number;
  readonly peer: NodeKey;
  readonly relation: LinkRelation;
  /** We may say it there; it may be said there to us. */
  readonly offered: boolean;
  readonly hearable: boolean;
  readonly said: Said | undefined;
  readonly heard: Readonly<Heard> | undefined;
  /** A list or the content waits to be written. */
  readonly due: boolean;
  readonly wanted: boolean;
  readonly reporting: boolean;
}

export interface TopicView {
  readonly copy: Copy | undefined;
  readonly links: readonly TopicLinkView[];
}

export function viewTopic(topic: string, copy: Copy | undefined, links: Iterable<LinkView>): TopicView {
  const owner = stateOwner(topic);
  return {
    copy,
    links: Array.from(links, (link) => ({
      serial: link.serial,
      peer: link.peer.key,
      relation: link.relation,
      offered: owner !== undefined && link.mayOffer(owner),
      hearable: owner !== undefined && link.mayHear(owner),
      said: link.said.get(topic),
      heard: link.heard.get(topic),
      due: link.listDue || link.dirty.has(topic),
      wanted: link.wants.has(topic),
      reporting: link.reports.has(topic),
    })),
  };
}
