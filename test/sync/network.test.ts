/**
 * Randomized: whatever happened, once everything is up again every node holds what the owners published, within a
 * bounded number of heartbeats, and then the network falls silent. The same seed gives the same trace.
 */

import { describe, expect, test } from "#test";
import type { NodeId } from "#wire/role.ts";
import { Network } from "./network.ts";

const NODES = [
  "cross_center:1",
  "cross_center:2",
  "cross_gateway:1",
  "cross_gateway:2",
  "cross_map:1",
  "gateway:1",
  "gateway:2",
  "center:1",
  "map:101",
  "center:2",
  "admin:1",
] as NodeId[];

const LINKS = [
  ["cross_center:1", "cross_gateway:1"],
  ["cross_center:1", "cross_gateway:2"],
  ["cross_center:2", "cross_gateway:1"],
  ["cross_center:2", "cross_gateway:2"],
  ["cross_gateway:1", "cross_gateway:2"],
  ["cross_map:1", "cross_gateway:1"],
  ["cross_map:1", "cross_gateway:2"],
  ["gateway:1", "cross_gateway:1"],
  ["gateway:1", "cross_gateway:2"],
  ["gateway:2", "cross_gateway:1"],
  ["gateway:2", "cross_gateway:2"],
  ["center:1", "gateway:1"],
  ["map:101", "gateway:1"],
  ["center:2", "gateway:2"],
  ["admin:1", "cross_gateway:1"],
] as [NodeId, NodeId][];

const TOPICS = new Map([
  ["cross_center:1", ["activity/cross_center:1/boss", "activity/cross_center:1/war", "activity/cross_center:1/race"]],
  ["cross_center:2", ["activity/cross_center:2/arena"]],
]);

/** Links of which one at a time may be gone for good: everybody stays reachable. */
const SPARE = [
  ["cross_center:1", "cross_gateway:1"],
  ["cross_center:1", "cross_gateway:2"],
  ["gateway:1", "cross_gateway:1"],
  ["cross_map:1", "cross_gateway:2"],
  ["cross_gateway:1", "cross_gateway:2"],
] as const;

const SEEDS = 250;
const TIME_MAX_MS = 60_000;
const FAULTS = 60;
const LOSSES = 60;
/** A difference that was seen before is taken up again after 10 heartbeats at the latest; then two more. */
const HEAL_BEATS_MAX = 13;
const QUIET_BEATS = 12;

function start(seed: number): Network {
  return new Network({ seed, nodes: NODES, links: LINKS, topics: TOPICS });
}

function torment(network: Network, faults: number, withLoss = true): void {
  for (let count = 0; count < faults; count += 1) {
    const steps = Math.floor(network.random.unit() * 30);
    for (let step = 0; step < steps; step += 1) network.step();
    if (network.random.unit() < 0.6) network.repair();
    else network.fault(withLoss);
    if (network.random.unit() < 0.15) network.beat();
  }
}

/** All links stay up, but what is said on them may not arrive. */
function lose(network: Network, losses: number): void {
  for (let count = 0; count < losses; count += 1) {
    const steps = Math.floor(network.random.unit() * 6);
    for (let step = 0; step < steps; step += 1) network.step();
    if (network.random.unit() < 0.2) network.publishSomething();
    else network.lose();
    if (network.random.unit() < 0.05) network.beat();
  }
}

/** Heartbeats until all is equal; the network is drained after each. */
function beatsToHeal(network: Network): number {
  network.drain();
  for (let beats = 0; beats <= HEAL_BEATS_MAX; beats += 1) {
    if (network.difference() === undefined) return beats;
    network.beat();
    network.drain();
  }
  return Number.POSITIVE_INFINITY;
}

function messagesOfBeats(network: Network, beats: number): number {
  const before = network.syncMessages;
  for (let beat = 0; beat < beats; beat += 1) {
    network.beat();
    network.drain();
  }
  return network.syncMessages - before;
}

