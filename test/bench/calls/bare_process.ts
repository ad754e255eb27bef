/**
 * The two yardsticks, with the processes and bytes of a routed call: a relay between a client and a server.
 *
 *   bare_process.ts pipe                  listens twice, passes on what comes on one socket to the other, unread
 *   bare_process.ts relay                 the same frame by frame: finds the other end in a map, copies the frame there
 *   bare_process.ts echo PORT             sends everything back, unread
 *   bare_process.ts server PORT           sends every frame back, one by one
 *   bare_process.ts rpc_server PORT       a promise per call, nothing checked
 *   bare_process.ts client PORT           frames without promises or checks
 *   bare_process.ts rpc_client PORT       a promise per call in a map, nothing checked
 */

import { HEADER_SIZE } from "#wire/limits.ts";
import { answers } from "../answers.ts";
import { Histogram } from "../stats.ts";
import type { BareSocket } from "./bare_socket.ts";
import { Batch, dialBare, listenBare, readU32, splitFrames, writeU32 } from "./bare_socket.ts";
import type { Cell, CellResult } from "./load.ts";
import { resultOf, runLoad } from "./load.ts";

/** Where Kuafu's header has it. */
const CALL_ID_AT = 28;

const [what, port] = process.argv.slice(2);
const ends = new Map<number, End>();

switch (what) {
  case "pipe":
    relay((_from, to) => (chunk) => to()?.bare.write(chunk));
    break;
  case "relay":
    relay(frameRelay);
    break;
  case "echo": {
    const bare = await dialBare(Number(port));
    bare.onChunk = (chunk) => bare.write(chunk);
    answers(() => ({}));
    break;
  }
  case "server": {
    const bare = await dialBare(Number(port));
    const batch = new Batch(bare);
    const split = splitFrames((bytes, at, end) => copyFrame(batch, bytes, at, end));
    bare.onChunk = (chunk) => {
      split(chunk);
      batch.flush();
    };
    answers(() => ({}));
    break;
  }
  case "client": {
    const run = frameClient(await dialBare(Number(port)));
    answers<{ readonly cell: Cell }>(({ cell }) => run(cell));
    break;
  }
  case "rpc_server":
    serve(await dialBare(Number(port)), async (body) => body);
    answers(() => ({}));
    break;
  case "rpc_client": {
    const call = promiseClient(await dialBare(Number(port)));
    answers<{ readonly cell: Cell }>(({ cell }) => {
      const body = new Uint8Array(cell.size).fill(7);
      return runLoad(() => call(body), cell);
    });
    break;
  }
  default:
    throw new Error(`Cannot run ${what}: it is no part of this benchmark`);
}

interface End {
  readonly bare: BareSocket;
  readonly batch: Batch;
}

type Way = (from: number, to: () => End | undefined) => (chunk: Uint8Array) => void;

function relay(way: Way): void {
  const listen = (own: number): number =>
    listenBare((bare) => {
      ends.set(own, { bare, batch: new Batch(bare) });
      bare.onChunk = way(own, () => ends.get(1 - own));
    });
  const ports = [listen(0), listen(1)];
  answers(() => ({ ports }));
}

function frameRelay(_from: number, to: () => End | undefined): (chunk: Uint8Array) => void {
  const split = splitFrames((bytes, at, end) => {
    const other = to();
    if (other !== undefined) copyFrame(other.batch, bytes, at, end);
  });
  return (chunk) => {
    split(chunk);
    to()?.batch.flush();
  };
}

function copyFrame(batch: Batch, bytes: Uint8Array, at: number, end: number): void {
  const out = batch.room(end - at);
  batch.bytes.set(bytes.subarray(at, end), out);
}

/** Each reply that comes in sends the next frame: no promise, no map, one write per chunk. */
function frameClient(bare: BareSocket): (cell: Cell) => Promise<CellResult> {
  return (cell) =>
    new Promise((resolve) => {
      const size = HEADER_SIZE + cell.size;
      const histogram = new Histogram();
      const startedMs = new Float64Array(cell.inFlight);
      const batch = new Batch(bare);
      const startMs = performance.now();
      const untilMs = startMs + cell.durationMs;
      let inFlight = cell.inFlight;
      const send = (slot: number, nowMs: number): void => {
        const at = batch.room(size);
        writeU32(batch.bytes, at, size - 4);
        writeU32(batch.bytes, at + CALL_ID_AT, slot);
        startedMs[slot] = nowMs;
      };
      const split = splitFrames((bytes, at) => {
        const slot = readU32(bytes, at + CALL_ID_AT);
        const nowMs = performance.now();
        histogram.add((nowMs - (startedMs[slot] as number)) * 1000);
        if (nowMs < untilMs) send(slot, nowMs);
        else if ((inFlight -= 1) === 0) resolve(resultOf(histogram, nowMs - startMs));
      });
      bare.onChunk = (chunk) => {
        split(chunk);
        batch.flush();
      };
      for (let slot = 0; slot < cell.inFlight; slot += 1) send(slot, startMs);
      batch.flush();
    });
}

function promiseClient(bare: BareSocket): (body: Uint8Array) => Promise<Uint8Array> {
  const pending = new Map<number, (reply: Uint8Array) => void>();
  const batch = new Batch(bare);
  let lastId = 0;
  bare.onChunk = splitFrames((bytes, at, end) => {
    const id = readU32(bytes, at + CALL_ID_AT);
    const resolve = pending.get(id);
    pending.delete(id);
    resolve?.(bytes.slice(at + HEADER_SIZE, end));
  });
  return (body) =>
    new Promise((resolve) => {
      lastId = (lastId + 1) >>> 0;
      pending.set(lastId, resolve);
      write(batch, lastId, body);
    });
}

function serve(bare: BareSocket, handler: (body: Uint8Array) => Promise<Uint8Array>): void {
  const batch = new Batch(bare);
  bare.onChunk = splitFrames((bytes, at, end) => {
    const id = readU32(bytes, at + CALL_ID_AT);
    const body = bytes.slice(at + HEADER_SIZE, end);
    void (async () => write(batch, id, await handler(body)))();
  });
}

function write(batch: Batch, id: number, body: Uint8Array): void {
  const size = HEADER_SIZE + body.length;
  const at = batch.room(size);
  writeU32(batch.bytes, at, size - 4);
  writeU32(batch.bytes, at + CALL_ID_AT, id);
  batch.bytes.set(body, at + HEADER_SIZE);
}
