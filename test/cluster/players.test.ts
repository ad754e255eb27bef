/**
 * Players on the compiled executable: they log in at a shard's gateway with signed tokens, ask their own nodes, hear pushes,
 * lose their connections and come back.
 */

import { resolve } from "node:path";
import { describe, expect } from "#test";
import { PlayerClient } from "#client/client.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { tokenOf } from "./harness/player_token.ts";
import { waitFor } from "./harness/wait.ts";
import { Satchel } from "./modules/satchel.ts";

endLeftClusters();

const SATCHEL = resolve(import.meta.dir, "modules/satchel.ts");
const NODES: readonly NodeSpec[] = [
  { id: "gateway:1", players: true },
  { id: "center:1", admin: true },
  { id: "user:101" },
  { id: "user:102" },
];

const FOLLOWERS = ["center:1", "user:101", "user:102"];

describe("Players", () => {
  clusterTest("log in, ask their nodes in order, hear what others say, and are one session each", async (ground) => {
    const cluster = ground.cluster({ nodes: NODES, modules: [SATCHEL] });
    await cluster.start();
    const port = cluster.file.players.get("gateway:1") ?? 0;
    const url = `ws://127.0.0.1:${port}`;
    const wait = { withinMs: 10_000, notices: cluster.notices };
    const clients: PlayerClient[] = [];
    const enter = async (player: string): Promise<PlayerClient> => {
      const client = new PlayerClient({ url, token: () => tokenOf(player) });
      clients.push(client);
      client.connect();
      await waitFor(() => (client.status.kind === "online" ? true : undefined), {
        what: `${player} to log in`,
        ...wait,
      });
      return client;
    };
    try {
      const ann = await enter("ann");
      const bob = await enter("bob");
      const heard: unknown[] = [];
      bob.subscribe("said", (body) => heard.push(body));
      const puts = await Promise.all(["apple", "bow", "cup"].map((item) => ann.request(Satchel.put, { item })));
      expect(puts.map(({ items }) => items)).toEqual([["apple"], ["apple", "bow"], ["apple", "bow", "cup"]]);
      expect(await ann.request(Satchel.say, { text: "hello" })).toEqual({ told: 2 });
      await waitFor(() => (heard.length > 0 ? true : undefined), { what: "bob to hear of it", ...wait });
      expect(heard).toEqual([{ player: "ann", text: "hello" }]);
      // Operators see where a player is.
      const where = (player: string) => cluster.admin.ask("GET", `/api/players/${player}`);
      const seat = { gateway: "gateway:1", shard: 1, session: expect.any(String), sinceMs: expect.any(Number) };
      const nothing = { silent: [], data: [], unreadable: [] };
      expect(await where("eve")).toEqual({ status: 200, body: { player: "eve", at: [], ...nothing } });
      // Whoever logs in is known from then on, with an empty bag.
      const known = await waitFor(
        async () => {
          const { body } = await where("bob");
          return (body as { readonly data: readonly unknown[] }).data.length > 0 ? body : undefined;
        },
        { what: "bob to be known", ...wait },
      );
      const times = { createdAtMs: expect.any(Number), changedAtMs: expect.any(Number) };
      const bag = { capacity: 200, used: 0, items: [], uniques: [] };
      const owner = expect.stringMatching(/^user:10[12]$/);
      const data = [{ shard: 1, owner, epoch: 1, version: 0, ...times, profile: {}, bag }];
      expect(known).toEqual({ player: "bob", at: [seat], silent: [], data, unreadable: [] });
      // They give things by hand, once, and the ledger says so.
      const gift = { shard: 1, key: "ticket-7", items: [{ item: "coin", count: 3 }], why: "a lost coin" };
      for (const changed of [true, false]) {
        expect(await cluster.admin.ask("POST", "/api/players/bob/changes", gift)).toEqual({
          status: 200,
          body: { shard: 1, node: owner, version: 1, items: gift.items, made: [], changed },
        });
      }
      const row = { number: 1, key: "change:admin:ticket-7", reason: "admin", name: "coin", before: 0, after: 3 };
      expect(await cluster.admin.ask("GET", "/api/players/bob/ledger")).toMatchObject({
        status: 200,
        body: { player: "bob", shard: 1, rows: [row] },
      });
      // What does not fit is refused at the door, and the session goes on.
      const refused = await ann.request(Satchel.put, { item: "" }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: "INVALID", executed: false });
      // The newest login wins, and the older one is told.
      const again = await enter("ann");
      await waitFor(() => (ann.status.kind === "offline" ? ann.status : undefined), {
        what: "ann's first login to end",
        ...wait,
      });
      expect(ann.status).toMatchObject({ kind: "offline", reason: { code: "replaced" } });
      expect((await again.request(Satchel.put, { item: "dart" })).items).toEqual(["apple", "bow", "cup", "dart"]);
      // A module ends a session, and the client is told why.
      again.request(Satchel.leave, {}).catch(() => undefined);
      await waitFor(() => (again.status.kind === "offline" ? true : undefined), { what: "ann to be ended", ...wait });
      expect(again.status).toMatchObject({ kind: "offline", reason: { code: "kicked", detail: "you wanted to" } });
    } finally {
      for (const client of clients) client.close();
    }
  });

  clusterTest("walk in the map that they have entered, until it dies", async (ground) => {
    const cluster = ground.cluster({ nodes: [...NODES, { id: "map:101" }], modules: [SATCHEL] });
    await cluster.start();
    const wait = { withinMs: 20_000, notices: cluster.notices };
    const client = new PlayerClient({
      url: `ws://127.0.0.1:${cluster.file.players.get("gateway:1") ?? 0}`,
      token: () => tokenOf("ann"),
    });
    const map = async (): Promise<unknown> => {
      const { body } = await cluster.admin.ask("GET", "/api/players/ann");
      return (body as { readonly at: readonly { readonly map?: string }[] }).at[0]?.map;
    };
    const walk = () => client.request(Satchel.walk, {}).catch((error: unknown) => error);
    const inNone = { code: "NO_ROUTE", executed: false };
    /** The center does not know at once that the map is there again. */
    const travel = () =>
      waitFor(async () => ((await client.request(Satchel.travel, {})).kind === "ok" ? true : undefined), {
        what: "ann to enter the map",
        ...wait,
      });
    try {
      for (const id of [...FOLLOWERS, "map:101"]) await cluster.node(id).line("link up", { withinMs: wait.withinMs });
      client.connect();
      await waitFor(() => (client.status.kind === "online" ? true : undefined), { what: "ann to log in", ...wait });
      expect([await walk(), await map()]).toEqual([expect.objectContaining(inNone), undefined]);
      await travel();
      expect([await walk(), await walk(), await map()]).toEqual([
        { at: "map:101", steps: 1 },
        { at: "map:101", steps: 2 },
        "map:101",
      ]);
      await cluster.node("map:101").kill();
      await waitFor(async () => ((await map()) === undefined ? true : undefined), {
        what: "ann to be in none",
        ...wait,
      });
      expect(await walk()).toMatchObject(inNone);
      await cluster.node("map:101").start();
      await travel();
      expect([await walk(), await map()]).toEqual([{ at: "map:101", steps: 1 }, "map:101"]);
    } finally {
      client.close();
    }
  });

  clusterTest(
    "a stranger's token is refused, and a gateway that dies takes them in again when it is back",
    async (ground) => {
      const cluster = ground.cluster({ nodes: NODES, modules: [SATCHEL] });
      await cluster.start();
      const port = cluster.file.players.get("gateway:1") ?? 0;
      const url = `ws://127.0.0.1:${port}`;
      const wait = { withinMs: 30_000, notices: cluster.notices };
      const stranger = new PlayerClient({ url, token: () => `${"x".repeat(20)}.y.z` });
      const ann = new PlayerClient({ url, token: () => tokenOf("ann") });
      try {
        stranger.connect();
        await waitFor(() => (stranger.status.kind === "offline" ? true : undefined), {
          what: "the stranger to be refused",
          ...wait,
        });
        expect(stranger.status).toMatchObject({ kind: "offline", reason: { code: "bad_token" } });
        ann.connect();
        await waitFor(() => (ann.status.kind === "online" ? true : undefined), { what: "ann to log in", ...wait });
        expect((await ann.request(Satchel.put, { item: "apple" })).items).toEqual(["apple"]);
        // Whoever has never been welcomed by a gateway has not lost it either.
        for (const id of FOLLOWERS) await cluster.node(id).line("link up", { withinMs: wait.withinMs });
        await cluster.node("gateway:1").kill();
        await waitFor(() => (ann.status.kind === "online" ? undefined : true), { what: "ann to notice", ...wait });
        await cluster.node("gateway:1").start();
        // Their gateway has died: they leave, and whoever watches over them starts them again.
        for (const id of FOLLOWERS) {
          await cluster.node(id).life.ended;
          await cluster.node(id).start();
        }
        await waitFor(() => (ann.status.kind === "online" ? true : undefined), { what: "ann to be back", ...wait });
        const put = await waitFor(() => ann.request(Satchel.put, { item: "bow" }).catch(() => undefined), {
          what: "ann's request to be served",
          ...wait,
        });
        expect(put.items).toContain("bow");
      } finally {
        stranger.close();
        ann.close();
      }
    },
  );

  clusterTest(
    "who speaks the mesh's protocol to the players' port, or the other way round, is closed; nobody else notices",
    async (ground) => {
      const cluster = ground.cluster({ nodes: NODES, modules: [SATCHEL] });
      await cluster.start();
      const { listen, players } = cluster.file;
      const wait = { withinMs: 20_000, notices: cluster.notices };
      const hello = new Uint8Array(60);
      hello.set([0, 0, 0, 56, 0x4b, 0x46, 1, 0]);
      const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
      const strangers: readonly (readonly [number | undefined, string | Uint8Array])[] = [
        [players.get("gateway:1"), hello],
        [listen.get("gateway:1"), upgrade],
      ];
      for (const [port = 0, bytes] of strangers) {
        let isClosed = false;
        const socket = await Bun.connect({
          hostname: "127.0.0.1",
          port,
          socket: { data: () => {}, close: () => void (isClosed = true), end: (ended) => void ended.end() },
        });
        socket.write(bytes);
        await waitFor(() => (isClosed ? true : undefined), { what: `port ${port} to close a stranger`, ...wait });
      }
      const client = new PlayerClient({
        url: `ws://127.0.0.1:${players.get("gateway:1")}`,
        token: () => tokenOf("ann"),
      });
      try {
        client.connect();
        await waitFor(() => (client.status.kind === "online" ? true : undefined), { what: "ann to log in", ...wait });
        expect((await client.request(Satchel.put, { item: "apple" })).items).toEqual(["apple"]);
        for (const { id } of NODES) expect([id, cluster.node(id).isAlive]).toEqual([id, true]);
      } finally {
        client.close();
      }
    },
  );
});
