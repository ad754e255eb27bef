import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import {
  Kind,
  Offset,
  encodeFrame,
  frameBody,
  frameKind,
  frameSize,
  isRouted,
  kindName,
  readU16,
  readU32,
  sourceKey,
  targetKey,
  writeHeader,
  writeU16,
  writeU32,
} from "#wire/header.ts";
import type { KindName } from "#wire/header.ts";
import { FRAME_SIZE_MIN, HEADER_SIZE, HOPS_START } from "#wire/limits.ts";
import { NUMBER_EVERY, nodeKey, wireKey } from "#wire/role.ts";
import { FRAMES } from "./vectors.ts";

describe("header", () => {
  test("a frame written by hand from the layout reads as what it says", () => {
    const frame = fromHex(
      [
        "00000027",
        "4b46",
        "01",
        "21",
        "0003",
        "0006",
        "00000003",
        "00000005",
        "00000007",
        "a1b2c3d4",
        "fffffffe",
        "000007d0",
        "0400",
        "06",
        "01",
        "c0ffee",
      ].join(""),
    );
    expect(frameSize(frame, 0)).toBe(frame.length);
    expect(frameKind(frame, 0)).toBe(Kind.call);
    expect(sourceKey(frame, 0)).toBe(nodeKey("center", 3));
    expect(targetKey(frame, 0)).toBe(nodeKey("cross_center", 5));
    expect(readU32(frame, Offset.targetShard)).toBe(7);
    expect(readU32(frame, Offset.callerTag)).toBe(0xa1b2c3d4);
    expect(readU32(frame, Offset.callId)).toBe(0xffff_fffe);
    expect(readU32(frame, Offset.deadlineMs)).toBe(2000);
    expect(readU16(frame, Offset.method)).toBe(1024);
    expect([frame[Offset.hops], frame[Offset.flags]]).toEqual([6, 1]);
    expect(toHex(frameBody(frame, 0))).toBe("c0ffee");
    const written = encodeFrame(
      {
        kind: Kind.call,
        source: nodeKey("center", 3),
        target: nodeKey("cross_center", 5),
        targetShard: 7,
        callerTag: 0xa1b2c3d4,
        callId: 0xffff_fffe,
        deadlineMs: 2000,
        method: 1024,
        hops: 6,
        flags: 1,
      },
      fromHex("c0ffee"),
    );
    expect(toHex(written)).toBe(toHex(frame));
  });

  for (const vector of FRAMES) {
    test(`vector "${vector.name}": read field by field, and written back byte for byte`, () => {
      const frame = fromHex(vector.hex);
      const fields = vector.header;
      expect(frame.length).toBe(fields.size + 4);
      expect(frameKind(frame, 0)).toBe(fields.kind);
      expect(sourceKey(frame, 0)).toBe(wireKey(fields.sourceRole, fields.sourceNumber));
      expect(targetKey(frame, 0)).toBe(wireKey(fields.targetRole, fields.targetNumber));
      expect(toHex(frameBody(frame, 0))).toBe(vector.body);
      const kind = Kind[kindName(fields.kind) as KindName];
      const header = {
        ...fields,
        kind,
        source: wireKey(fields.sourceRole, fields.sourceNumber),
        target: wireKey(fields.targetRole, fields.targetNumber),
      };
      expect(toHex(encodeFrame(header, fromHex(vector.body)))).toBe(vector.hex);
    });
  }

  test("is written in place at any offset, and touches nothing around it", () => {
    const buffer = new Uint8Array(HEADER_SIZE + 20).fill(0xee);
    writeHeader(buffer, 7, {
      header: { kind: Kind.cast, source: nodeKey("user", 1), target: nodeKey("map", NUMBER_EVERY) },
      bodySize: 5,
    });
    expect(buffer.subarray(0, 7).every((byte) => byte === 0xee)).toBe(true);
    expect(buffer.subarray(7 + HEADER_SIZE).every((byte) => byte === 0xee)).toBe(true);
    expect(readU32(buffer, 7)).toBe(FRAME_SIZE_MIN + 5);
    expect(targetKey(buffer, 7)).toBe(nodeKey("map", NUMBER_EVERY));
    expect(buffer[7 + Offset.hops]).toBe(HOPS_START);
    for (const offset of [Offset.targetShard, Offset.callerTag, Offset.callId, Offset.deadlineMs])
      expect(readU32(buffer, 7 + offset)).toBe(0);
  });

  test("integers of 16 and 32 bits come back, with the high bit too", () => {
    const buffer = new Uint8Array(6);
    for (const value of [0, 1, 0xff, 0x7fff, 0x8000, 0xffff]) {
      writeU16(buffer, 1, value);
      expect(readU16(buffer, 1)).toBe(value);
    }
    for (const value of [0, 1, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
      writeU32(buffer, 1, value);
      expect(readU32(buffer, 1)).toBe(value);
    }
  });

  test("kinds have the numbers that the protocol gives them, and four of them are routed", () => {
    expect(Kind).toEqual({
      hello: 1,
      challenge: 2,
      proof: 3,
      welcome: 4,
      refuse: 5,
      ping: 6,
      pong: 7,
      goodbye: 8,
      sync: 16,
      cast: 32,
      call: 33,
      reply: 34,
      error: 35,
    });
    const routed = Array.from({ length: 256 }, (_, kind) => kind).filter(isRouted);
    expect(routed).toEqual([Kind.cast, Kind.call, Kind.reply, Kind.error]);
    const known = Array.from({ length: 256 }, (_, kind) => kind).filter((kind) => kindName(kind) !== undefined);
    expect(known).toEqual(Object.values(Kind).toSorted((a, b) => a - b));
  });
});
