/**
 * The kind that docs/activities.md shows, as it stands there: the compiled executable loads it, and a term of it goes
 * through its phases by verbs and by time, on the owner and on the shards.
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

function shownKind(): string {
  const found = /```ts\n([\s\S]*?)```/.exec(readFileSync(PAGE, "utf8"))?.[1];
  if (found === undefined) throw new Error(`Cannot find a kind in ${PAGE}: it has no block of TypeScript`);
  return found;
}

describe("The kind of docs/activities.md", () => {
  clusterTest("goes through its phases, by verbs and by time, on the owner and on the shards", async (ground) => {
    const folder = mkdtempSync(join(tmpdir(), "kuafu-kind-"));
    try {
      const file = join(folder, "contest.ts");
      writeFileSync(file, shownKind());
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
      expect(await verb("close")).toBe("409 ");
      expect(await verb("preview", { key: "p1", why: "a test" })).toBe("200 preview");
      expect(await verb("next", { dryRun: true })).toBe("200 open");
      expect(await verb("next", { key: "n1" })).toBe("200 open");
      expect(await verb("next", { key: "n1" })).toBe("200 open");
      expect(await verb("extend", { closesAtMs: Date.now() + 1500 })).toBe("200 open");
      for (const id of ["center:1", "center:2"]) {
        const heard = (): string[] =>
          cluster.node(id).life.lines.flatMap((line) => {
            return line.phrase === "contest goes on" ? [String(line.data["phase"])] : [];
          });
        await waitFor(() => (heard().at(-1) === "closed" ? true : undefined), {
          what: `${id} to hear the end of the contest`,
          withinMs: 15_000,
          notices: cluster.notices,
        });
        expect(heard().filter((phase) => phase !== "settling")).toEqual(["preview", "open", "closed"]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
