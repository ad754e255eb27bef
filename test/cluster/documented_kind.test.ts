/**
 * The kinds that docs/activities.md shows, as they stand there: the compiled executable loads them. A term of the first
 * goes through its phases by verbs and by time, on the owner and on the shards; the second takes reports of both shards,
 * ranks them and pays its places.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { FULL } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const PAGE = resolve(import.meta.dir, "../../docs/activities.md");

/** The first block of TypeScript on the page is 0. */
function shownKind(index: number): string {
  const found = [...readFileSync(PAGE, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)][index]?.[1];
  if (found === undefined) throw new Error(`Cannot find a kind in ${PAGE}: it has no block ${index} of TypeScript`);
  return found;
}

describe("The kinds of docs/activities.md", () => {
  clusterTest(
    "the first goes through its phases, by verbs and by time, on the owner and on the shards",
    async (ground) => {
      const folder = mkdtempSync(join(tmpdir(), "kuafu-kind-"));
      try {
        const file = join(folder, "contest.ts");
        writeFileSync(file, shownKind(0));
        const cluster = ground.cluster({ nodes: FULL, modules: [file] });
        await cluster.start();
        await cluster.settled();
        const { admin } = cluster;
        const contest = { id: "spring", kind: "contest", config: { prize: "a horse" } };
        expect((await admin.ask("POST", "/api/activities", { ...contest, timing: { signupMs: 5 } })).status).toBe(422);
        expect((await admin.ask("POST", "/api/activities", contest)).status).toBe(201);
        const verb = async (name: string, body?: unknown): Promise<string> => {
          const answer = await admin.ask("POST", `/api/activities/spring/${name}`, body);
          const phase = (answer.body as { activity?: { phase: string } }).activity?.phase ?? "";
          return `${answer.status} ${phase}`;
        };
        const heard = (id: string): string[] =>
          cluster.node(id).life.lines.flatMap((line) => {
            return line.phrase === "contest goes on" ? [String(line.data["phase"])] : [];
          });
        // A phase that is over before the news of it has gone out is not told: each is waited for.
        const heardBy = async (phase: string): Promise<void> => {
          for (const id of ["center:1", "center:2"]) {
            await waitFor(() => (heard(id).at(-1) === phase ? true : undefined), {
              what: `${id} to hear of ${phase}`,
              withinMs: 15_000,
              notices: cluster.notices,
            });
          }
        };
        expect(await verb("close")).toBe("409 ");
        expect(await verb("preview", { key: "p1", why: "a test" })).toBe("200 preview");
        await heardBy("preview");
        expect(await verb("next", { dryRun: true })).toBe("200 open");
        expect(await verb("next", { key: "n1" })).toBe("200 open");
        expect(await verb("next", { key: "n1" })).toBe("200 open");
        await heardBy("open");
        expect(await verb("extend", { closesAtMs: Date.now() + 1500 })).toBe("200 open");
        await heardBy("closed");
        for (const id of ["center:1", "center:2"]) {
          expect(heard(id).filter((phase) => phase !== "settling")).toEqual(["preview", "open", "closed"]);
        }
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  );

  clusterTest("the second takes reports of the shards, is settled, and its first place gets a mail", async (ground) => {
    const folder = mkdtempSync(join(tmpdir(), "kuafu-kind-"));
    try {
      const file = join(folder, "raid.ts");
      writeFileSync(file, shownKind(1));
      const cluster = ground.cluster({ nodes: FULL, modules: [file] });
      await cluster.start();
      await cluster.settled();
      const { admin } = cluster;
      const boss = { id: "dragon", kind: "raid", config: { hp: 100 }, open: true };
      expect((await admin.ask("POST", "/api/activities", boss)).status).toBe(201);
      const options = { withinMs: 15_000, notices: cluster.notices };
      // Both shards ask for the same player under the same key: it is one report.
      const hitsOf = (id: string): number => {
        return cluster.node(id).life.lines.filter(({ phrase }) => phrase === "the boss was hit").length;
      };
      for (const id of ["center:1", "center:2"]) {
        await waitFor(() => (hitsOf(id) === 1 ? true : undefined), { what: `a hit from ${id}`, ...options });
      }
      const ranking = (await admin.ask("GET", "/api/activities/dragon/ranking?ranking=damage")).body;
      const places = (ranking as { places: { place: number; subject: string; score: number; shard: number }[] }).places;
      expect(places.map(({ place, subject, score }) => [place, subject, score])).toEqual([[1, "ada", 12]]);
      const home = places[0]?.shard ?? 0;
      expect((await admin.ask("POST", "/api/activities/dragon/next", {})).status).toBe(200);
      const mails = await waitFor(
        async () => {
          const { body } = await admin.ask("GET", `/api/shards/${home}/mail?player=ada`);
          const found = (body as { mails?: { title: string }[] }).mails ?? [];
          return found.length > 0 ? found : undefined;
        },
        { what: `ada's mail on shard ${home}`, ...options },
      );
      expect(mails.map(({ title }) => title)).toEqual(["Place 1"]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
