/**
 * The example module, alone beside a cluster file in a folder that was empty: the compiled executable loads it, takes
 * activities of its kind, lets players of two shards strike, counts each strike once, and mails the winner.
 */

import { resolve } from "node:path";
import { describe, expect } from "#test";
import { PlayerBag } from "#game/player_bag.ts";
import { PlayerClient } from "#client/client.ts";
import { Boss } from "../../examples/boss/boss.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { tokenOf } from "./harness/player_token.ts";
import { FULL } from "./harness/topologies.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const BOSS = resolve(import.meta.dir, "../../examples/boss/boss.ts");
const NODES: readonly NodeSpec[] = FULL.map((node) =>
  node.id.startsWith("gateway:") ? { ...node, players: true } : node,
);

describe("The example module", () => {
  clusterTest("brings a kind, and players who strike while it is open", async (ground) => {
    const cluster = ground.cluster({ nodes: NODES, modules: [BOSS] });
    await cluster.start();
    await cluster.settled();
    const { admin, notices } = cluster;
    const wait = { withinMs: 10_000, notices };
    const refused = await admin.ask("POST", "/api/activities", { id: "dragon", kind: "boss", config: { hp: "much" } });
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).toContain("config.hp");
    const clients = [
      ["ann", "gateway:1"],
      ["bob", "gateway:2"],
    ].map(([player = "", gateway = ""]) => {
      const url = `ws://127.0.0.1:${cluster.file.players.get(gateway)}`;
      return { player, client: new PlayerClient({ url, token: () => tokenOf(player) }) };
    });
    try {
      const heard: string[] = [];
      for (const { player, client } of clients) {
        client.subscribe("boss.here", () => heard.push(player));
        client.connect();
        await waitFor(() => (client.status.kind === "online" ? true : undefined), {
          what: `${player} to log in`,
          ...wait,
        });
        expect(await client.request(Boss.strike, { strike: "early", damage: 1 })).toEqual({
          ...{ place: 0, total: 0, loot: false },
        });
      }
      expect((await admin.open("dragon", { kind: "boss", config: { hp: 100 } })).status).toBe(201);
      await waitFor(() => (heard.length === 2 ? true : undefined), { what: "both to hear of the boss", ...wait });
      const [ann, bob] = clients;
      const strike = (
        by: typeof ann,
        of: string,
        damage: number,
      ): Promise<{ place: number; total: number; loot: boolean }> => {
        if (by === undefined) throw new Error("nobody strikes");
        return by.client.request(Boss.strike, { strike: of, damage });
      };
      expect(await strike(ann, "1", 10)).toEqual({ place: 1, total: 10, loot: true });
      expect(await strike(bob, "1", 30)).toEqual({ place: 1, total: 30, loot: true });
      expect(await strike(ann, "2", 5)).toEqual({ place: 2, total: 15, loot: true });
      // As a player whose answer was lost: it counts once.
      expect((await strike(ann, "2", 5)).total).toBe(15);
      expect(await ann?.client.request(PlayerBag.look, {})).toMatchObject({
        bag: { items: [{ item: "scale", count: 2 }] },
      });
    } finally {
      for (const { client } of clients) client.close();
    }
    expect((await admin.ask("POST", "/api/activities/dragon/close")).status).toBe(200);
    for (const id of ["center:1", "center:2"]) {
      const gone = await waitFor(() => cluster.node(id).life.lines.find((line) => line.phrase === "boss is gone"), {
        what: `${id} to hear the end`,
        ...wait,
      });
      expect(gone.data["activity"]).toBe("dragon");
    }
    const mails = await waitFor(
      async () => {
        const { body } = await admin.ask("GET", "/api/shards/2/mail?player=bob");
        const found = (body as { mails?: { title: string }[] }).mails ?? [];
        return found.length > 0 ? found : undefined;
      },
      { what: "bob's mail", ...wait },
    );
    expect(mails.map(({ title }) => title)).toEqual(["Place 1"]);
    console.log(`      example module: ${ground.seconds} s`);
  });
});
