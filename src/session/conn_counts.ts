/**
 * How many players' connections there are, in all and of each address, and how fast they come. Pure.
 */

import { limitedAddress } from "#link/unproved.ts";
import type { DoorLimits } from "./door_limits.ts";
import { TokenBucket } from "./token_bucket.ts";

export class ConnCounts {
  readonly #limits: DoorLimits;
  readonly #rate: TokenBucket;
  readonly #countOf = new Map<string, number>();
  #count = 0;

  constructor(limits: DoorLimits, nowMs: number) {
    this.#limits = limits;
    this.#rate = new TokenBucket(limits.newConns, nowMs);
  }

  get count(): number {
    return this.#count;
  }

  /** Counts one more, or says which limit it would break. */
  enter(remote: string, nowMs: number): "ok" | { readonly detail: string } {
    const { connsMax, connsPerAddressMax, newConns } = this.#limits;
    if (this.#count >= connsMax) return { detail: `${connsMax} connections are open, which is the limit` };
    const address = limitedAddress(remote);
    const ofAddress = address === undefined ? 0 : (this.#countOf.get(address) ?? 0);
    if (ofAddress >= connsPerAddressMax) {
      return { detail: `${connsPerAddressMax} connections are open from this address, which is the limit` };
    }
    if (!this.#rate.take(1, nowMs)) return { detail: `more than ${newConns.perSecond} connections came in a second` };
    this.#count += 1;
    if (address !== undefined) this.#countOf.set(address, ofAddress + 1);
    return "ok";
  }

  leave(remote: string): void {
    this.#count -= 1;
    const address = limitedAddress(remote);
    if (address === undefined) return;
    const count = (this.#countOf.get(address) ?? 0) - 1;
    if (count > 0) this.#countOf.set(address, count);
    else this.#countOf.delete(address);
  }
}
