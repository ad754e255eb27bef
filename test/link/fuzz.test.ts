/** Mutated bytes in every state of a link: one conn at most ends, nothing throws, a healthy link never notices. */

import { describe, expect, test } from "#test";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { Kind, encodeFrame } from "#wire/header.ts";
import { encodeHeartbeat } from "#wire/heartbeat.ts";
import { encodeSync } from "#wire/sync_message.ts";
import { HandPeer } from "./hand_peer.ts";
import { CENTER, GATEWAY, World, cast, joined } from "./harness.ts";

const SEEDS = 300;

function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.slice();
  const count = 1 + randomIndex(random, 4);
  for (let index = 0; index < count; index += 1) {
    const at = randomIndex(random, out.length);
    switch (randomIndex(random, 4)) {
      case 0:
        out[at] = (out[at] ?? 0) ^ (1 << randomIndex(random, 8));
        break;
      case 1:
        out[at] = randomIndex(random, 256);
        break;
      case 2:
        out.copyWithin(at, randomIndex(random, out.length));
        break;
      default:
        return out.slice(0, at);
    }
  }
  return out;
}

function upStream(random: Random): Uint8Array {
  const beat = encodeHeartbeat({ sequence: 1, clusterMs: 2, echoMs: 3, saidDigest: 4n, appliedDigest: 5n });
  const version = { epoch: 1, revision: 2, hash: "0123456789abcdef" };
  const list = encodeSync({ kind: "list", entries: [{ topic: "activity/cross_center:1/boss", version }] });
  const report = encodeSync({ kind: "report", reports: [{ topic: "a", reporter: CENTER, claims: [version] }] });
  const hop = { source: CENTER, target: GATEWAY, hops: 1 };
  const frames = [
    encodeFrame({ ...hop, kind: Kind.ping }, beat),
    encodeFrame({ ...hop, kind: Kind.pong }, beat),
    encodeFrame({ ...hop, kind: Kind.sync, method: list.method }, list.body),
    encodeFrame({ ...hop, kind: Kind.sync, method: report.method }, report.body),
    cast("a cast"),
    cast("a call", { kind: Kind.call, callId: 7 }),
  ];
  return joined(...Array.from({ length: 8 }, () => frames[randomIndex(random, frames.length)] as Uint8Array));
}

describe("Mutated bytes", () => {
  for (const state of ["hello", "proof", "up"] as const) {
    test(`in the state ${state} end that conn at most`, () => {
      const world = new World();
      const gateway = world.node({ role: "gateway", number: 1 });
      const map = world.node({ role: "map", number: 101 });
      world.connect(map, gateway);
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const random = seededRandom(seed);
        world.net.chunkSize = 1 + randomIndex(random, 200);
        const peer = new HandPeer(world, gateway, { boot: seed.toString(16).padStart(32, "0") });
        if (state === "hello") peer.write(mutated(peer.machine.start(), random));
        if (state === "proof") {
          const step = peer.hello();
          if (step.kind === "send") peer.write(mutated(step.frame, random));
        }
        if (state === "up") peer.shake().write(mutated(upStream(random), random));
        peer.conn.terminate();
        world.clock.run(5);
        expect({ seed, links: gateway.hub.links().map((link) => link.peer.id) }).toEqual({
          seed,
          links: [map.self.id],
        });
      }
      expect(gateway.lines.filter((line) => line.level === "error")).toEqual([]);
      expect(map.record.heard).toEqual(["up gateway:1"]);
      const reasons = Object.entries(gateway.counters.all()).filter(([name]) => name.startsWith("link.closed:"));
      expect(reasons.reduce((sum, [, count]) => sum + count, 0)).toBe(SEEDS);
      expect(reasons.length).toBeGreaterThan(3);
      // Nobody is left waiting: a new node is welcome at once.
      world.net.chunkSize = 1_000;
      world.connect(world.node({ role: "center", number: 1 }), gateway);
    });
  }
});
