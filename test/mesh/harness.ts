/**
 * Fakes that the tests of mesh, rpc and session share: identities, links that record what is sent, frames in
 * words, and a manual clock.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Log, LogData } from "#base/log.ts";
import type { CloseReason, LinkRelation, PeerLink, SendClass, SendResult } from "#link/link_port.ts";
import type { Router, SendOutcome } from "#mesh/router.ts";
import { conventionalShard } from "#mesh/shard_of.ts";
import { decodeCallError } from "#wire/call_error.ts";
import type { CallErrorBody } from "#wire/call_error.ts";
import type { Header } from "#wire/header.ts";
import {
  Kind,
  Offset,
  encodeFrame,
  frameBody,
  frameKind,
  frameSize,
  joinParts,
  kindName,
  readU16,
  readU32,
  sourceKey,
  targetKey,
} from "#wire/header.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import { HEADER_SIZE } from "#wire/limits.ts";
import type { NodeId, NodeKey, Role } from "#wire/role.ts";
import { NUMBER_EVERY, idOfKey, nodeKey, parseNodeId } from "#wire/role.ts";

/** A node by its id; its shard is the convention's, its boot is made of its id. */
export function node(
  id: string,
  of: { readonly shard?: number; readonly boot?: string; readonly startedAtMs?: number } = {},
): Identity {
  const parsed = parseNodeId(id);
  if (parsed === undefined) throw new TypeError(`no node id: ${id}`);
  const { role, number } = parsed;
  const key = nodeKey(role, number);
  return identity({
    role,
    number,
    shard: of.shard ?? conventionalShard(key),
    boot: boot(of.boot ?? id),
    startedAtMs: of.startedAtMs ?? 1000,
  });
}

/** 32 hex digits that differ for different texts. */
export function boot(text: string): string {
  let out = "";
  for (const char of text) out += char.charCodeAt(0).toString(16).padStart(2, "0");
  return out.padStart(32, "0").slice(-32);
}

export function key(id: string): NodeKey {
  return node(id).key;
}

export function every(role: Role): NodeKey {
  return nodeKey(role, NUMBER_EVERY);
}

let serials = 0;

/** A link that records what is sent on it. */
export class FakeLink implements PeerLink {
  readonly serial: number;
  readonly peer: Identity;
  readonly relation: LinkRelation;
  readonly upSinceMs = 0;
  readonly heartbeatMs = 1000;
  isUp = true;
  receivedSize = 0;
  rttMs: number | undefined;
  clusterOffsetMs: number | undefined;
  dataQueuedSize = 0;
  dataWrittenSize = 0;
  /** What `send` answers, by class. */
  may: SendResult = "ok";
  must: SendResult = "ok";
  readonly sent: { readonly frame: Uint8Array; readonly as: SendClass }[] = [];
  /** Called with a copy of each frame that was taken. */
  onSend: ((frame: Uint8Array) => void) | undefined;
  closedFor: CloseReason | undefined;

  constructor(peer: string | Identity, relation: LinkRelation) {
    serials += 1;
    this.serial = serials;
    this.peer = typeof peer === "string" ? node(peer) : peer;
    this.relation = relation;
  }

  send(buffer: Uint8Array, offset: number, as: SendClass): SendResult {
    const result = this.isUp ? this[as] : "closed";
    if (result !== "ok") return result;
    const frame = buffer.slice(offset, offset + frameSize(buffer, offset));
    this.sent.push({ frame, as });
    this.dataQueuedSize += frame.length;
    this.onSend?.(frame);
    return "ok";
  }

  sendParts(header: Uint8Array, body: Uint8Array, as: SendClass): SendResult {
    return this.send(joinParts(header, body), 0, as);
  }

  /** All that was sent has left. */
  flush(): void {
    this.dataWrittenSize = this.dataQueuedSize;
  }

  syncReady(): void {}

  close(reason: CloseReason): void {
    this.isUp = false;
    this.closedFor = reason;
  }

  /** What was sent since the last time, in words. */
  take(): ReadFrame[] {
    return this.sent.splice(0).map(({ frame }) => read(frame));
  }
}

/** A frame that begins at the router's own node. */
export function sendWhole(router: Pick<Router, "send">, bytes: Uint8Array): SendOutcome {
  return router.send(bytes.subarray(0, HEADER_SIZE), bytes.subarray(HEADER_SIZE));
}

