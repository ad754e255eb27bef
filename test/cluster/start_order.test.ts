/** The compiled executable: whatever starts first, an activity reaches the shard, and is heard there once. */

import { join } from "node:path";
import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { Ground } from "./harness/ground.ts";
import { CHAIN } from "./harness/topologies.ts";
import { pause } from "./harness/wait.ts";

endLeftClusters();

const WITNESS = join(import.meta.dir, "modules/witness.ts");
const OWNER: string = "cross_center:1";
const LISTENERS: readonly string[] = ["cross_center:1", "cross_gateway:1", "gateway:1", "center:1"];
const HEARD_MS_MAX = 10_000;
/** Between the start of a node and an opening: more than two clocks of a busy machine are apart. */
const APART_MS = 300;

interface Note {
  readonly id: string;
  /** Nodes that ran when it was opened. */
  readonly before: readonly string[];
}

/** Starts one node after the other, and opens an activity after each start at which its owner runs. */
async function inOrder(ground: Ground, order: readonly string[]): Promise<number> {
  const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
  const notes: Note[] = [];
  for (const [index, id] of order.entries()) {
    await cluster.node(id).start();
    await pause(APART_MS);
    const before = order.slice(0, index + 1);
    if (!before.includes(OWNER)) continue;
    const note = { id: `note_${index + 1}`, before };
    const answer = await cluster.node(OWNER).admin.open(note.id, { kind: "note" });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    notes.push(note);
    await pause(APART_MS);
  }
  await cluster.settled();
  for (const id of LISTENERS) {
    for (const note of notes) {
      const data = { activity: note.id };
      const heard = await cluster.node(id).line("heard opened", { data, withinMs: HEARD_MS_MAX });
      expect(heard.data["resumed"], `${order.join(" ")}: ${note.id} at ${id}`).toBe(!note.before.includes(id));
      expect(cluster.node(id).life.all("heard opened", data).length).toBe(1);
    }
  }
  const applied = await cluster.applied();
  const owned = applied[OWNER] ?? {};
  expect(Object.keys(owned).length).toBe(notes.length);
  expect(applied).toEqual(Object.fromEntries(LISTENERS.map((id) => [id, owned])));
  await cluster.dispose();
  return notes.length;
}

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, index) => permutations(items.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

describe("Starting", () => {
  const all = permutations(LISTENERS);
  for (const first of LISTENERS) {
    clusterTest(
      `${first} first, the others in each of six orders: an activity opened at any time arrives`,
      async (ground) => {
        const orders = all.filter((order) => order[0] === first);
        expect(orders.length).toBe(6);
        const counts = await Promise.all(orders.map((order) => inOrder(ground, order)));
        // After the owner's own start and after each later one.
        expect(counts).toEqual(orders.map((order) => LISTENERS.length - order.indexOf(OWNER)));
        console.log(
          `      ${first} first: 6 orders, ${counts.reduce((a, b) => a + b)} activities in ${ground.seconds} s`,
        );
      },
    );
  }
});
