import { describe, expect, test } from "#test";
import { fromHex, toHex } from "#base/digest.ts";
import { unpackBody } from "#wire/body.ts";
import {
  decodeClientPacket,
  decodeServerPacket,
  encodeClientPacket,
  encodeServerPacket,
} from "#session/client_codec.ts";
import type { ClientPacket, ServerPacket } from "#session/client_packets.ts";
import { PACKET_UP_SIZE_MAX_LOGIN } from "#session/client_packets.ts";
import { PacketSplitter } from "#session/packet_splitter.ts";
import { untag } from "../wire/vectors/make_body.ts";
import { CLIENT_VECTORS } from "./client_vectors.ts";
import { clientVectors } from "./vectors/make_client.ts";

describe("Client vectors", () => {
  test("are what the functions make that wrote them", () => {
    expect(JSON.parse(JSON.stringify(clientVectors())) as unknown).toEqual(CLIENT_VECTORS);
  });

  for (const { name, way, hex, fields, packet, fault, written } of CLIENT_VECTORS.packets) {
    test(`${way}: ${name}`, () => {
      const bytes = fromHex(hex);
      const read = way === "up" ? decodeClientPacket(bytes, PACKET_UP_SIZE_MAX_LOGIN) : decodeServerPacket(bytes);
      if (fault !== null) {
        expect(read.kind === "fault" ? read.code : read).toBe(fault);
        return;
      }
      expect(read).toEqual(untag(packet) as typeof read);
      expect(unpackBody(bytes)).toEqual(untag(fields));
      if (!written) return;
      const encoded =
        way === "up"
          ? encodeClientPacket(untag(packet) as ClientPacket)
          : encodeServerPacket(untag(packet) as ServerPacket);
      expect(toHex(encoded)).toBe(hex);
    });
  }

  for (const { name, sizeMax, stream, packets, fault } of CLIENT_VECTORS.streams) {
    test(`stream: ${name}, cut at every byte`, () => {
      const bytes = fromHex(stream);
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const splitter = new PacketSplitter(sizeMax);
        const got: string[] = [];
        const take = (packet: Uint8Array): boolean => got.push(toHex(packet)) > 0;
        const first = splitter.push(bytes.subarray(0, cut), take);
        const second = splitter.push(bytes.subarray(cut), take);
        expect({ got, fault: (first ?? second)?.code ?? null }).toEqual({ got: [...packets], fault });
      }
    });
  }
});
