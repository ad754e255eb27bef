import { describe, expect, test } from "#test";
import { randomIndex, seededRandom } from "#base/random.ts";
import { PacketSplitter, prefixPacket } from "#session/packet_splitter.ts";

function joined(packets: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(packets.flatMap((packet) => [...prefixPacket(packet)]));
}

describe("Packet splitter", () => {
  test("gives the same packets however the stream is cut", () => {
    const random = seededRandom(21);
    for (let round = 0; round < 200; round += 1) {
      const packets = Array.from({ length: 1 + randomIndex(random, 5) }, () =>
        random.bytes(1 + randomIndex(random, random.unit() < 0.2 ? 3_000 : 20)),
      );
      const stream = joined(packets);
      const splitter = new PacketSplitter(4096);
      const got: Uint8Array[] = [];
      for (let at = 0; at < stream.length;) {
        const end = at + 1 + randomIndex(random, random.unit() < 0.5 ? 3 : 700);
        // The bytes of a chunk may be used again as soon as push() has returned.
        const chunk = stream.slice(at, end);
        expect(splitter.push(chunk, (packet) => got.push(packet.slice()) > 0)).toBeUndefined();
        chunk.fill(0xee);
        at = end;
      }
      expect(got).toEqual(packets);
    }
  });

  test("refuses a size as soon as it is read, and passes over what follows", () => {
    const splitter = new PacketSplitter(8);
    const got: Uint8Array[] = [];
    const take = (packet: Uint8Array): boolean => got.push(packet.slice()) > 0;
    expect(splitter.push(new Uint8Array([0, 0, 0]), take)).toBeUndefined();
    expect(splitter.push(new Uint8Array([9]), take)).toEqual({
      kind: "fault",
      code: "too_large",
      detail: "packet is 9 bytes, allowed is 1 to 8",
    });
    expect(splitter.push(prefixPacket(new Uint8Array([1])), take)).toBeUndefined();
    expect(got).toEqual([]);
  });

  test("takes a larger packet behind the one that raised the limit, in the same chunk", () => {
    const splitter = new PacketSplitter(2);
    const got: number[] = [];
    const stream = joined([new Uint8Array(2), new Uint8Array(9)]);
    const fault = splitter.push(stream, (packet) => {
      splitter.sizeMax = 16;
      return got.push(packet.length) > 0;
    });
    expect({ fault, got }).toEqual({ fault: undefined, got: [2, 9] });
  });

  test("stops when it is told to, in the middle of a chunk", () => {
    const splitter = new PacketSplitter(16);
    const got: number[] = [];
    const stream = joined([new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)]);
    splitter.push(stream, (packet) => got.push(packet.length) < 2);
    splitter.push(stream, (packet) => got.push(packet.length) < 9);
    expect(got).toEqual([1, 2]);
  });
});
