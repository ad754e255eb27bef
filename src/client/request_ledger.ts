/**
 * The requests of a player's client: those that wait for their turn, and those that were sent and have no answer.
 * Pure. A number is given when a request is sent, so that one which was given up before leaves no gap; one that was
 * given up after stays, without a caller, since the server has to hear of every number.
 *
 * Invariant: `sent` holds rising numbers below `nextSeq`, at most REQUESTS_WAITING_MAX of them.
 */

import type { PackedBody } from "#session/client_body.ts";
import type { ClientPacket } from "#session/client_packets.ts";
import { REQUESTS_WAITING_MAX } from "#session/client_packets.ts";

/** Requests that wait until they may be sent; beyond it a request fails at once with OVERLOADED. */
export const REQUESTS_QUEUED_MAX = 256;

export interface PendingRequest {
  /** The caller's own. */
  readonly id: number;
  readonly method: number;
  readonly body: PackedBody;
  readonly deadlineMs: number;
}

interface SentRequest {
  readonly request: PendingRequest;
  /** The caller has been told already. */
  isGivenUp: boolean;
}

export class RequestLedger {
  readonly #queued = new Map<number, PendingRequest>();
  readonly #sent = new Map<number, SentRequest>();
  #nextSeq = 1;
  /** Not after the first deadline there is. */
  #earliestMs = Infinity;

  /** No request has a deadline before this. */
  get earliestDeadlineMs(): number {
    return this.#earliestMs;
  }

  /** False when there are too many. */
  add(request: PendingRequest): boolean {
    if (this.#queued.size >= REQUESTS_QUEUED_MAX) return false;
    this.#queued.set(request.id, request);
    this.#earliestMs = Math.min(this.#earliestMs, request.deadlineMs);
    return true;
  }

  /** Bytes of the body that may go next; undefined when none may. */
  get nextSize(): number | undefined {
    if (this.#sent.size >= REQUESTS_WAITING_MAX) return undefined;
    for (const { body } of this.#queued.values()) return body.bytes.length;
    return undefined;
  }

  /** Those whose turn it is, as long as `may` allows a body of that size; they count as sent. */
  takeSendable(may: (size: number) => boolean): readonly ClientPacket[] {
    const packets: ClientPacket[] = [];
    for (const [id, request] of this.#queued) {
      if (this.#sent.size >= REQUESTS_WAITING_MAX || !may(request.body.bytes.length)) break;
      this.#queued.delete(id);
      packets.push(packetOf(this.#nextSeq, request));
      this.#sent.set(this.#nextSeq, { request, isGivenUp: false });
      this.#nextSeq += 1;
    }
    return packets;
  }

  /** Whose answer this is; `given_up` when nobody waits for it, `never_sent` when the server speaks of what is not. */
  answer(seq: number): PendingRequest | "given_up" | "never_sent" {
    if (seq >= this.#nextSeq) return "never_sent";
    const sent = this.#sent.get(seq);
    this.#sent.delete(seq);
    return sent === undefined || sent.isGivenUp ? "given_up" : sent.request;
  }

  /** Whether the request had been sent; undefined when it has ended already. */
  giveUp(id: number): "queued" | "sent" | undefined {
    if (this.#queued.delete(id)) return "queued";
    for (const sent of this.#sent.values()) {
      if (sent.request.id !== id || sent.isGivenUp) continue;
      sent.isGivenUp = true;
      return "sent";
    }
    return undefined;
  }

  /** Ids whose deadline has come; each is to be given up. */
  expired(nowMs: number): readonly number[] {
    if (nowMs < this.#earliestMs) return [];
    const ids: number[] = [];
    this.#earliestMs = Infinity;
    for (const { id, deadlineMs } of this.#waitedFor()) {
      if (deadlineMs <= nowMs) ids.push(id);
      else this.#earliestMs = Math.min(this.#earliestMs, deadlineMs);
    }
    return ids;
  }

  /** What has to be sent again in a session that goes on, in order. `answered`: as the welcome says. */
  resume(answered: number): readonly { readonly packet: ClientPacket; readonly size: number }[] {
    for (const [seq, sent] of this.#sent) {
      if (sent.isGivenUp && seq <= answered) this.#sent.delete(seq);
    }
    return [...this.#sent].map(([seq, { request }]) => ({
      packet: packetOf(seq, request),
      size: request.body.bytes.length,
    }));
  }

  /** The session is no more: the ids that were sent and have no answer. Those that wait stay for the next one. */
  endSession(): readonly number[] {
    const ids = [...this.#sent.values()].filter(({ isGivenUp }) => !isGivenUp).map(({ request }) => request.id);
    this.#sent.clear();
    this.#nextSeq = 1;
    return ids;
  }

  /** Empties the queue: the ids that were never sent. */
  endQueue(): readonly number[] {
    const ids = [...this.#queued.keys()];
    this.#queued.clear();
    return ids;
  }

  *#waitedFor(): Iterable<PendingRequest> {
    yield* this.#queued.values();
    for (const { request, isGivenUp } of this.#sent.values()) if (!isGivenUp) yield request;
  }
}

function packetOf(seq: number, { method, body }: PendingRequest): ClientPacket {
  return { kind: "request", seq, method, body };
}