export interface ReadFrame {
  readonly kind: string;
  readonly from: NodeId;
  /** `role:every` for a group. */
  readonly to: string;
  readonly shard: number;
  readonly callerTag: number;
  readonly callId: number;
  readonly deadlineMs: number;
  readonly method: number;
  readonly hops: number;
  readonly flags: number;
  readonly body: Uint8Array;
}

export function read(buffer: Uint8Array, offset = 0): ReadFrame {
  const target = targetKey(buffer, offset);
  return {
    kind: kindName(frameKind(buffer, offset)) ?? "unknown",
    from: idOfKey(sourceKey(buffer, offset)),
    to: idOfKey(target).replace(String(NUMBER_EVERY), "every"),
    shard: readU32(buffer, offset + Offset.targetShard),
    callerTag: readU32(buffer, offset + Offset.callerTag),
    callId: readU32(buffer, offset + Offset.callId),
    deadlineMs: readU32(buffer, offset + Offset.deadlineMs),
    method: readU16(buffer, offset + Offset.method),
    hops: buffer[offset + Offset.hops] ?? -1,
    flags: buffer[offset + Offset.flags] ?? -1,
    body: frameBody(buffer, offset).slice(),
  };
}

/** What the error frame says. */
export function errorOf(frame: ReadFrame | undefined): CallErrorBody | undefined {
  return frame?.kind === "error" ? decodeCallError(frame.body) : undefined;
}

export interface FrameSpec extends Omit<Header, "kind" | "source" | "target"> {
  readonly kind?: "call" | "cast" | "reply" | "error";
  readonly from: string | NodeKey;
  readonly to: string | NodeKey;
  readonly body?: Uint8Array;
}

export function frame(spec: FrameSpec): Uint8Array {
  const { kind = "call", from, to, body, ...rest } = spec;
  return encodeFrame(
    {
      ...rest,
      kind: Kind[kind],
      source: typeof from === "string" ? key(from) : from,
      target: typeof to === "string" ? key(to) : to,
    },
    body ?? new Uint8Array(0),
  );
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly fn: () => void;
}

/** A clock that stands still until the test moves it. `soon` runs before anything that is due later. */
export class FakeClock implements Clock {
  /** Added to the monotonic time. */
  wallOffsetMs = 0;
  #nowMs: number;
  #order = 0;
  readonly #due = new Set<Due>();

  constructor(startMs = 0) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs + this.wallOffsetMs;
  }

  after(delayMs: number, fn: () => void): Timer {
    const due = { atMs: this.#nowMs + Math.max(0, delayMs), order: (this.#order += 1), fn };
    this.#due.add(due);
    return { cancel: () => void this.#due.delete(due) };
  }

  afterPoll(fn: () => void): void {
    this.after(0, fn);
  }

  soon(fn: () => void): void {
    this.after(0, fn);
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#due.size;
  }

  /** Runs what comes due on the way, each at its own time. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (let due = this.#first(untilMs); due !== undefined; due = this.#first(untilMs)) {
      this.#due.delete(due);
      this.#nowMs = Math.max(this.#nowMs, due.atMs);
      due.fn();
    }
    this.#nowMs = untilMs;
  }

  /** Time passes and nothing runs: the process stood still. */
  freeze(ms: number): void {
    this.#nowMs += ms;
  }

  /** As `advance`, in steps of `stepMs`, letting promises go on in between. */
  async run(ms: number, stepMs = 1): Promise<void> {
    await settle();
    for (let left = ms; left > 0; left -= stepMs) {
      this.advance(Math.min(stepMs, left));
      await settle();
    }
  }

  #first(untilMs: number): Due | undefined {
    let best: Due | undefined;
    for (const due of this.#due) {
      if (due.atMs > untilMs) continue;
      if (best === undefined || due.atMs < best.atMs || (due.atMs === best.atMs && due.order < best.order)) best = due;
    }
    return best;
  }
}

/** Lets all promises that can go on do so. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

export interface LogLine {
  readonly level: string;
  readonly phrase: string;
  readonly data: LogData | undefined;
}

/** A log that keeps its lines. */
export function recordingLog(): { readonly log: Log; readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (phrase: string, data?: LogData): void =>
      void lines.push({ level, phrase, data });
  return { log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") }, lines };
}
