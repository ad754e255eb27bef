import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import { seededRandom } from "#base/random.ts";
import type { Random } from "#base/random.ts";
import { Decoder, faultText } from "#wire/decoder.ts";
import type { DecodeFault } from "#wire/decoder.ts";
import { Kind, encodeFrame, frameSize } from "#wire/header.ts";
import {
  FRAME_SIZE_MAX,
  FRAME_SIZE_MAX_HANDSHAKE,
  FRAME_SIZE_MIN,
  HEADER_SIZE,
  SIZE_FIELD_SIZE,
} from "#wire/limits.ts";
import { nodeKey } from "#wire/role.ts";
import { BAD_FRAMES, FRAMES, STREAMS } from "./vectors.ts";

const source = nodeKey("user", 301);
const target = nodeKey("gateway", 3);

function ready(): Decoder {
  const decoder = new Decoder();
  decoder.setReady();
  return decoder;
}

/** Feeds the chunks; frames come out as hex. */
function decode(decoder: Decoder, chunks: readonly Uint8Array[]): { frames: string[]; fault: DecodeFault | undefined } {
  const frames: string[] = [];
  let fault: DecodeFault | undefined;
  for (const chunk of chunks) {
    fault ??= decoder.push(chunk, (buffer, offset) => {
      frames.push(toHex(buffer.subarray(offset, offset + frameSize(buffer, offset))));
      return true;
    });
  }
  return { frames, fault };
}

/** Pieces of at most `sizeMax` bytes, some of them empty. */
function cutRandomly(bytes: Uint8Array, random: Random, sizeMax: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Math.floor(random.unit() * (sizeMax + 1));
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

function cutEvery(bytes: Uint8Array, size: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
  return chunks;
}

function frameOf(bodySize: number, fill = 0x61): Uint8Array {
  return encodeFrame({ kind: Kind.cast, source, target, method: 1024 }, new Uint8Array(bodySize).fill(fill));
}

describe("Decoder: good streams", () => {
  for (const stream of STREAMS) {
    const bytes = fromHex(stream.hex);
    const wanted = stream.frames.map((name) => FRAMES.find((one) => one.name === name)?.hex ?? "missing");

    test(`stream "${stream.name}": in one piece`, () => {
      const decoder = ready();
      expect(decode(decoder, [bytes])).toEqual({ frames: wanted, fault: undefined });
      expect([decoder.carriedSize, decoder.copiedSize]).toEqual([0, 0]);
    });

    test(`stream "${stream.name}": cut in two at every byte, and in three around it`, () => {
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        expect(decode(ready(), [bytes.slice(0, cut), bytes.slice(cut)]).frames).toEqual(wanted);
        const third = Math.min(bytes.length, cut + 7);
        expect(decode(ready(), [bytes.slice(0, cut), bytes.slice(cut, third), bytes.slice(third)]).frames).toEqual(
          wanted,
        );
      }
    });

    test(`stream "${stream.name}": byte by byte, and in random pieces`, () => {
      expect(decode(ready(), cutEvery(bytes, 1)).frames).toEqual(wanted);
      const random = seededRandom(1);
      for (let round = 0; round < 200; round += 1) {
        const decoder = ready();
        expect(decode(decoder, cutRandomly(bytes, random, 1 + (round % 90))).frames).toEqual(wanted);
        expect(decoder.carriedSize).toBe(0);
      }
    });
  }

  test("frames of many sizes in pieces of many sizes, up to the largest", () => {
    const sizes = [0, 1, 215, 216, 217, 255, 256, 257, 4095, 4096, 70_000, FRAME_SIZE_MAX - FRAME_SIZE_MIN];
    const frames = sizes.map((size, index) => frameOf(size, index + 1));
    const wanted = frames.map(toHex);
    const bytes = Uint8Array.from(frames.flatMap((frame) => [...frame]));
    const random = seededRandom(2);
    for (const sizeMax of [40, 1000, 65_536, 524_288]) {
      expect(decode(ready(), cutRandomly(bytes, random, sizeMax))).toEqual({ frames: wanted, fault: undefined });
    }
  });
});

