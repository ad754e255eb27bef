/**
 * Links under fuzz: two real hubs, one that is dialled and one that dials, on a conn that is only memory and a clock
 * that moves when it is told to. The other end is played by the test, with the true key where a state needs it.
 */

import { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { toHex } from "#base/digest.ts";
import type { Random } from "#base/random.ts";
import type { HandshakeSelf } from "#link/handshake.ts";
import { LinkHub } from "#link/hub.ts";
import type { LinkEvents, PeerLink } from "#link/link_port.ts";
import { SendBudget } from "#link/send_budget.ts";
import type { Conn, ConnHandler, DialHandler, Transport } from "#link/transport.ts";
import { BOOT_SIZE } from "#wire/handshake.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import type { Role } from "#wire/role.ts";
import { digest } from "../wire/digest.ts";

const KEY = new TextEncoder().encode("the cluster key of the fuzz.....");
const ADDRESS = { host: "127.0.0.1", port: 7000 };

interface Waiting {
  readonly atMs: number;
  readonly fn: () => void;
}

/** Few timers wait at a time, so they are simply looked through. */
export class FuzzClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Waiting>();
  #soon: (() => void)[] = [];

  get timerCount(): number {
    return this.#timers.size;
  }
  nowMs(): number {
    return this.#nowMs;
  }
  wallMs(): number {
    return 1_767_225_600_000 + this.#nowMs;
  }
  after(delayMs: number, fn: () => void): Timer {
    const waiting = { atMs: this.#nowMs + delayMs, fn };
    this.#timers.add(waiting);
    return { cancel: () => void this.#timers.delete(waiting) };
  }
  afterPoll(fn: () => void): void {
    this.#soon.push(fn);
  }
  soon(fn: () => void): void {
    this.#soon.push(fn);
  }

  settle(): void {
    while (this.#soon.length > 0) {
      const soon = this.#soon;
      this.#soon = [];
      for (const fn of soon) fn();
    }
  }

  /** Fires what falls due, in the order of time. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      let next: Waiting | undefined;
      for (const one of this.#timers)
        if (one.atMs <= untilMs && (next === undefined || one.atMs < next.atMs)) next = one;
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.fn();
      this.settle();
    }
    this.#nowMs = untilMs;
  }
}

/** Both ends of one conn: the hub's, and by `say` and `heard` ours. */
export class FuzzConn implements Conn {
  readonly remote = "127.0.0.1:40000";
  handler: ConnHandler | undefined;
  isOpen = true;
  /** The hub will write no more: it is only leaving. */
  isShut = false;
  /** What the hub has written so far, one entry for each write. */
  heard: Uint8Array[] = [];
  readonly #clock: FuzzClock;

  constructor(clock: FuzzClock) {
    this.#clock = clock;
  }

  write(bytes: Uint8Array): number {
    if (!this.isOpen) return -1;
    this.heard.push(bytes.slice());
    return bytes.length;
  }
  shutdown(): void {
    this.isShut = true;
  }
  pause(): void {}
  resume(): void {}
  terminate(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.handler?.closed("terminated");
  }

  say(bytes: Uint8Array): void {
    if (this.isOpen) this.handler?.data(bytes);
    this.#clock.settle();
  }
  /** Our end goes away. */
  end(): void {
    if (this.isOpen) {
      this.isOpen = false;
      this.handler?.closed("closed by the other end");
    }
    this.#clock.settle();
  }
}

/** Counts what a hub tells the layers above, and whether a link was up that it tells of. */
export class Witness implements LinkEvents {
  readonly ups: PeerLink[] = [];
  readonly #up = new Set<number>();
  toldCount = 0;
  /** Told of a link that is not up, or up or down twice. */
  wrongCount = 0;

  get upCount(): number {
    return this.#up.size;
  }
  up(link: PeerLink): void {
    if (this.#up.has(link.serial)) this.wrongCount += 1;
    this.#up.add(link.serial);
    this.ups.push(link);
  }
  down(link: PeerLink): void {
    if (!this.#up.delete(link.serial)) this.wrongCount += 1;
  }
  routed(link: PeerLink): void {
    this.#told(link);
  }
  sync(link: PeerLink): void {
    this.#told(link);
  }
  heartbeat(link: PeerLink): void {
    this.#told(link);
  }
  goodbye(link: PeerLink): void {
    this.#told(link);
  }
  tick(): void {}
  nextSync(): undefined {
    return undefined;
  }
  saidDigest(): bigint {
    return 0n;
  }
  appliedDigest(): bigint {
    return 0n;
  }
  clusterMs(): number {
    return 0;
  }
  refused(): void {}

  #told(link: PeerLink): void {
    this.toldCount += 1;
    if (!this.#up.has(link.serial)) this.wrongCount += 1;
  }
}

export class FuzzGround implements Transport {
  readonly clock = new FuzzClock();
  readonly random: Random;
  readonly counters = new Counters();
  readonly budget = new SendBudget();
  readonly witness = new Witness();
  /** A handler has thrown. */
  readonly errors: string[] = [];
  /** gateway:1, which is dialled. */
  readonly above: LinkHub;
  /** center:1, which dials gateway:1. */
  readonly below: LinkHub;
  #accept: ((conn: Conn) => ConnHandler) | undefined;
  #dial: DialHandler | undefined;

  constructor(random: Random) {
    this.random = random;
    this.above = this.#hub("gateway", 1);
    this.below = this.#hub("center", 1);
    this.above.listen(ADDRESS);
    this.below.dial({ role: "gateway", number: 1 }, ADDRESS);
  }

  listen(_address: typeof ADDRESS, accept: (conn: Conn) => ConnHandler): { address: typeof ADDRESS; close(): void } {
    this.#accept = accept;
    return { address: ADDRESS, close: () => {} };
  }
  dial(_address: typeof ADDRESS, handler: DialHandler): { cancel(): void } {
    this.#dial = handler;
    return {
      cancel: () => {
        if (this.#dial === handler) this.#dial = undefined;
      },
    };
  }

  /** A conn to the hub that is dialled. */
  dialled(): FuzzConn {
    const conn = new FuzzConn(this.clock);
    conn.handler = this.#accept?.(conn);
    this.clock.settle();
    return conn;
  }

  /** A conn of the hub that dials; its hello is heard already. */
  dialling(): FuzzConn {
    for (let round = 0; this.#dial === undefined && round < 10; round += 1) this.clock.advance(1_000);
    const handler = this.#dial;
    this.#dial = undefined;
    const conn = new FuzzConn(this.clock);
    conn.handler = handler?.opened(conn);
    this.clock.settle();
    return conn;
  }

  /** What the other end of a handshake has. */
  self(role: Role, number: number): HandshakeSelf {
    const { random } = this;
    return { self: this.#identity(role, number), cluster: "fuzz", keys: [KEY], heartbeatMs: 1000, random, digest };
  }

  #identity(role: Role, number: number): Identity {
    return identity({ role, number, shard: 1, boot: toHex(this.random.bytes(BOOT_SIZE)), startedAtMs: 1 });
  }

  #hub(role: Role, number: number): LinkHub {
    const { clock, random, counters, budget } = this;
    const quiet = (): void => {};
    const error = (phrase: string, data?: unknown): void => {
      if (this.errors.length < 10) this.errors.push(`${phrase} ${JSON.stringify(data)}`);
    };
    const log: Log = { debug: quiet, info: quiet, warn: quiet, error };
    return new LinkHub({
      ...this.self(role, number),
      transport: this,
      clock,
      random,
      log,
      counters,
      budget,
      alarms: new Alarms({ clock, log: { ...log, error: quiet } }),
      events: this.witness,
    });
  }
}
