/**
 * Watches this node's own shard gateway: feeds DeathWatch with welcomes, goodbyes and the node's own ticks, and
 * makes the dialer hurry while the gateway is missed. A tick counts only if I/O was polled since the one before,
 * so that a process which stood still itself does not blame its gateway.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { PeerLink } from "#link/link_port.ts";
import type { DeathVerdict, ExitReason } from "./death_watch.ts";
import { DeathWatch } from "./death_watch.ts";

export class GatewayWatch {
  readonly #clock: Clock;
  readonly #ownIntervalMs: number;
  readonly #hurry: (intervalMs: number | undefined) => void;
  readonly #exit: (reason: ExitReason) => void;
  readonly #death = new DeathWatch();
  /** As the link's: a gateway that is told to beat more slowly is not dead. */
  #intervalMs: number;
  #link: PeerLink | undefined;
  #receivedSize = 0;
  /** Bytes came since the last counted tick, on a link that has ended meanwhile, or with its welcome. */
  #heardSinceTick = false;
  #polled = true;
  #timer: Timer;

  constructor(options: {
    readonly clock: Clock;
    readonly intervalMs: number;
    readonly hurry: (intervalMs: number | undefined) => void;
    readonly exit: (reason: ExitReason) => void;
  }) {
    this.#clock = options.clock;
    this.#ownIntervalMs = options.intervalMs;
    this.#intervalMs = options.intervalMs;
    this.#hurry = options.hurry;
    this.#exit = options.exit;
    this.#timer = this.#nextTick();
  }

  up(link: PeerLink): void {
    this.#link = link;
    this.#intervalMs = Math.max(this.#ownIntervalMs, link.heartbeatMs);
    this.#receivedSize = link.receivedSize;
    // The welcome came just now: the tick that follows is not one of silence.
    this.#heardSinceTick = true;
    this.#hurry(undefined);
    this.#act(this.#death.welcome(link.peer.boot));
  }

  down(): void {
    if (this.#link !== undefined && this.#link.receivedSize > this.#receivedSize) this.#heardSinceTick = true;
    this.#link = undefined;
    if (this.#death.isArmed) this.#hurry(this.#intervalMs / 4);
  }

  goodbye(stopping: boolean): void {
    this.#act(this.#death.goodbye(stopping));
  }

  stop(): void {
    this.#timer.cancel();
  }

  #nextTick(): Timer {
    return this.#clock.after(this.#intervalMs, () => {
      this.#timer = this.#nextTick();
      this.#tick();
    });
  }

  #tick(): void {
    if (!this.#polled) return;
    this.#polled = false;
    this.#clock.afterPoll(() => {
      this.#polled = true;
    });
    const receivedSize = this.#link?.receivedSize ?? this.#receivedSize;
    const heard = this.#heardSinceTick || (this.#link !== undefined && receivedSize > this.#receivedSize);
    this.#heardSinceTick = false;
    this.#receivedSize = receivedSize;
    this.#act(this.#death.tick(heard));
  }

  #act(verdict: DeathVerdict): void {
    if (verdict.kind === "none") return;
    if (verdict.reason !== "gateway_restarted") this.#hurry(undefined);
    this.#exit(verdict.reason);
  }
}
