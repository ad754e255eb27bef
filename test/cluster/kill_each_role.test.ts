/** The compiled executable: kill -9 of each of the eight roles in a full cluster, and what then comes back. */

import { describe, expect } from "#test";
import { HEARTBEAT_MS } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import { CHAIN, FULL } from "./harness/topologies.ts";

endLeftClusters();

const OWNER = "cross_center:1";
const EXIT_GATEWAY_DIED = 75;
/** Four ticks, one more for where in a tick it began, and the drain of a node that has nothing to do. */
const EXIT_MS_MAX = 5 * HEARTBEAT_MS + 2_000;

const VICTIMS: readonly string[] = [
  "gateway:1",
  "user:101",
  "center:1",
  "map:101",
  "cross_gateway:1",
  "cross_center:1",
  "cross_map:1",
  "statistic:1",
];

/** "epoch.revision.hash", by topic. */
function versions(applied: Readonly<Record<string, string>>) {
  return Object.entries(applied)
    .map(([topic, version]) => {
      const [epoch, , hash] = version.split(".");
      return { topic, epoch: Number(epoch), hash };
    })
    .toSorted((a, b) => (a.topic < b.topic ? -1 : 1));
}

function followersOf(victim: string): readonly string[] {
  return victim === "gateway:1" ? ["user:101", "center:1", "map:101"] : [];
}

describe("kill -9 and restart", () => {
  for (const victim of VICTIMS) {
    clusterTest(
      `of ${victim}: all is reachable again, what was opened meanwhile is there, nobody else ended`,
      async (ground) => {
        const cluster = ground.cluster({ nodes: FULL, modules: [WITNESS] });
        const notes = new Notes(cluster);
        await cluster.start();
        await notes.open("before");
        await notes.expectEverywhere();
        const followers = followersOf(victim);
        const untouched = cluster.nodes().filter((node) => node.id !== victim && !followers.includes(node.id));
        const pidsBefore = untouched.map((node) => [node.id, node.pid, node.boot]);
        const ownedBefore = (await cluster.applied())[OWNER];

        const killed = await cluster.node(victim).kill();
        expect(killed.signal).toBe("SIGKILL");
        for (const id of followers) {
          const exit = await cluster.node(id).exited(EXIT_MS_MAX);
          expect([id, exit.code, exit.atMs - killed.atMs < EXIT_MS_MAX]).toEqual([id, EXIT_GATEWAY_DIED, true]);
        }
        if (victim !== OWNER) await notes.open("while_down");
        await Promise.all([victim, ...followers].map((id) => cluster.node(id).start()));

        await notes.expectEverywhere();
        if (victim === OWNER) {
          // A new epoch of the owner and the same contents: nobody hears a term open a second time.
          const ownedAfter = (await cluster.applied())[OWNER] ?? {};
          expect(versions(ownedAfter)).toEqual(
            versions(ownedBefore ?? {}).map(({ topic, epoch, hash }) => ({ topic, epoch: epoch + 1, hash })),
          );
        }
        const calls = await notes.expectEveryCall("calls");
        expect(calls).toBe(12 * 11);
        expect(untouched.map((node) => [node.id, node.pid, node.boot])).toEqual(pidsBefore);
        expect(untouched.filter((node) => !node.isAlive || node.lives.length !== 1)).toEqual([]);
        console.log(`      ${victim}: ${untouched.length} untouched, ${calls} calls, ${ground.seconds} s`);
      },
    );
  }
});

describe("What an owner has answered for", () => {
  clusterTest("is there after kill -9 at the very moment of its answer, every time", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
    await cluster.start();
    await cluster.settled();
    const owner = cluster.node(OWNER);
    const told: string[] = [];
    for (let round = 1; round <= 6; round += 1) {
      // The even rounds close what the round before opened.
      const id = `round_${round - ((round + 1) % 2)}`;
      const answer =
        round % 2 === 1
          ? await owner.admin.open(id, { kind: "note" })
          : await owner.admin.ask("POST", `/api/activities/${id}/close`);
      await owner.kill();
      expect([round, answer.status]).toEqual([round, round % 2 === 1 ? 201 : 200]);
      if (round % 2 === 1) told.push(id);
      await owner.start();
      await cluster.settled();
      const seen = await owner.admin.activities();
      const phases = told.map((each) => [each, each === id && round % 2 === 1 ? "open" : "closed"]);
      expect(seen?.map((each) => [each.id, each.phase])).toEqual(phases);
    }
    const applied = await cluster.applied();
    expect(applied).toEqual(Object.fromEntries(CHAIN.map(({ id }) => [id, applied[OWNER] ?? {}])));
    for (const activity of told) {
      const { life } = cluster.node("center:1");
      const heard = ["heard opened", "heard closed"].map((phrase) => life.all(phrase, { activity }).length);
      expect([activity, heard]).toEqual([activity, [1, 1]]);
    }
    console.log(`      six answers: ${ground.seconds} s`);
  });
});
