/** Each known attack closes its conn for its reason, however it is cut, and touches nothing else. */

import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { BodyError, unpackBody } from "#wire/body.ts";
import { crossGateway } from "../mesh/router_setup.ts";
import type { Attack } from "./attacks.ts";
import { ATTACKS } from "./attacks.ts";
import { FuzzGround } from "./link_ground.ts";
import { reach } from "./link_states.ts";
import { cutAnywhere } from "./wire_mutate.ts";

const CUTS: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array[]>> = {
  whole: (bytes) => [bytes],
  "byte by byte": (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte)),
  "cut at random": (bytes) => cutAnywhere(bytes, seededRandom(bytes.length), 20),
};

function closed(ground: FuzzGround): Record<string, number> {
  return Object.fromEntries(Object.entries(ground.counters.all()).filter(([name]) => name.startsWith("link.closed:")));
}

function difference(before: Record<string, number>, after: Record<string, number>): string[] {
  return Object.entries(after).flatMap(([name, count]) =>
    Array.from({ length: count - (before[name] ?? 0) }, () => name.slice("link.closed:".length)),
  );
}

function strike(attack: Attack, cut: (bytes: Uint8Array) => Uint8Array[]): void {
  const ground = new FuzzGround(seededRandom(7));
  const at = reach(ground, attack.state);
  const bytes = attack.bytes(at, ground);
  const before = closed(ground);
  const told = ground.witness.toldCount;
  for (const chunk of cut(bytes)) at.conn.say(chunk);
  expect(difference(before, closed(ground))).toEqual([attack.reason]);
  expect({ told: ground.witness.toldCount, wrong: ground.witness.wrongCount }).toEqual({ told, wrong: 0 });
  expect(ground.errors).toEqual([]);
  at.conn.end();
  at.done();
  expect(ground.witness.upCount).toBe(0);
  reach(ground, "accepting: up");
  expect(ground.above.links().length).toBe(1);
}

describe("Known attacks", () => {
  for (const attack of ATTACKS) {
    test(`${attack.state}: ${attack.name} is ${attack.reason}`, () => {
      for (const cut of Object.values(CUTS)) strike(attack, cut);
    });
  }

  test("two at once, byte for byte in turns, crash nothing and are told to nobody", () => {
    for (const [index, attack] of ATTACKS.entries()) {
      const ground = new FuzzGround(seededRandom(index));
      const at = reach(ground, attack.state);
      const other = ATTACKS[(index + 1) % ATTACKS.length] as Attack;
      const [one, two] = [
        attack.bytes(at, ground),
        other.state === attack.state ? other.bytes(at, ground) : new Uint8Array(99),
      ];
      const zip = Uint8Array.from({ length: one.length * 2 }, (_value, place) => {
        const from = place % 2 === 0 ? one : two;
        return from[place >> 1] ?? 0;
      });
      const told = ground.witness.toldCount;
      for (const chunk of cutAnywhere(zip, seededRandom(index), 30)) at.conn.say(chunk);
      expect({ errors: ground.errors, told: ground.witness.toldCount }).toEqual({ errors: [], told });
      at.conn.end();
      at.done();
    }
  });

  test("a hello that trickles in runs out of time", () => {
    const ground = new FuzzGround(seededRandom(1));
    const at = reach(ground, "accepting: hello awaited");
    const before = closed(ground);
    for (const byte of at.next() ?? []) {
      at.conn.say(Uint8Array.of(byte));
      ground.clock.advance(400);
      if (!at.conn.isOpen) break;
    }
    expect(at.conn.isOpen).toBe(false);
    expect(difference(before, closed(ground))).toContain("handshake_timeout");
  });

  test("a frame of 16 MiB that trickles in is over at its sixth byte", () => {
    const ground = new FuzzGround(seededRandom(1));
    const at = reach(ground, "accepting: hello awaited");
    const bytes = Uint8Array.of(1, 0, 0, 0, 0x4b, 0x46, 1, 1);
    let size = 0;
    for (const byte of bytes) {
      if (!at.conn.isOpen) break;
      at.conn.say(Uint8Array.of(byte));
      size += 1;
    }
    expect(size).toBe(6);
    expect(ground.counters.get("link.closed:bad_size")).toBe(1);
  });

  test("a spoofed source is refused and counted, and its link stays", () => {
    const setup = crossGateway();
    for (const from of ["center:4", "cross_center:1", "cross_gateway:1", "gateway:5"]) {
      setup.receive(setup.g3, { kind: "call", from, to: "cross_center:1", callId: 1 });
    }
    expect(setup.counters.get("mesh.source_refused")).toBe(4);
    expect(setup.cc.take()).toEqual([]);
    expect(setup.g3.isUp).toBe(true);
  });

  const bombs: readonly (readonly [string, Uint8Array])[] = [
    ["nested 100,000 deep", new Uint8Array(100_000).fill(0x91)],
    ["maps nested 100,000 deep", Uint8Array.from({ length: 200_000 }, (_value, index) => (index % 2 === 0 ? 0x81 : 1))],
    ["an array that says 2^32-1", Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff, 1)],
    ["a map that says 2^32-1", Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff, 1)],
    ["text that says 2^32-1 bytes", Uint8Array.of(0xdb, 0xff, 0xff, 0xff, 0xff, 1)],
    ["bytes that say 2^32-1", Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff, 1)],
    ["an extension of 2^32-1 bytes", Uint8Array.of(0xc9, 0xff, 0xff, 0xff, 0xff, 1, 1)],
  ];
  for (const [name, bytes] of bombs) {
    test(`a MessagePack body: ${name} is refused`, () => {
      expect(() => unpackBody(bytes)).toThrow(BodyError);
    });
  }
});
