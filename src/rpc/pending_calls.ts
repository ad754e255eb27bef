/**
 * Pending calls: a ring of slots that grows, found by the low bits of the call id in one step.
 * A call id is (generation << SLOT_BITS) | slot, and the slot that has been free for longest is taken next, so
 * that an id comes back after millions of calls (GENERATION_MAX times the slots that are free) and a late reply
 * does not meet another call.
 *
 *   free -> pending -> free        settled exactly once: by reply, error, deadline or loss
 */

import type { Clock } from "#base/clock.ts";
import type { PeerLink } from "#link/link_port.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import type { NodeKey } from "#wire/role.ts";
import { TimerWheel } from "./timer_wheel.ts";

const SLOT_BITS = 16;
/** Calls that one node may have under way: beyond it they fail with OVERLOADED. */
export const PENDING_MAX = 1 << SLOT_BITS;
const SLOTS_START = 64;
const GENERATION_MAX = 0xffff;

export interface PendingCall {
  readonly target: NodeKey;
  /** The link that it left on and its position in that link's data queue; undefined when it stayed here. */
  link: PeerLink | undefined;
  position: number;
  readonly settle: (outcome: CallOutcome) => void;
}

export type CallOutcome =
  | { readonly kind: "reply"; readonly raw: boolean; readonly body: Uint8Array }
  | { readonly kind: "error"; readonly body: Uint8Array }
  | { readonly kind: "deadline" }
  | { readonly kind: "refused"; readonly code: CallErrorCode; readonly detail: string }
  | { readonly kind: "lost"; readonly sent: boolean; readonly detail: string };

export class PendingCalls {
  readonly #wheel: TimerWheel;
  #calls: (PendingCall | undefined)[];
  #generations: Uint16Array;
  /** Free slots, from `#firstFree` on, in the order in which they became free; as long as there are slots. */
  #free: Uint16Array;
  #firstFree = 0;
  #count = 0;

  constructor(clock: Clock) {
    this.#wheel = new TimerWheel({
      clock,
      capacity: SLOTS_START,
      fire: (slot) => this.#settle(slot, { kind: "deadline" }),
    });
    this.#calls = Array.from({ length: SLOTS_START }, () => undefined);
    this.#generations = new Uint16Array(SLOTS_START).fill(1);
    this.#free = Uint16Array.from({ length: SLOTS_START }, (_, slot) => slot);
  }

  get count(): number {
    return this.#count;
  }

  /** The call's id, or undefined when PENDING_MAX are under way. */
  add(call: PendingCall, deadlineAtMs: number): number | undefined {
    if (this.#count === this.#calls.length && !this.#grow()) return undefined;
    const slot = this.#free[this.#firstFree] as number;
    this.#firstFree = (this.#firstFree + 1) & (this.#free.length - 1);
    this.#calls[slot] = call;
    this.#count += 1;
    this.#wheel.set(slot, deadlineAtMs);
    return (((this.#generations[slot] as number) << SLOT_BITS) | slot) >>> 0;
  }

  /** The call with this id while it is under way. */
  get(callId: number): PendingCall | undefined {
    const slot = callId & (PENDING_MAX - 1);
    return this.#generations[slot] === callId >>> SLOT_BITS ? this.#calls[slot] : undefined;
  }

  /** Ends one; harmless when it has ended. */
  end(callId: number, outcome: CallOutcome): void {
    if (this.get(callId) !== undefined) this.#settle(callId & (PENDING_MAX - 1), outcome);
  }

  /** Ends every call that matches. */
  endWhere(match: (call: PendingCall) => CallOutcome | undefined): void {
    for (let slot = 0; slot < this.#calls.length; slot += 1) {
      const call = this.#calls[slot];
      const outcome = call === undefined ? undefined : match(call);
      if (outcome !== undefined) this.#settle(slot, outcome);
    }
  }

  stop(): void {
    this.#wheel.stop();
  }

  #settle(slot: number, outcome: CallOutcome): void {
    const call = this.#calls[slot];
    if (call === undefined) return;
    this.#wheel.clear(slot);
    this.#calls[slot] = undefined;
    const generation = this.#generations[slot] as number;
    this.#generations[slot] = generation === GENERATION_MAX ? 1 : generation + 1;
    this.#count -= 1;
    const freeCount = this.#free.length - 1 - this.#count;
    this.#free[(this.#firstFree + freeCount) & (this.#free.length - 1)] = slot;
    call.settle(outcome);
  }

  /** Only when no slot is free: the new ones are all that are. */
  #grow(): boolean {
    const size = this.#calls.length;
    if (size >= PENDING_MAX) return false;
    for (let slot = size; slot < size * 2; slot += 1) this.#calls.push(undefined);
    const generations = new Uint16Array(size * 2).fill(1);
    generations.set(this.#generations);
    this.#generations = generations;
    this.#wheel.grow(size * 2);
    this.#free = new Uint16Array(size * 2);
    this.#firstFree = 0;
    for (let index = 0; index < size; index += 1) this.#free[index] = size + index;
    return true;
  }
}
