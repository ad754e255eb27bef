/**
 * The accepted links that ended last, so that an operator sees why a node below is not there. One row per node,
 * ENDED_MAX of them; the oldest gives way.
 */

import type { Clock } from "#base/clock.ts";
import type { NodeKey } from "#wire/role.ts";
import type { Link } from "./link.ts";
import type { LinkStatus } from "./link_port.ts";

const ENDED_MAX = 256;

export class EndedLinks {
  readonly #clock: Clock;
  readonly #rows = new Map<NodeKey, LinkStatus>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(link: Link, error: string): void {
    const { key, id, boot } = link.peer;
    this.#rows.delete(key);
    this.#rows.set(key, {
      peer: id,
      relation: link.relation,
      address: link.remote,
      state: "closed",
      sinceMs: this.#clock.wallMs(),
      attempt: 0,
      lastError: error,
      nextRetryMs: undefined,
      rttMs: undefined,
      queuedSize: 0,
      boot,
    });
    const oldest = this.#rows.keys().next();
    if (this.#rows.size > ENDED_MAX && !oldest.done) this.#rows.delete(oldest.value);
  }

  lastError(key: NodeKey): string | undefined {
    return this.#rows.get(key)?.lastError;
  }

  /** Rows of the nodes that are not up again. */
  status(isUp: (key: NodeKey) => boolean): LinkStatus[] {
    return [...this.#rows].filter(([key]) => !isUp(key)).map(([, row]) => row);
  }
}
