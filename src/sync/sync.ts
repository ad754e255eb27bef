/**
 * State and route topics of a node over its links: the sync half of LinkEvents. Route news is written first, so that
 * a node's first call does not overtake the news that it exists; then what steers state; then contents.
 * Synchronous and without timers: ticks and heartbeats are the links'.
 */

import { unreachable } from "#base/assert.ts";
import type { Counters } from "#base/counters.ts";
import type { Digest } from "#base/digest.ts";
import type { PeerLink } from "#link/link_port.ts";
import type { Heartbeat } from "#wire/heartbeat.ts";
import type { Report, SyncMessage } from "#wire/sync_message.ts";
import type { RouteEffects } from "./route_topics.ts";
import { RouteTopics } from "./route_topics.ts";
import { StateTopics } from "./state_topics.ts";
import type { Copy } from "./state_types.ts";
import type { Party } from "./topic_rules.ts";

/** Handlers must not throw. They may publish, say and read. */
export interface SyncEvents {
  /** A newer copy of another node's state topic is held now. */
  accepted(copy: Copy): void;
  /** A tombstone is gone for good. */
  dropped(topic: string): void;
  /** Owner only: somebody holds what this node has not said. See TopicOwner. */
  reported(report: Report): void;
  /** A link's word on a route topic is another one, or none. */
  routeChanged: RouteEffects["changed"];
}

export class Sync {
  readonly state: StateTopics;
  readonly routes: RouteTopics;
  readonly #links = new Map<number, PeerLink>();

  constructor(options: {
    readonly self: Party;
    readonly digest: Digest;
    readonly wallMs: () => number;
    readonly counters: Counters;
    readonly events: SyncEvents;
  }) {
    const { self, digest, wallMs, counters, events } = options;
    const ready = (serial: number): void => this.#links.get(serial)?.syncReady();
    const refused = (reason: string): void => counters.add(`sync.refused:${reason}`);
    this.state = new StateTopics({
      self,
      digest,
      wallMs,
      effects: {
        ready,
        refused,
        accepted: (copy) => events.accepted(copy),
        dropped: (topic) => events.dropped(topic),
        reported: (report) => events.reported(report),
      },
    });
    this.routes = new RouteTopics({
      self,
      effects: { ready, refused, changed: (change) => events.routeChanged(change) },
    });
  }

  linkUp(link: PeerLink): void {
    this.#links.set(link.serial, link);
    const view = { serial: link.serial, peer: link.peer, relation: link.relation };
    this.routes.linkUp(view);
    this.state.linkUp(view);
  }

  linkDown(link: PeerLink): void {
    this.#links.delete(link.serial);
    this.routes.linkDown(link.serial);
    this.state.linkDown(link.serial);
  }

  receive(link: PeerLink, message: SyncMessage): void {
    switch (message.kind) {
      case "route":
      case "withdraw":
        this.routes.receive(link.serial, message);
        break;
      case "list":
      case "snapshot":
      case "want":
      case "report":
      case "relist":
        this.state.receive(link.serial, message);
        break;
      default:
        unreachable(message);
    }
  }

  /** LinkEvents.nextSync. */
  next(link: PeerLink): SyncMessage | undefined {
    return this.routes.next(link.serial) ?? this.state.next(link.serial);
  }

  /** A ping or a pong arrived. */
  heartbeat(link: PeerLink, beat: Heartbeat): void {
    this.state.beat(link.serial, beat.saidDigest);
  }

  tick(link: PeerLink): void {
    this.state.tick(link.serial);
  }

  saidDigest(link: PeerLink): bigint {
    return this.state.saidDigest(link.serial);
  }

  appliedDigest(): bigint {
    return this.state.appliedDigest();
  }
}
