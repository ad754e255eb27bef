import { describe, expect, test } from "#test";
import { AssertionError } from "#base/assert.ts";
import { toHex } from "#base/digest.ts";
import { ByteReader, ByteWriter } from "#wire/bytes.ts";

describe("ByteWriter", () => {
  test("writes integers big-endian and text behind its length", () => {
    const bytes = new ByteWriter()
      .u8(0xab)
      .u16(0x0102)
      .u32(0xfffefdfc)
      .u64(0x0102030405060708n)
      .ms(256)
      .text8("é")
      .text16("x")
      .finish();
    expect(toHex(bytes)).toBe("ab0102fffefdfc0102030405060708000000000000010002c3a9000178");
  });

  test("keeps every byte when it grows, whichever write makes it grow", () => {
    const writes: readonly ((writer: ByteWriter) => ByteWriter)[] = [
      (writer) => writer.u8(0x5a),
      (writer) => writer.u16(0x5a5a),
      (writer) => writer.u32(0x5a5a5a5a),
      (writer) => writer.u64(0x5a5a5a5a5a5a5a5an),
      (writer) => writer.bytes(new Uint8Array(300).fill(0x5a)),
      (writer) => writer.fixed(new Uint8Array(16).fill(0x5a), 16),
    ];
    for (const write of writes) {
      for (let before = 240; before <= 260; before += 1) {
        const writer = write(new ByteWriter().bytes(new Uint8Array(before).fill(0x11)));
        const bytes = writer.u8(0x77).finish();
        expect(bytes.length).toBe(writer.size);
        expect(bytes.subarray(0, before).every((byte) => byte === 0x11)).toBe(true);
        expect(bytes.subarray(before, -1).every((byte) => byte === 0x5a)).toBe(true);
        expect(bytes.at(-1)).toBe(0x77);
      }
    }
  });

  test("grows to large sizes byte by byte", () => {
    const writer = new ByteWriter();
    for (let index = 0; index < 10_000; index += 1) writer.u8(index & 0xff);
    const bytes = writer.finish();
    expect(bytes.length).toBe(10_000);
    expect(bytes.every((byte, index) => byte === (index & 0xff))).toBe(true);
  });

  test("finish() gives a copy", () => {
    const writer = new ByteWriter().u8(1);
    const first = writer.finish();
    writer.u8(2);
    first[0] = 9;
    expect(toHex(writer.finish())).toBe("0102");
  });

  test("fails an assertion rather than write another value", () => {
    const bad: readonly (() => unknown)[] = [
      () => new ByteWriter().u8(256),
      () => new ByteWriter().u8(-1),
      () => new ByteWriter().u16(0x1_0000),
      () => new ByteWriter().u32(0x1_0000_0000),
      () => new ByteWriter().u32(1.5),
      () => new ByteWriter().u32(Number.NaN),
      () => new ByteWriter().text8("x".repeat(256)),
      () => new ByteWriter().text16("x".repeat(65_536)),
      () => new ByteWriter().fixed(new Uint8Array(15), 16),
    ];
    for (const write of bad) expect(write).toThrow(AssertionError);
  });

  test("ms() cuts fractions and negative times", () => {
    expect(toHex(new ByteWriter().ms(1.9).ms(-5).finish())).toBe("00000000000000010000000000000000");
  });
});

describe("ByteReader", () => {
  test("reads what ByteWriter wrote", () => {
    const bytes = new ByteWriter()
      .u8(1)
      .u16(2)
      .u32(0xffff_ffff)
      .u64(0xffff_ffff_ffff_ffffn)
      .ms(5)
      .text8("跨服")
      .text16("")
      .bytes(Uint8Array.of(7, 8))
      .finish();
    const reader = new ByteReader(bytes);
    expect([
      reader.u8(),
      reader.u16(),
      reader.u32(),
      reader.u64(),
      reader.ms(),
      reader.text8(),
      reader.text16(),
    ]).toEqual([1, 2, 0xffff_ffff, 0xffff_ffff_ffff_ffffn, 5, "跨服", ""]);
    expect(reader.done).toBe(false);
    expect(reader.bytes(2)).toEqual(Uint8Array.of(7, 8));
    expect(reader.done).toBe(true);
  });

  test("answers zeros past the end, and stays failed", () => {
    const reader = new ByteReader(Uint8Array.of(1, 2, 3));
    expect(reader.u32()).toBe(0);
    expect(reader.ok).toBe(false);
    expect([
      reader.u8(),
      reader.u16(),
      reader.u64(),
      reader.ms(),
      reader.text8(),
      reader.text16(),
      reader.bytes(1).length,
    ]).toEqual([0, 0, 0n, 0, "", "", 0]);
    expect(reader.done).toBe(false);
  });

  test("fails on text that is not UTF-8, and keeps a byte order mark", () => {
    const broken = new ByteReader(Uint8Array.of(2, 0xc3, 0x28));
    expect(broken.text8()).toBe("");
    expect(broken.ok).toBe(false);
    const marked = new ByteReader(Uint8Array.of(4, 0xef, 0xbb, 0xbf, 0x78));
    expect(marked.text8()).toBe("\ufeffx");
    expect(marked.ok).toBe(true);
  });

  test("fails on milliseconds that no safe integer holds", () => {
    const largest = new ByteReader(new ByteWriter().u64(2n ** 53n - 1n).finish());
    expect(largest.ms()).toBe(Number.MAX_SAFE_INTEGER);
    expect(largest.ok).toBe(true);
    const tooLarge = new ByteReader(new ByteWriter().u64(2n ** 53n).finish());
    expect(tooLarge.ms()).toBe(0);
    expect(tooLarge.ok).toBe(false);
  });

  test("bytes() is a copy, and a view with an offset is read from where it begins", () => {
    const all = Uint8Array.of(9, 9, 1, 2, 3, 9);
    const reader = new ByteReader(all.subarray(2, 5));
    const copy = reader.bytes(3);
    all.fill(0);
    expect(copy).toEqual(Uint8Array.of(1, 2, 3));
    expect(reader.done).toBe(true);
    expect(reader.u8()).toBe(0);
  });
});
