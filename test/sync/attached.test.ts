import { describe, expect, test } from "#test";
import { decodeApplied, encodeApplied } from "#sync/applied.ts";
import { decodeAttached, encodeAttached } from "#sync/attached.ts";
import { ATTACHED_MAX } from "#wire/limits.ts";
import { wireKey } from "#wire/role.ts";
import { ROUTE_SIZE_MAX } from "#wire/sync_message.ts";
import { node } from "./kit.ts";

describe("attached", () => {
  const nodes = [node("gateway", 3, 0xabc), node("center", 3), node("user", 301), node("map", 302)];

  test("comes back as it went, the gateway first", () => {
    expect(decodeAttached(encodeAttached(nodes))).toEqual(nodes);
  });

  test("has the layout of its header comment", () => {
    const bytes = encodeAttached([node("gateway", 3, 0xabc)]);
    expect(bytes.length).toBe(2 + 34);
    expect([...bytes.subarray(0, 12)]).toEqual([0, 1, 0, 1, 0, 0, 0, 3, 0, 0, 0, 3]);
    expect([...bytes.subarray(26)]).toEqual([0x0a, 0xbc, 0, 0, 0, 0, 0, 0, 0x03, 0xe8]);
  });

  test("refuses every prefix, left-over bytes and an empty list", () => {
    const bytes = encodeAttached(nodes);
    for (let size = 0; size < bytes.length; size += 1) expect(decodeAttached(bytes.subarray(0, size))).toBeUndefined();
    expect(decodeAttached(Uint8Array.from([...bytes, 0]))).toBeUndefined();
    expect(decodeAttached(Uint8Array.from([0, 0]))).toBeUndefined();
  });

  test("skips a role that it does not know, unless it is the gateway's", () => {
    const unknown = (index: number): Uint8Array => {
      const bytes = encodeAttached(nodes);
      bytes[2 + index * 34 + 1] = 200;
      return bytes;
    };
    expect(decodeAttached(unknown(2))).toEqual(nodes.filter((_, index) => index !== 2));
    expect(decodeAttached(unknown(0))).toBeUndefined();
  });

  test("fits into a frame at its limit and refuses more", () => {
    const many = Array.from({ length: ATTACHED_MAX }, (_, index) => node("map", index + 1));
    const bytes = encodeAttached(many);
    expect(bytes.length).toBeLessThanOrEqual(ROUTE_SIZE_MAX);
    expect(decodeAttached(bytes)?.length).toBe(ATTACHED_MAX);
    expect(() => encodeAttached([...many, node("gateway", 1)])).toThrow();
    bytes[0] = 0xff;
    expect(decodeAttached(bytes)).toBeUndefined();
  });
});

describe("applied", () => {
  const applied = {
    digest: 0xfedc_ba98_7654_3210n,
    exceptions: [
      { node: node("center", 3).key, digest: 7n, sinceMs: 1_700_000_000_000 },
      { node: wireKey(200, 9), digest: 0n, sinceMs: 0 },
    ],
  };

  test("comes back as it went", () => {
    expect(decodeApplied(encodeApplied(applied))).toEqual(applied);
    expect(decodeApplied(encodeApplied({ digest: 0n, exceptions: [] }))).toEqual({ digest: 0n, exceptions: [] });
  });

  test("refuses every prefix and left-over bytes", () => {
    const bytes = encodeApplied(applied);
    for (let size = 0; size < bytes.length; size += 1) expect(decodeApplied(bytes.subarray(0, size))).toBeUndefined();
    expect(decodeApplied(Uint8Array.from([...bytes, 0]))).toBeUndefined();
  });
});
