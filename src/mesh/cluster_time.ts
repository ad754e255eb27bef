/**
 * Cluster time: the wall clock of the cross gateways, passed down by heartbeats. A cross gateway answers with its
 * own clock; every other node adds the offset measured on a link above it and keeps the last one while cut off.
 * Of several links it listens to the one to the lowest node while that is up, so that two clocks which differ do
 * not pull it to and fro, and all nodes agree on whom to believe.
 */

import type { Clock } from "#base/clock.ts";
import type { PeerLink } from "#link/link_port.ts";

export class ClusterTime {
  readonly #clock: Clock;
  readonly #isSource: boolean;
  #offsetMs = 0;
  #heard: PeerLink | undefined;

  constructor(options: { readonly clock: Clock; readonly isSource: boolean }) {
    this.#clock = options.clock;
    this.#isSource = options.isSource;
  }

  nowMs(): number {
    return Math.round(this.#clock.wallMs() + this.#offsetMs);
  }

  /** To be called after each heartbeat of a link. */
  observe(link: PeerLink): void {
    if (this.#isSource || link.relation !== "above" || link.clusterOffsetMs === undefined) return;
    if (this.#heard?.isUp === true && this.#heard.peer.key < link.peer.key) return;
    this.#heard = link;
    this.#offsetMs = link.clusterOffsetMs;
  }
}
