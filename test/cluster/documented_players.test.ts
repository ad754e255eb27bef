/**
 * The modules that docs/players.md shows, as they stand there: the compiled executable loads them, players ask them, and
 * an operator gives what the smith wants.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect } from "#test";
import { PlayerClient } from "#client/client.ts";
import { PlayerBag } from "#game/player_bag.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { tokenOf } from "./harness/player_token.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const PAGE = resolve(import.meta.dir, "../../docs/players.md");
const NODES: readonly NodeSpec[] = [
  { id: "gateway:1", players: true },
  { id: "center:1", admin: true },
  { id: "user:101" },
];
const USE = 2000;
const FORGE = 2100;

/** The block of TypeScript that declares this module. */
function shown(name: string): string {
  const blocks = [...readFileSync(PAGE, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text = ""]) => text);
  const found = blocks.find((text) => text.includes(`export default module("${name}"`));
  if (found === undefined) throw new Error(`Cannot find module ${name} in ${PAGE}`);
  return found;
}

describe("The modules of docs/players.md", () => {
  clusterTest("serve a player: the smith takes what an operator gave, once", async (ground) => {
    const folder = mkdtempSync(join(tmpdir(), "kuafu-players-"));
    const files = ["bag", "smith"].map((name) => {
      const file = join(folder, `${name}.ts`);
      writeFileSync(file, shown(name));
      return file;
    });
    const cluster = ground.cluster({ nodes: NODES, modules: files });
    const url = `ws://127.0.0.1:${cluster.file.players.get("gateway:1") ?? 0}`;
    const client = new PlayerClient({ url, token: () => tokenOf("ann") });
    try {
      await cluster.start();
      const heard: unknown[] = [];
      client.subscribe("bag.used", (body) => heard.push(body));
      client.connect();
      const wait = { withinMs: 10_000, notices: cluster.notices };
      await waitFor(() => (client.status.kind === "online" ? true : undefined), { what: "ann to log in", ...wait });
      expect(await client.request(USE, { item: "apple" })).toEqual({ left: 0 });
      await waitFor(() => heard[0], { what: "the push", ...wait });
      expect(heard).toEqual([{ item: "apple" }]);

      const forge = (wish: string): Promise<unknown> => client.request(FORGE, { wish });
      expect(await forge("first")).toEqual({ forged: false, missing: 100 });
      const gift = { shard: 1, key: "gift", items: [{ item: "gold", count: 150 }], why: "a test" };
      expect((await cluster.admin.ask("POST", "/api/players/ann/changes", gift)).status).toBe(200);
      expect(await forge("first")).toEqual({ forged: true, missing: 0 });
      expect(await forge("first")).toEqual({ forged: true, missing: 0 });
      expect(await forge("second")).toEqual({ forged: false, missing: 50 });
      expect(await client.request(PlayerBag.look, {})).toMatchObject({
        profile: { lastForged: "sword" },
        bag: { used: 1, items: [{ item: "gold", count: 50 }], uniques: [{ item: "sword", data: { level: 1 } }] },
      });
    } finally {
      client.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
