/**
 * The conns that have not proved the key yet: UNPROVED_MAX in all, UNPROVED_PER_ADDRESS_MAX of one remote address, so
 * that one machine cannot take all places. Where there is none left, the oldest one that has had GREETING_MS_MIN gives
 * way, so that strangers who say nothing keep no node out. Knows nothing of what is said on them.
 *
 * Loopback has no limit of its own: what comes from there is this machine, with all the nodes of a development cluster,
 * or a tunnel that brings everybody. Of IPv6 an address is its /64, which is what one machine is given.
 */

import type { Clock } from "#base/clock.ts";

export const UNPROVED_MAX = 64;
export const UNPROVED_PER_ADDRESS_MAX = 8;
/** What a handshake gets at least, also when others want its place: enough for a long way. */
export const GREETING_MS_MIN = 1_000;

/** A conn, as far as this is concerned. */
export interface Unproved {
  /** Monotonic: when it was opened. */
  readonly sinceMs: number;
  readonly remote: string;
  /** It has proved the key and waits for us, not we for it. */
  readonly isDeciding: boolean;
  /** Must be released, now or soon. */
  giveWay(): void;
}

export class UnprovedConns {
  readonly #clock: Clock;
  /** In the order in which they came. */
  readonly #conns = new Set<Unproved>();
  readonly #countOf = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get count(): number {
    return this.#conns.size;
  }

  /** True when there is room for one from there; somebody may have given way. */
  makeRoom(remote: string): boolean {
    const address = limitedAddress(remote);
    const isOwnFull = address !== undefined && (this.#countOf.get(address) ?? 0) >= UNPROVED_PER_ADDRESS_MAX;
    if (isOwnFull) return this.#oldestGivesWay((one) => limitedAddress(one.remote) === address);
    return this.#conns.size < UNPROVED_MAX || this.#oldestGivesWay(() => true);
  }

  add(one: Unproved): void {
    this.#conns.add(one);
    this.#count(one.remote, 1);
  }

  release(one: Unproved): void {
    if (this.#conns.delete(one)) this.#count(one.remote, -1);
  }

  #count(remote: string, by: number): void {
    const address = limitedAddress(remote);
    if (address === undefined) return;
    const count = (this.#countOf.get(address) ?? 0) + by;
    if (count > 0) this.#countOf.set(address, count);
    else this.#countOf.delete(address);
  }

  #oldestGivesWay(mayGive: (one: Unproved) => boolean): boolean {
    const untilMs = this.#clock.nowMs() - GREETING_MS_MIN;
    for (const one of this.#conns) {
      if (one.sinceMs > untilMs) return false;
      if (one.isDeciding || !mayGive(one)) continue;
      one.giveWay();
      return true;
    }
    return false;
  }
}

/** What is counted together with this remote, or undefined when it has no limit of its own. Takes `Conn.remote`. */
export function limitedAddress(remote: string): string | undefined {
  const inBrackets = /^\[([0-9a-f:.]+)(?:%[^\]]*)?\]:\d+$/i.exec(remote)?.[1];
  if (inBrackets === undefined) {
    const plain = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(remote)?.[1];
    return plain === undefined || plain.startsWith("127.") ? undefined : plain;
  }
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(inBrackets)?.[1];
  if (mapped !== undefined) return limitedAddress(`${mapped}:0`);
  const prefix = networkOf(inBrackets.toLowerCase());
  return inBrackets === "::1" ? undefined : prefix;
}

/** The first four of the eight groups. */
function networkOf(address: string): string {
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  while (tail !== undefined && groups.length + after.length < 8) groups.push("0");
  return [...groups, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
