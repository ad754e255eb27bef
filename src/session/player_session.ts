/**
 * One player's session: packets in, effects out. Requests run one after the other in the order of their numbers; answers
 * and pushes are kept, so that a player who comes back misses nothing. Knows no connection: what is to be sent while
 * there is none is kept or is asked for again.
 *
 * Invariant: answered <= received <= answered + 1 + REQUESTS_WAITING_MAX
 */

import { equalConstantTime, toHex } from "#base/digest.ts";
import { messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import { encodeServerPacket } from "./client_codec.ts";
import type { ClientPacket, CloseCode, ServerPacket } from "./client_packets.ts";
import {
  PUSHES_KEPT_MAX,
  PUSHES_KEPT_SIZE_MAX,
  REPLIES_KEPT,
  REPLIES_KEPT_SIZE_MAX,
  REQUESTS_WAITING_MAX,
} from "./client_packets.ts";
import { KeptPackets } from "./kept_packets.ts";
import type { PlayerAnswer } from "./player_router.ts";
import type { Binding } from "./session_table.ts";

const RESUME_TOKEN_SIZE = 32;

type Request = Extract<ClientPacket, { readonly kind: "request" }>;

export type SessionEffect =
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "execute"; readonly request: Request }
  /** The session ends. */
  | { readonly kind: "fault"; readonly code: CloseCode; readonly detail: string };

export type ResumeResult =
  | { readonly kind: "resumed"; readonly again: readonly Uint8Array[] }
  | { readonly kind: "wrong_token" }
  /** What the player lacks is not kept any more, or was never sent. */
  | { readonly kind: "gone"; readonly detail: string };

export class PlayerSession {
  readonly binding: Binding;
  readonly #random: Random;
  readonly #replies = new KeptPackets({ countMax: REPLIES_KEPT, sizeMax: REPLIES_KEPT_SIZE_MAX });
  readonly #pushes = new KeptPackets({ countMax: PUSHES_KEPT_MAX, sizeMax: PUSHES_KEPT_SIZE_MAX });
  readonly #waiting: Request[] = [];
  /** Any of them resumes, once; then there are new ones. Two while the player may not have heard of the newer. */
  #resumeTokens: string[] = [];
  #received = 0;
  #answered = 0;
  #pushSeq = 0;

  constructor(options: { readonly binding: Binding; readonly random: Random }) {
    this.binding = options.binding;
    this.#random = options.random;
    this.renew();
  }

  /** Up to which request all are answered. */
  get answered(): number {
    return this.#answered;
  }
  /** A request is under way. */
  get isBusy(): boolean {
    return this.#received > this.#answered;
  }
  get waitingCount(): number {
    return this.#waiting.length;
  }
  get resumeToken(): string {
    return this.#resumeTokens.at(-1) ?? "";
  }

  /** Draws a new token; the one before it stays good until either is used. */
  renew(): string {
    this.#resumeTokens = [...this.#resumeTokens.slice(-1), toHex(this.#random.bytes(RESUME_TOKEN_SIZE))];
    return this.resumeToken;
  }

  /** `again`: pushes that the player lacks. A wrong token changes nothing. */
  resume(token: string, ackedPush: number): ResumeResult {
    if (!this.#resumeTokens.some((each) => isEqual(each, token))) return { kind: "wrong_token" };
    if (ackedPush > this.#pushSeq) {
      return { kind: "gone", detail: `push ${ackedPush} was acknowledged, the last one is ${this.#pushSeq}` };
    }
    if (ackedPush < this.#pushes.droppedUpTo) {
      return { kind: "gone", detail: `push ${ackedPush + 1} is not kept any more` };
    }
    this.#resumeTokens = [];
    this.renew();
    this.#pushes.forget(ackedPush);
    return { kind: "resumed", again: this.#pushes.all() };
  }

  request(request: Request): SessionEffect[] {
    const { seq } = request;
    if (seq <= this.#answered) return [{ kind: "send", bytes: this.#replies.get(seq) ?? this.#notKept(seq) }];
    // Under way or waiting: it is answered once.
    if (seq <= this.#received) return [];
    if (seq !== this.#received + 1) {
      return [fault("out_of_order", `request ${seq} came, expected is ${this.#received + 1}`)];
    }
    const mayStart = !this.isBusy;
    if (!mayStart && this.#waiting.length >= REQUESTS_WAITING_MAX) {
      return [fault("too_fast", `${this.#waiting.length + 1} requests wait, limit is ${REQUESTS_WAITING_MAX}`)];
    }
    this.#received = seq;
    if (mayStart) return [{ kind: "execute", request }];
    this.#waiting.push(request);
    return [];
  }

  /** The answer of the request that is under way. */
  finish(answer: PlayerAnswer): SessionEffect[] {
    const seq = this.#answered + 1;
    const bytes = answerBytes(seq, answer);
    this.#answered = seq;
    this.#replies.add(seq, bytes);
    const next = this.#waiting.shift();
    const sent: SessionEffect = { kind: "send", bytes };
    return next === undefined ? [sent] : [sent, { kind: "execute", request: next }];
  }

  /** Throws what the codec throws when the body is not plain or too large. */
  push(type: string, body: unknown): SessionEffect[] {
    const pushSeq = this.#pushSeq + 1;
    const bytes = encodeServerPacket({ kind: "push", pushSeq, type, body });
    this.#pushSeq = pushSeq;
    this.#pushes.add(pushSeq, bytes);
    return [{ kind: "send", bytes }];
  }

  ack(pushSeq: number): SessionEffect[] {
    if (pushSeq > this.#pushSeq) {
      return [fault("out_of_order", `push ${pushSeq} was acknowledged, the last one is ${this.#pushSeq}`)];
    }
    this.#pushes.forget(pushSeq);
    return [];
  }

  #notKept(seq: number): Uint8Array {
    const detail = `the answer to request ${seq} is not kept any more, the last ${REPLIES_KEPT} are`;
    return encodeServerPacket({ kind: "error", seq, code: "FAILED", detail, executed: null });
  }
}

function answerBytes(seq: number, answer: PlayerAnswer): Uint8Array {
  try {
    return encodeServerPacket(answerPacket(seq, answer));
  } catch (error) {
    // The body is not plain or too large: the handler's bug, but what it did is done.
    return encodeServerPacket({ kind: "error", seq, code: "INVALID", detail: messageOf(error), executed: true });
  }
}

function answerPacket(seq: number, answer: PlayerAnswer): ServerPacket {
  if (answer.kind === "reply") return { kind: "reply", seq, body: answer.body };
  const { code, detail, executed } = answer;
  return { kind: "error", seq, code, detail, executed };
}

function fault(code: CloseCode, found: string): SessionEffect {
  return { kind: "fault", code, detail: found };
}

function isEqual(a: string, b: string): boolean {
  const encoder = new TextEncoder();
  return equalConstantTime(encoder.encode(a), encoder.encode(b));
}
