import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { Server } from "#rpc/server.ts";
import type { Log } from "#base/log.ts";
import { FLAG_RAW, Kind, Offset, copyBody, encodeFrame, joinParts, readU32 } from "#wire/header.ts";
import { identity } from "#wire/identity.ts";
import { nodeKey } from "#wire/role.ts";
import { FakeClock } from "../link/fake_clock.ts";

const QUIET: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const ECHO = { id: 2000, name: "test.echo" };

function callFrame(callId: number, body: Uint8Array): Uint8Array {
  const header = {
    kind: Kind.call,
    source: nodeKey("center", 1),
    target: nodeKey("user", 101),
    callerTag: 1,
    callId,
    deadlineMs: 1000,
    method: ECHO.id,
    flags: FLAG_RAW,
  };
  return encodeFrame(header, body);
}

function makeServer(send: (header: Uint8Array, body: Uint8Array) => void): Server {
  const server = new Server({
    self: identity({ role: "user", number: 101, shard: 1, boot: "0".repeat(32), startedAtMs: 0 }),
    clock: new FakeClock(),
    counters: new Counters(),
    log: QUIET,
    send: (header, body) => {
      send(header, body);
      return { kind: "local" };
    },
  });
  server.serveRaw(ECHO, (body) => body);
  return server;
}

describe("Server: the buffer of answers", () => {
  test("an answer that begins while another is being sent does not write over it", () => {
    const sent: { callId: number; body: Uint8Array }[] = [];
    const server = makeServer((header, answer) => {
      const isFirst = sent.length === 0;
      sent.push({ callId: 0, body: new Uint8Array(0) });
      const place = sent.length - 1;
      if (isFirst) server.receive(callFrame(2, new Uint8Array(8).fill(2)), 0);
      sent[place] = { callId: readU32(header, Offset.callId), body: answer.slice() };
    });
    server.receive(callFrame(1, new Uint8Array(8).fill(1)), 0);
    expect(sent).toEqual([
      { callId: 1, body: new Uint8Array(8).fill(1) },
      { callId: 2, body: new Uint8Array(8).fill(2) },
    ]);
  });

  test("a short answer after a long one, and one that is longer than a segment, are whole", () => {
    const bodies: Uint8Array[] = [];
    const server = makeServer((header, body) => bodies.push(copyBody(joinParts(header, body), 0)));
    const wanted = [1000, 3, 200_000, 5].map((size, index) => new Uint8Array(size).fill(index + 1));
    for (const [index, body] of wanted.entries()) server.receive(callFrame(index, body), 0);
    expect(bodies).toEqual(wanted);
  });
});
