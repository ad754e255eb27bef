/**
 * What a gateway says of the nodes that are attached to it: who they are (`attached/<self>`, at once) and what they
 * have applied (`applied/<self>`, at most once per interval). A cross gateway says it of cross and edge nodes only:
 * shard gateways speak for themselves.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { PeerLink } from "#link/link_port.ts";
import type { Applied } from "#sync/applied.ts";
import { AppliedBoard } from "#sync/applied_board.ts";
import { encodeAttached } from "#sync/attached.ts";
import type { Sync } from "#sync/sync.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";
import { acceptsLinks } from "#wire/role.ts";

/** Of an interval. */
const OWN_CHANGE_DELAY = 0.25;

export class AttachedNews {
  readonly #self: Identity;
  readonly #clock: Clock;
  readonly #sync: Sync;
  readonly #board: AppliedBoard;
  readonly #intervalMs: number;
  readonly #attached = new Map<number, Identity>();
  #timer: Timer;
  #later: Timer | undefined;

  constructor(options: {
    readonly self: Identity;
    readonly clock: Clock;
    readonly sync: Sync;
    readonly intervalMs: number;
  }) {
    this.#self = options.self;
    this.#clock = options.clock;
    this.#sync = options.sync;
    this.#intervalMs = options.intervalMs;
    this.#board = new AppliedBoard({ intervalMs: options.intervalMs });
    this.#sayAttached();
    this.#timer = this.#nextTick();
  }

  joined(link: PeerLink): void {
    if (link.relation !== "below" || acceptsLinks(link.peer.role)) return;
    this.#attached.set(link.serial, link.peer);
    this.#board.join(link.peer.key, this.#clock.wallMs());
    this.#sayAttached();
    this.#sayApplied();
  }

  left(link: PeerLink): void {
    if (!this.#attached.delete(link.serial)) return;
    // A link that was replaced goes after its successor came: the node is still there.
    if ([...this.#attached.values()].some((other) => other.key === link.peer.key)) return;
    this.#board.leave(link.peer.key);
    this.#sayAttached();
    this.#sayApplied();
  }

  heard(link: PeerLink, appliedDigest: bigint): void {
    if (!this.#attached.has(link.serial)) return;
    this.#board.heard(link.peer.key, appliedDigest, this.#clock.wallMs());
    this.#sayApplied();
  }

  /** What is known here of the own nodes, newer than what was said last. */
  applied(): { readonly gateway: NodeKey; readonly word: Applied } {
    return {
      gateway: this.#self.key,
      word: { digest: this.#sync.appliedDigest(), exceptions: this.#board.exceptions() },
    };
  }

  /**
   * This gateway holds other state topics than before. It says so a moment later: a thousand gateways that answered
   * a change at once would hold up the change itself, and their nodes have not applied it yet either.
   */
  ownChanged(): void {
    this.#board.own(this.#sync.appliedDigest(), this.#clock.wallMs());
    this.#later ??= this.#clock.after(this.#intervalMs * OWN_CHANGE_DELAY, () => {
      this.#later = undefined;
      this.#sayApplied();
    });
  }

  stop(): void {
    this.#timer.cancel();
    this.#later?.cancel();
  }

  #nextTick(): Timer {
    return this.#clock.after(this.#intervalMs, () => {
      this.#timer = this.#nextTick();
      this.#sayApplied();
    });
  }

  #sayAttached(): void {
    const nodes = [...this.#attached.values()].toSorted((a, b) => a.key - b.key);
    this.#sync.routes.say(`attached/${this.#self.id}`, encodeAttached([this.#self, ...nodes]));
  }

  #sayApplied(): void {
    this.#board.own(this.#sync.appliedDigest(), this.#clock.wallMs());
    const word = this.#board.word(this.#clock.nowMs());
    if (word !== undefined) this.#sync.routes.say(`applied/${this.#self.id}`, word);
  }
}