describe("Sync on a network", () => {
  test(
    "heals after faults within a bounded number of heartbeats and falls silent",
    () => {
      const beats: number[] = [];
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const network = start(seed);
        torment(network, FAULTS);
        const spare = SPARE[seed % (SPARE.length + 1)];
        if (spare !== undefined) network.forbid(spare[0], spare[1]);
        network.heal();
        lose(network, LOSSES);
        const healed = beatsToHeal(network);
        expect({ seed, violations: network.violations, difference: network.difference() }).toEqual({
          seed,
          violations: [],
          difference: undefined,
        });
        beats.push(healed);
        messagesOfBeats(network, QUIET_BEATS);
        expect({ seed, messages: messagesOfBeats(network, QUIET_BEATS) }).toEqual({ seed, messages: 0 });
      }
      expect(Math.max(...beats)).toBeLessThanOrEqual(HEAL_BEATS_MAX);
    },
    TIME_MAX_MS,
  );

  test("gives the same trace for the same seed", () => {
    const traces = [start(7), start(7), start(8)].map((network) => {
      torment(network, FAULTS);
      network.heal();
      network.drain();
      return network.trace;
    });
    expect(traces[1]).toEqual(traces[0] ?? []);
    expect(traces[2]).not.toEqual(traces[0] ?? []);
  });

  test("needs no heartbeat when nothing is lost, in any order of starting", () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const network = start(seed);
      for (let count = 0; count < 400; count += 1) {
        network.repair();
        network.step();
      }
      network.heal();
      network.drain();
      expect({ seed, difference: network.difference() }).toEqual({ seed, difference: undefined });
    }
  });

  test("takes a topic back after its owner lost everything that it had persisted", () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const network = start(seed);
      network.heal();
      network.drain();
      for (let change = 0; change < 5; change += 1) network.publish("cross_center:1", "activity/cross_center:1/boss");
      network.drain();
      network.loseDisk("cross_center:1");
      network.heal();
      expect(beatsToHeal(network)).toBeLessThanOrEqual(HEAL_BEATS_MAX);
      expect(network.violations).toEqual([]);
    }
  });

  const CHAIN = [
    ["cross_center:1", "cross_gateway:2"],
    ["gateway:1", "cross_gateway:1"],
    ["cross_map:1", "cross_gateway:1"],
    ["gateway:2", "cross_gateway:1"],
  ] as const;
  for (const { name, cut, lost } of [
    { name: "its shards", cut: [], lost: ["cross_gateway:1", "cross_gateway:2", "cross_map:1", "admin:1"] },
    {
      name: "its shards, behind a peer",
      cut: CHAIN,
      lost: ["cross_gateway:1", "cross_gateway:2", "cross_map:1", "admin:1"],
    },
    {
      name: "one leaf",
      cut: [],
      lost: [
        "cross_gateway:1",
        "cross_gateway:2",
        "cross_map:1",
        "admin:1",
        "gateway:1",
        "gateway:2",
        "center:2",
        "map:101",
      ],
    },
    {
      name: "one leaf, behind a peer",
      cut: CHAIN,
      lost: [
        "cross_gateway:1",
        "cross_gateway:2",
        "cross_map:1",
        "admin:1",
        "gateway:1",
        "gateway:2",
        "center:2",
        "map:101",
      ],
    },
  ]) {
    test(`lets an owner that lost everything learn from ${name}`, () => {
      for (let seed = 1; seed <= 25; seed += 1) {
        const network = start(seed);
        for (const [a, b] of cut) network.forbid(a, b);
        network.heal();
        network.drain();
        for (let change = 0; change < 3; change += 1) network.publish("cross_center:1", "activity/cross_center:1/boss");
        network.drain();
        for (const id of lost) network.crash(id);
        network.loseDisk("cross_center:1");
        network.heal();
        const beats = beatsToHeal(network);
        expect({ seed, violations: network.violations, difference: network.difference() }).toEqual({
          seed,
          violations: [],
          difference: undefined,
        });
        expect(beats).toBeLessThanOrEqual(HEAL_BEATS_MAX);
        expect(network.sync("cross_center:1").state.copy("activity/cross_center:1/boss")?.version.epoch).toBe(2);
      }
    });
  }

  test("keeps route news true through crashes and cuts", () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const network = start(seed);
      torment(network, FAULTS, false);
      network.forbid("gateway:1", "cross_gateway:1");
      network.heal();
      network.drain();
      const heard = (id: string): string[] =>
        network
          .sync(id)
          .routes.words()
          .map(({ topic, hops }) => `${topic} ${hops}`);
      expect({ seed, heard: heard("cross_gateway:1").toSorted() }).toEqual({
        seed,
        heard: ["attached/cross_gateway:2 0", "attached/gateway:1 1", "attached/gateway:2 0", "attached/gateway:2 1"],
      });
      expect(heard("cross_center:1").toSorted()).toEqual([
        "attached/cross_gateway:1 0",
        "attached/cross_gateway:1 1",
        "attached/cross_gateway:2 0",
        "attached/cross_gateway:2 1",
        "attached/gateway:1 1",
        "attached/gateway:1 2",
        "attached/gateway:2 1",
        "attached/gateway:2 1",
      ]);
      expect(heard("gateway:1").toSorted()).toEqual(["attached/cross_gateway:1 1", "attached/cross_gateway:2 0"]);
      expect(heard("center:1")).toEqual([
        "attached/cross_gateway:1 2",
        "attached/cross_gateway:2 1",
        "attached/gateway:1 0",
      ]);
      expect(heard("center:2")).toEqual([
        "attached/cross_gateway:1 1",
        "attached/cross_gateway:2 1",
        "attached/gateway:2 0",
      ]);
    }
  });
});
