import { describe, expect, test } from "#test";
import { AssertionError } from "#base/assert.ts";
import { fromHex, toHex } from "#base/digest.ts";
import { seededRandom } from "#base/random.ts";
import { BODY_SIZE_MAX, TOPICS_MAX, TOPIC_NAME_SIZE_MAX, TOPIC_SIZE_MAX } from "#wire/limits.ts";
import { nodeKey } from "#wire/role.ts";
import { REPORTS_PER_FRAME_MAX, ROUTE_SIZE_MAX, SyncMethod, decodeSync, encodeSync } from "#wire/sync_message.ts";
import type { SyncMessage, Version } from "#wire/sync_message.ts";
import { SYNC } from "./vectors.ts";
import { plainMessage } from "./vectors/make_sync.ts";

const version: Version = { epoch: 1, revision: 2, hash: "0123456789abcdef" };
const longName = (index: number): string => `${index}`.padEnd(TOPIC_NAME_SIZE_MAX, "x");

function roundTrip(message: SyncMessage): void {
  const { method, body } = encodeSync(message);
  expect(body.length).toBeLessThanOrEqual(BODY_SIZE_MAX);
  expect(decodeSync(method, body)).toEqual(message);
}

describe("sync messages", () => {
  for (const vector of SYNC) {
    test(`vector "${vector.name}"`, () => {
      const message = decodeSync(vector.method, fromHex(vector.body));
      expect(message === undefined ? null : plainMessage(message)).toEqual(vector.message);
      if (message === undefined || vector.name.includes("ignored")) return;
      const written = encodeSync(message);
      expect([written.method, toHex(written.body)]).toEqual([vector.method, vector.body]);
    });
  }

  test("cut at any byte, or with one more, they are refused and never throw", () => {
    const good = SYNC.filter((one) => one.message !== null);
    expect(good.length).toBeGreaterThan(10);
    for (const vector of good) {
      const body = fromHex(vector.body);
      for (let cut = 0; cut < body.length; cut += 1)
        expect(decodeSync(vector.method, body.slice(0, cut))).toBeUndefined();
      expect(decodeSync(vector.method, Uint8Array.of(...body, 0))).toBeUndefined();
    }
  });

  test("any bytes under any method give a message or undefined", () => {
    const random = seededRandom(4);
    let accepted = 0;
    for (let round = 0; round < 5000; round += 1) {
      const body = random.bytes(Math.floor(random.unit() * 60));
      if (decodeSync(round % 9, body) !== undefined) accepted += 1;
    }
    expect(accepted).toBeLessThan(5000);
  });

  test("the largest of each kind fits into one frame and comes back", () => {
    const entries = Array.from({ length: TOPICS_MAX }, (_, index) => ({ topic: longName(index), version }));
    roundTrip({ kind: "list", entries });
    roundTrip({ kind: "want", topics: entries.map((entry) => entry.topic) });
    const claims = [version, { ...version, hash: "ffffffffffffffff" }];
    const reports = Array.from({ length: REPORTS_PER_FRAME_MAX }, (_, index) => ({
      topic: longName(index),
      reporter: nodeKey("map", 7),
      claims,
    }));
    roundTrip({ kind: "report", reports });
    roundTrip({
      kind: "snapshot",
      snapshot: { topic: longName(1), version, tombstone: false, bytes: new Uint8Array(TOPIC_SIZE_MAX).fill(7) },
    });
    roundTrip({ kind: "route", topic: longName(1), hops: 255, bytes: new Uint8Array(ROUTE_SIZE_MAX).fill(7) });
  });

  test("writing more than the limits is a bug of the writer", () => {
    const entry = { topic: "x", version };
    const bad: readonly SyncMessage[] = [
      { kind: "list", entries: Array.from({ length: TOPICS_MAX + 1 }, () => entry) },
      { kind: "list", entries: [{ topic: "", version }] },
      { kind: "list", entries: [{ topic: `${longName(0)}x`, version }] },
      { kind: "list", entries: [{ topic: "x", version: { ...version, hash: "01" } }] },
      { kind: "want", topics: Array.from({ length: TOPICS_MAX + 1 }, () => "x") },
      { kind: "snapshot", snapshot: { ...entry, tombstone: false, bytes: new Uint8Array(TOPIC_SIZE_MAX + 1) } },
      { kind: "report", reports: [{ topic: "x", reporter: nodeKey("map", 1), claims: [] }] },
      { kind: "report", reports: [{ topic: "x", reporter: nodeKey("map", 1), claims: [version, version, version] }] },
      { kind: "route", topic: "x", hops: 0, bytes: new Uint8Array(ROUTE_SIZE_MAX + 1) },
      { kind: "withdraw", topic: "跨".repeat(43) },
    ];
    for (const message of bad) expect(() => encodeSync(message)).toThrow(AssertionError);
  });

  test("reading one more than each limit is refused even when the bytes are there", () => {
    const changed = (message: SyncMessage, at: number, bytes: string, more: number): Uint8Array => {
      const { body } = encodeSync(message);
      const out = new Uint8Array(body.length + more);
      out.set(body);
      out.set(fromHex(bytes), at);
      return out;
    };
    const snapshot: SyncMessage = {
      kind: "snapshot",
      snapshot: { topic: "x", version, tombstone: false, bytes: new Uint8Array(TOPIC_SIZE_MAX) },
    };
    expect(decodeSync(SyncMethod.snapshot, changed(snapshot, 19, "00040001", 1))).toBeUndefined();
    const route: SyncMessage = { kind: "route", topic: "x", hops: 0, bytes: new Uint8Array(ROUTE_SIZE_MAX) };
    expect(decodeSync(SyncMethod.route, changed(route, 3, "000fa001", 1))).toBeUndefined();
  });

  test("what is decoded does not share the frame's memory", () => {
    const { method, body } = encodeSync({ kind: "route", topic: "x", hops: 0, bytes: Uint8Array.of(1, 2, 3) });
    const message = decodeSync(method, body);
    body.fill(0);
    expect(message).toEqual({ kind: "route", topic: "x", hops: 0, bytes: Uint8Array.of(1, 2, 3) });
  });
});