describe("Decoder: views and cost", () => {
  test("a frame that lies whole in a chunk is a view into that chunk", () => {
    const chunk = fromHex(FRAMES.map((one) => one.hex).join(""));
    let at = 0;
    ready().push(chunk, (buffer, offset) => {
      expect(buffer).toBe(chunk);
      expect(offset).toBe(at);
      at += frameSize(buffer, offset);
      return true;
    });
    expect(at).toBe(chunk.length);
  });

  test("a frame that was cut is whole and may be changed in place while the callback runs", () => {
    const frames = [frameOf(300, 1), frameOf(10, 2), frameOf(300, 3)];
    const bytes = Uint8Array.from(frames.flatMap((frame) => [...frame]));
    const seen: string[] = [];
    const decoder = ready();
    for (const chunk of cutEvery(bytes, 170)) {
      decoder.push(chunk, (buffer, offset) => {
        seen.push(toHex(buffer.subarray(offset, offset + frameSize(buffer, offset))));
        buffer.fill(0xff, offset, offset + frameSize(buffer, offset));
        return true;
      });
    }
    expect(seen).toEqual(frames.map(toHex));
  });

  test("copies a body at most once and a header at most twice, however the bytes are cut", () => {
    const sizes = [0, 10, 300, 5000, 100_000];
    const frames = sizes.map((size) => frameOf(size));
    const bytes = Uint8Array.from(frames.flatMap((frame) => [...frame]));
    const copiedMax = bytes.length + frames.length * HEADER_SIZE;
    const random = seededRandom(3);
    const cuts = [
      cutEvery(bytes, 1),
      cutEvery(bytes, 7),
      cutEvery(bytes, 4096),
      ...[3, 50, 900, 20_000].map((size) => cutRandomly(bytes, random, size)),
    ];
    for (const chunks of cuts) {
      const decoder = ready();
      expect(decode(decoder, chunks).frames.length).toBe(frames.length);
      expect(decoder.copiedSize).toBeGreaterThan(0);
      expect(decoder.copiedSize).toBeLessThanOrEqual(copiedMax);
    }
    // The largest frame, byte by byte: a decoder that copied what it holds with each piece would copy 550 GB.
    const large = ready();
    const largest = frameOf(FRAME_SIZE_MAX - FRAME_SIZE_MIN);
    let count = 0;
    for (let at = 0; at < largest.length; at += 1) {
      large.push(largest.subarray(at, at + 1), () => {
        count += 1;
        return true;
      });
    }
    expect(count).toBe(1);
    expect(large.copiedSize).toBeLessThanOrEqual(largest.length + HEADER_SIZE);
  });

  test("holds no more than the frame that is under way, and lets go of a large one", () => {
    const decoder = ready();
    const frame = frameOf(100_000);
    decode(decoder, [frame.slice(0, 5)]);
    expect(decoder.carryCapacity).toBeLessThanOrEqual(256);
    decode(decoder, [frame.slice(5, 50_000)]);
    expect([decoder.carriedSize, decoder.carryCapacity]).toEqual([50_000, frame.length]);
    decode(decoder, [frame.slice(50_000)]);
    expect([decoder.carriedSize, decoder.carryCapacity]).toEqual([0, 0]);
  });

  test("never takes memory for a size that it refuses", () => {
    const decoder = new Decoder();
    const bytes = fromHex("010000004b460121");
    for (const byte of bytes.subarray(0, 5)) expect(decode(decoder, [Uint8Array.of(byte)]).fault).toBeUndefined();
    expect(decode(decoder, [bytes.slice(5)]).fault?.code).toBe("bad_size");
    expect([decoder.carriedSize, decoder.carryCapacity]).toEqual([0, 0]);
  });
});

describe("Decoder: faults", () => {
  for (const vector of BAD_FRAMES) {
    test(`"${vector.name}" is ${vector.fault}, cut anywhere`, () => {
      const bytes = fromHex(vector.hex);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const decoder = vector.state === "ready" ? ready() : new Decoder();
        const { frames, fault } = decode(decoder, [bytes.slice(0, cut), bytes.slice(cut)]);
        expect(fault?.code).toBe(vector.fault as DecodeFault["code"]);
        expect(frames.length).toBe(vector.framesBefore);
        expect(faultText(fault as DecodeFault)).toMatch(/^Cannot decode frame: (magic|size|protocol|kind|flags) /);
      }
    });
  }

  test("stays ended after a fault: later bytes give neither frame nor fault", () => {
    const decoder = ready();
    expect(decode(decoder, [new Uint8Array(6)]).fault?.code).toBe("bad_magic");
    expect(decode(decoder, [frameOf(3), new Uint8Array(50)])).toEqual({ frames: [], fault: undefined });
    expect(decoder.carriedSize).toBe(0);
  });

  test("the largest frame of each state is taken, one byte more is refused", () => {
    const handshake = frameOf(FRAME_SIZE_MAX_HANDSHAKE - FRAME_SIZE_MIN);
    expect(handshake.length).toBe(FRAME_SIZE_MAX_HANDSHAKE + SIZE_FIELD_SIZE);
    expect(decode(new Decoder(), [handshake]).frames.length).toBe(1);
    expect(decode(new Decoder(), [frameOf(FRAME_SIZE_MAX_HANDSHAKE - FRAME_SIZE_MIN + 1)]).fault).toEqual({
      code: "bad_size",
      found: FRAME_SIZE_MAX_HANDSHAKE + 1,
      min: FRAME_SIZE_MIN,
      max: FRAME_SIZE_MAX_HANDSHAKE,
    });
    expect(decode(ready(), [frameOf(FRAME_SIZE_MAX - FRAME_SIZE_MIN)]).frames.length).toBe(1);
    expect(decode(ready(), [frameOf(FRAME_SIZE_MAX - FRAME_SIZE_MIN + 1)]).fault?.code).toBe("bad_size");
  });

  test("another protocol passes until the link is ready: the handshake answers for it", () => {
    const hello = encodeFrame({ kind: Kind.hello, source, target, protocol: 9 }, new Uint8Array(3));
    expect(decode(new Decoder(), [hello]).frames.length).toBe(1);
    expect(decode(ready(), [hello]).fault).toEqual({ code: "bad_protocol", found: 9 });
  });

  test("setReady() inside the callback holds for the next frame of the same chunk", () => {
    const large = frameOf(FRAME_SIZE_MAX_HANDSHAKE);
    const both = Uint8Array.of(...frameOf(1), ...large);
    const decoder = new Decoder();
    const sizes: number[] = [];
    const fault = decoder.push(both, (buffer, offset) => {
      sizes.push(frameSize(buffer, offset));
      decoder.setReady();
      return true;
    });
    expect(fault).toBeUndefined();
    expect(sizes).toEqual([HEADER_SIZE + 1, large.length]);
  });

  test("stops for good when the callback answers false, in a chunk and in the carry", () => {
    const frame = frameOf(4);
    const three = Uint8Array.of(...frame, ...frame, ...frame);
    for (const chunks of [[three], cutEvery(three, 1)]) {
      const decoder = ready();
      let count = 0;
      for (const chunk of chunks) {
        const fault = decoder.push(chunk, () => {
          count += 1;
          return count < 2;
        });
        expect(fault).toBeUndefined();
      }
      expect(count).toBe(2);
      expect([decoder.carriedSize, decoder.carryCapacity]).toEqual([0, 0]);
    }
  });
});
