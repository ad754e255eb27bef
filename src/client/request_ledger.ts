/**
 * The requests of a player's client: those that wait for their turn, and those that were sent and have no answer.
 * Pure. A number is given when a request is sent, so that one which was given up before leaves no gap; one that was
 * given up after stays, without a caller, since the server has to hear of every number. When a session ends, those
 * that may be repeated wait again, in their order and before all others.
 *
 * Invariant: `sent` holds rising numbers below `nextSeq`, at most REQUESTS_WAITING_MAX of them; `again` some of those. Ids rise through
 * `sent` and then `queued`, but for those that were given up.
 */

import type { PackedBody } from "#session/client_body.ts";
import type { ClientPacket } from "#session/client_packets.ts";
import { REQUESTS_WAITING_MAX } from "#session/client_packets.ts";

/**
 * Requests that wait until they may be sent; beyond it a request fails at once with OVERLOADED. Those that wait to be
 * repeated were taken already: they may be REQUESTS_WAITING_MAX more.
 */
export const REQUESTS_QUEUED_MAX = 256;
/** New sessions in which a request is sent again; it may be what ends them. */
export const REPEATS_MAX = 3;

export interface PendingRequest {
  /** The caller's own. */
  readonly id: number;
  readonly method: number;
  readonly body: PackedBody;
  readonly deadlineMs: number;
  /** Executing it twice is as good as once: it is sent again when nobody knows whether it was executed. */
  readonly isRepeatable: boolean;
}

interface Entry {
  readonly request: PendingRequest;
  /** In so many sessions. */
  sentCount: number;
  /** The caller has been told already. */
  isGivenUp: boolean;
}

export interface EndedRequest {
  readonly id: number;
  /** In a session before: what this one says of it is not all. */
  readonly wasSentBefore: boolean;
}

export class RequestLedger {
  /** By id. */
  readonly #queued = new Map<number, Entry>();
  /** By seq. */
  readonly #sent = new Map<number, Entry>();
  /** Of `sent`, in order: those that this connection has not carried yet. */
  readonly #again = new Set<number>();
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
    this.#queued.set(request.id, { request, sentCount: 0, isGivenUp: false });
    this.#earliestMs = Math.min(this.#earliestMs, request.deadlineMs);
    return true;
  }

  /** Bytes of the body that may go next; undefined when none may. */
  get nextSize(): number | undefined {
    for (const seq of this.#again) return this.#sent.get(seq)?.request.body.bytes.length;
    if (this.#sent.size >= REQUESTS_WAITING_MAX) return undefined;
    for (const { request } of this.#queued.values()) return request.body.bytes.length;
    return undefined;
  }

  /**
   * Those whose turn it is, as long as `may` allows a body of that size; they count as sent. First what a resumed session
   * has to hear again.
   */
  takeSendable(may: (size: number) => boolean): readonly ClientPacket[] {
    const packets: ClientPacket[] = [];
    for (const seq of this.#again) {
      const entry = this.#sent.get(seq);
      if (entry === undefined) continue;
      if (!may(entry.request.body.bytes.length)) return packets;
      this.#again.delete(seq);
      packets.push(packetOf(seq, entry.request));
    }
    for (const [id, entry] of this.#queued) {
      if (this.#sent.size >= REQUESTS_WAITING_MAX || !may(entry.request.body.bytes.length)) break;
      this.#queued.delete(id);
      packets.push(packetOf(this.#nextSeq, entry.request));
      entry.sentCount += 1;
      this.#sent.set(this.#nextSeq, entry);
      this.#nextSeq += 1;
    }
    return packets;
  }

  /** Whose answer this is; `given_up` when nobody waits for it, `never_sent` when the server speaks of what is not. */
  answer(seq: number): EndedRequest | "given_up" | "never_sent" {
    if (seq >= this.#nextSeq) return "never_sent";
    const sent = this.#sent.get(seq);
    this.#sent.delete(seq);
    this.#again.delete(seq);
    if (sent === undefined || sent.isGivenUp) return "given_up";
    return { id: sent.request.id, wasSentBefore: sent.sentCount > 1 };
  }

  /** Whether the request had been sent, in whatever session; undefined when it has ended already. */
  giveUp(id: number): "never_sent" | "sent" | undefined {
    const queued = this.#queued.get(id);
    this.#queued.delete(id);
    if (queued !== undefined) return queued.sentCount === 0 ? "never_sent" : "sent";
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

  /** The session goes on with another connection: what has no answer is sent again. `answered`: as the welcome says. */
  resume(answered: number): void {
    this.#again.clear();
    for (const [seq, sent] of this.#sent) {
      if (sent.isGivenUp && seq <= answered) this.#sent.delete(seq);
      else this.#again.add(seq);
    }
  }

  /**
   * The session is no more: the ids that were sent, have no answer and may not be repeated. The others wait for the next
   * one, before those that waited already.
   */
  endSession(): readonly number[] {
    const ids: number[] = [];
    const later = [...this.#queued];
    this.#queued.clear();
    for (const entry of this.#sent.values()) {
      const { id, isRepeatable } = entry.request;
      if (entry.isGivenUp) continue;
      if (isRepeatable && entry.sentCount <= REPEATS_MAX) this.#queued.set(id, entry);
      else ids.push(id);
    }
    for (const [id, entry] of later) this.#queued.set(id, entry);
    this.#sent.clear();
    this.#again.clear();
    this.#nextSeq = 1;
    return ids;
  }

  /** Empties the queue. */
  endQueue(): readonly EndedRequest[] {
    const ended = [...this.#queued].map(([id, { sentCount }]) => ({ id, wasSentBefore: sentCount > 0 }));
    this.#queued.clear();
    if (this.#sent.size === 0) this.#earliestMs = Infinity;
    return ended;
  }

  *#waitedFor(): Iterable<PendingRequest> {
    for (const { request } of this.#queued.values()) yield request;
    for (const { request, isGivenUp } of this.#sent.values()) if (!isGivenUp) yield request;
  }
}

function packetOf(seq: number, { method, body }: PendingRequest): ClientPacket {
  return { kind: "request", seq, method, body };
}
