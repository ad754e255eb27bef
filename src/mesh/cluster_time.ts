/**
 * Cluster time: the wall clock of the cross gateways, passed down by heartbeats. A cross gateway answers with its
 * own clock; every other node adds the offset measured on a link above it and keeps the last one while cut off. It adds
 * it to its monotonic clock: an hour by which somebody sets the wall clock must not end an activity.
 * Of several links it listens to the one to the lowest node while that is up, so that two clocks which differ do
 * not pull it to and fro, and all nodes agree on whom to believe.
 */

import type { Clock } from "#base/clock.ts";
import type { PeerLink } from "#link/link_port.ts";

export class ClusterTime {
  readonly #clock: Clock;
  readonly #isSource: boolean;
  /** Between the monotonic clock and cluster time; undefined until something was heard. */
  #offsetMs: number | undefined;
  #heard: PeerLink | undefined;

  constructor(options: { readonly clock: Clock; readonly isSource: boolean }) {
    this.#clock = options.clock;
    this.#isSource = options.isSource;
  }

  nowMs(): number {
    return Math.round(this.#offsetMs === undefined ? this.#clock.wallMs() : this.#clock.nowMs() + this.#offsetMs);
  }

  /** To be called after each heartbeat of a link. */
  observe(link: PeerLink): void {
    if (this.#isSource || link.relation !== "above" || link.clusterOffsetMs === undefined) return;
    if (this.#heard?.isUp === true && this.#heard.peer.key < link.peer.key) return;
    this.#heard = link;
    this.#offsetMs = link.clusterOffsetMs;
  }
}
