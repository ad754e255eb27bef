/**
 * What happens to the network of a cluster: each fault by its name, and who may end because of it.
 */

import { expect } from "#test";
import { pause } from "../cluster/harness/wait.ts";
import type { Filter } from "./namespaces.ts";
import { filter } from "./namespaces.ts";
import type { NetCluster, Way } from "./net_cluster.ts";

const EXIT_GATEWAY_DIED = 75;
const DROP = { input: "drop", output: "drop" };
const LOSS = "numgen random mod 100 < 30 drop";
const RESET = "meta l4proto tcp reject with tcp reset";
/** Of an activity, near what the admin API takes; all of them are more than the slow way takes while it is slow. */
const LARGE_SIZE = 60_000;
const LARGE_COUNT = 8;
const BITES_MS_MAX = 15_000;

export interface Fault {
  readonly name: string;
  /** The shard gateway's way to its cross gateway. */
  readonly way?: Way;
  /** Ends with the network as it was before. */
  readonly run: (net: NetCluster) => Promise<void>;
  readonly mayEnd?: readonly string[];
}

/** With `ends` it lasts until both ends have noticed, however long that takes. */
function cut(name: string, of: { readonly rules: Filter; readonly forMs: number; readonly ends?: boolean }): Fault {
  return {
    name,
    run: async (net) => {
      filter(net.cross, of.rules);
      const over = pause(of.forMs / 2);
      if (of.ends !== false) {
        for (const [at, peer] of [
          ["gateway:1", "cross_gateway:1"],
          ["cross_gateway:1", "gateway:1"],
        ] as const) {
          await net.cluster.node(at).line("link down", { data: { peer }, withinMs: BITES_MS_MAX });
        }
      }
      await over;
      await net.notes.open("meanwhile");
      await pause(of.forMs / 2);
      filter(net.cross, undefined);
    },
  };
}

export const FAULTS: readonly Fault[] = [
  cut("both ways cut for 5 s", { rules: DROP, forMs: 5_000 }),
  cut("both ways cut for 20 s", { rules: DROP, forMs: 20_000 }),
  cut("the way up cut for 5 s", { rules: { input: "drop" }, forMs: 5_000 }),
  cut("the way down cut for 5 s", { rules: { output: "drop" }, forMs: 5_000 }),
  cut("30 % of all packets lost for 10 s", { rules: { input: LOSS, output: LOSS }, forMs: 10_000, ends: false }),
  cut("every connection reset for 5 s", { rules: { input: RESET, output: RESET }, forMs: 5_000 }),
  {
    name: "a way that flaps ten times",
    run: async (net) => {
      for (let turn = 1; turn <= 10; turn += 1) {
        filter(net.cross, DROP);
        await pause(400);
        filter(net.cross, undefined);
        await pause(400);
        if (turn === 5) await net.notes.open("meanwhile");
      }
    },
  },
  {
    name: "a shard gateway that reads slowly",
    way: { delayMs: 0, bytesPerTurn: 400 },
    run: async (net) => {
      for (let index = 1; index <= LARGE_COUNT; index += 1) {
        await net.notes.open(`large_${index}`, [
          { at: "nobody:1", to: "nobody:2", call: "echo", with: "x".repeat(LARGE_SIZE) },
        ]);
      }
      await pause(5_000);
      net.healWay();
    },
  },
  {
    name: "a way of 150 ms",
    way: { delayMs: 150, bytesPerTurn: 0 },
    run: async (net) => {
      const calls = await net.notes.expectEveryCall("calls");
      expect(calls).toBe(6 * 5);
    },
  },
  {
    name: "a node of a shard apart from its gateway for 5 s: it leaves as its policy says",
    mayEnd: ["map:101"],
    run: async (net) => {
      filter(net.alone, DROP);
      const exit = await net.cluster.node("map:101").exited(20_000);
      expect(exit.code).toBe(EXIT_GATEWAY_DIED);
      await net.notes.open("meanwhile");
      await pause(3_000);
      filter(net.alone, undefined);
    },
  },
];
