/**
 * Players' data over the admin port of real nodes: asked anywhere, answered by whichever user node of a shard can, and
 * changed by the player's own.
 */

import { describe, expect, test } from "#test";
import type { AdminResult } from "#admin/port.ts";
import type { PlayerChangeRequest, PlayerChanged } from "#admin/port_player_data.ts";
import { module } from "#module/module.ts";
import type { ModuleNode } from "#module/module_node.ts";
import { userOf } from "#session/session_table.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId, nodeId } from "#wire/role.ts";
import { CENTER, CENTER_2, CROSS_GATEWAY, GATEWAY, MeshGround, TREE } from "./mesh_ground.ts";

const USER = nodeId("user", 101);
const OTHER_USER = nodeId("user", 102);
const USER_2 = nodeId("user", 201);
const USERS = [USER, OTHER_USER];
const SWORD = { data: { runes: [Uint8Array.of(7)] } };
const TIMES = { createdAtMs: expect.any(Number), changedAtMs: expect.any(Number) };
const GONE_MS = 6_000;

class Ground extends MeshGround {
  readonly hosts: Map<NodeId, ModuleNode>;

  constructor() {
    const hosts = new Map<NodeId, ModuleNode>();
    super({
      nodes: [...TREE, USER, OTHER_USER, USER_2],
      modules: () => [
        module("host", { items: { gold: { kind: "currency" }, sword: { kind: "unique" } } }, (node) => {
          hosts.set(node.id, node);
        }),
      ],
    });
    this.hosts = hosts;
  }

  /** As a module of the shard's center does it. */
  give(center: NodeId, player: string, count: number): void {
    const host = this.hosts.get(center);
    const change = {
      ...{ key: `gold ${count}`, reason: "test" },
      items: [
        { item: "gold", count },
        { item: "sword", count: 1, ...SWORD },
      ],
      profile: { title: "Sir" },
    };
    const outcome = this.within(center, async () => await host?.playerData.change(player, change));
    if (outcome?.kind !== "ok") throw new Error(`not given: ${JSON.stringify(outcome)}`);
  }

  look(at: NodeId, player: string, shard?: number) {
    return this.value(at, (port) => port.playerData.look({ player, shard }));
  }

  change(request: Partial<PlayerChangeRequest>): AdminResult<PlayerChanged> {
    const whole = { player: "ann", shard: 1, key: "t", items: [], profile: undefined, capacity: undefined };
    return this.ask(CROSS_GATEWAY, (port) => port.playerData.change({ ...whole, ifVersion: undefined, ...request }));
  }

  ledger(player: string, of: { readonly shard?: number; readonly before?: number; readonly limit?: number } = {}) {
    const { shard, before, limit = 50 } = of;
    return this.ask(CROSS_GATEWAY, (port) => port.playerData.ledger({ player, shard, before, limit }));
  }

  /** Players and their epochs, as the shard's store has them. */
  rows(shard: number): unknown[] {
    const user = shard === 1 ? USERS.find((id) => this.isUp(id)) : USER_2;
    if (user === undefined) throw new Error("no user of the shard runs");
    return this.within(user, async () => {
      const data = this.node(user).playerData?.data;
      const found = await data?.commits.add((tx) => tx.all("SELECT player, epoch FROM player ORDER BY player"));
      return [...(found ?? [])];
    });
  }

  readonly #down = new Set<NodeId>();

  isUp(id: NodeId): boolean {
    return !this.#down.has(id);
  }

  lose(id: NodeId): void {
    this.#down.add(id);
    this.kill(id);
    this.run(GONE_MS);
  }
}

function ownUserOf(player: string): NodeId {
  const own = userOf(
    player,
    USERS.map((id) => ({ id, key: keyOfId(id) })),
  );
  if (own === undefined) throw new Error("there are users");
  return own.id;
}

describe("Players' data over the mesh", () => {
  test("any node shows profile and bag, also when one of the user nodes has died, and takes nobody over", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    const owner = ownUserOf("ann");
    const uniques = [{ id: expect.stringMatching(/^[0-9a-f]{32}$/), item: "sword", ...SWORD }];
    const row = {
      ...{ shard: 1, owner, epoch: 1, version: 1, ...TIMES, profile: { title: "Sir" } },
      bag: { capacity: 200, used: 1, items: [{ item: "gold", count: 5 }], uniques },
    };
    for (const at of [CROSS_GATEWAY, GATEWAY, CENTER, ...USERS, USER_2, CENTER_2]) {
      expect([at, ground.look(at, "ann")]).toEqual([at, { data: [row], unreadable: [] }]);
      expect([at, ground.look(at, "ann", 1)]).toEqual([at, { data: [row], unreadable: [] }]);
    }
    ground.lose(owner);
    expect(ground.look(CROSS_GATEWAY, "ann")).toEqual({ data: [row], unreadable: [] });
    expect(ground.rows(1)).toEqual([{ player: "ann", epoch: 1 }]);
    await ground.dispose();
  });

  test("where a node does not answer the next one is asked, and with none the shard is named", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    ground.freeze(USER);
    expect(ground.look(CROSS_GATEWAY, "ann", 1).data).toMatchObject([{ shard: 1, version: 1 }]);
    ground.freeze(OTHER_USER);
    const reason = expect.stringMatching(/^user:102 does not answer: [A-Z_]+ at /);
    expect(ground.look(CROSS_GATEWAY, "ann")).toEqual({ data: [], unreadable: [{ shard: 1, reason }] });
    await ground.dispose();
  });

  test("a shard without a user node that can be reached is named, and so is one whose nodes can't read", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    ground.lose(USER_2);
    const reason = "no user of shard 2 is reachable";
    expect(ground.look(CENTER, "ann")).toMatchObject({ data: [{ shard: 1 }], unreadable: [{ shard: 2, reason }] });
    expect(ground.look(CENTER, "ann", 2)).toEqual({ data: [], unreadable: [{ shard: 2, reason }] });
    expect(ground.ledger("ben")).toEqual({
      kind: "unavailable",
      detail: `Cannot read data of players: shard 2: ${reason}`,
    });
    for (const id of USERS) {
      expect(ground.look(CENTER, "ann", 1)).toMatchObject({ data: [{ shard: 1 }], unreadable: [] });
      ground.within(id, async () => await ground.node(id).playerData?.data.stop());
    }
    const stopping = "user:102: Cannot commit: this node is stopping";
    expect(ground.look(CENTER, "ann", 1)).toEqual({ data: [], unreadable: [{ shard: 1, reason: stopping }] });
    for (const found of [ground.ledger("ann", { shard: 1 }), ground.change({ capacity: 1 })]) {
      expect(found).toEqual({
        kind: "unavailable",
        detail: `Cannot read data of players: shard 1: ${stopping}`,
      });
    }
    await ground.dispose();
  });

  test("a player whom nobody knows is nowhere, and nothing is written", async () => {
    const ground = new Ground();
    expect(ground.look(CROSS_GATEWAY, "eve")).toEqual({ data: [], unreadable: [] });
    expect(ground.ledger("eve")).toEqual({
      kind: "not_found",
      detail: "no shard that is reachable knows the player eve",
    });
    expect(ground.ledger("eve", { shard: 1 })).toMatchObject({ kind: "ok", value: { shard: 1, rows: [] } });
    expect(ground.change({ player: "eve", items: [{ item: "gold", count: 1 }] })).toEqual({
      kind: "not_found",
      detail: "Cannot change eve: shard 1 has no such player",
    });
    expect([ground.rows(1), ground.rows(2)]).toEqual([[], []]);
    await ground.dispose();
  });

  test("a player of two shards is shown in both, and the ledger is of the one that is named", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    ground.give(CENTER_2, "ann", 7);
    const items = (count: number) => ({ bag: { items: [{ item: "gold", count }] } });
    expect(ground.look(CROSS_GATEWAY, "ann").data).toMatchObject([
      { shard: 1, ...items(5) },
      { shard: 2, owner: USER_2, ...items(7) },
    ]);
    expect(ground.ledger("ann")).toEqual({
      kind: "invalid",
      detail: "Cannot choose between 2 shards that know ann",
      issues: [{ path: "?shard", message: "is needed: the player is known to shards 1, 2" }],
    });
    const gold = { key: "change:gold 7", reason: "test", subject: "item", name: "gold", before: 0, after: 7 };
    expect(ground.ledger("ann", { shard: 2 })).toMatchObject({
      kind: "ok",
      value: {
        shard: 2,
        rows: [{ number: 3, subject: "profile" }, { number: 2, values: { after: SWORD.data } }, gold],
      },
    });
    await ground.dispose();
  });

  test("the ledger of the only shard that knows the player comes by the page, from any user node", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    ground.lose(ownUserOf("ann"));
    const page = (before?: number) => {
      const found = ground.ledger("ann", { limit: 2, ...(before === undefined ? {} : { before }) });
      if (found.kind !== "ok") throw new Error(found.detail);
      return [found.value.shard, found.value.rows.map(({ number }) => number), found.value.next];
    };
    expect([page(), page(2)]).toEqual([
      [1, [3, 2], 2],
      [1, [1], undefined],
    ]);
    await ground.dispose();
  });
});

describe("Players' data over the mesh: changes by hand", () => {
  test("are made once for each key by the player's own node, and the ledger says who", async () => {
    const ground = new Ground();
    for (const player of ["ann", "ben", "cid", "dan"]) {
      ground.give(CENTER, player, 5);
      const node = ownUserOf(player);
      const items = [{ item: "gold", count: 3 }];
      const value = { shard: 1, node, version: 2, items, made: [] };
      const request = { player, key: "gold 5", items, capacity: 1, profile: { title: null, note: 2n ** 60n } };
      expect(ground.change(request)).toEqual({ kind: "ok", changed: true, value });
      expect(ground.change({ ...request, items: [] })).toEqual({ kind: "ok", changed: false, value });
      expect(ground.look(CENTER, player).data).toMatchObject([
        { owner: node, profile: { note: 2n ** 60n }, bag: { capacity: 201, items: [{ count: 8 }] } },
      ]);
      const lines = ground.ledger(player, { limit: 1 });
      expect(lines).toMatchObject({ kind: "ok", value: { rows: [{ key: "change:admin:gold 5", reason: "admin" }] } });
    }
    expect(USERS.map((id) => ground.node(id).counters.get("player_data.fenced"))).toEqual([0, 0]);
    await ground.dispose();
  });

  test("that can't be made say why, and change nothing", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    const none = "0".repeat(32);
    const wrong: [request: Partial<PlayerChangeRequest>, detail: string][] = [
      [{ items: [{ item: "gold", count: -6 }] }, "it has 5 of gold, wanted are 6"],
      [{ items: [{ take: none }] }, `it has no unique item ${none}`],
      [{ items: [{ item: "sword", count: 200 }] }, "its bag would need 201 places, it has 200"],
      [{ items: [{ item: "sword", count: 201 }] }, "more than 200 unique items in one change"],
      [{ capacity: 1_801 }, "places of the bag: 2001, limit is 2000"],
      [{ capacity: 1, ifVersion: 0 }, "its version is 1 by now"],
    ];
    // Whoever is not logged in is taken over anew for each of them.
    const before = ground.look(CENTER, "ann").data.map((row) => ({ ...row, epoch: 1 + wrong.length + 1 }));
    for (const [request, detail] of wrong) {
      expect(ground.change(request)).toEqual({ kind: "conflict", detail: `Cannot change ann: ${detail}`, allowed: [] });
    }
    expect(ground.change({ items: [{ item: "sword", count: -1 }] })).toEqual({
      kind: "invalid",
      detail: "Cannot accept body: 1 fault",
      issues: [{ path: "items", message: "Cannot take 1 of sword: unique items are taken by their id" }],
    });
    expect(ground.look(CENTER, "ann").data).toEqual(before);
    await ground.dispose();
  });

  test("take a unique item by its id, and are made by the next node when the player's own is gone", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    const [row] = ground.look(CENTER, "ann").data;
    const take = row?.bag.uniques[0]?.id ?? "";
    ground.lose(ownUserOf("ann"));
    const [next] = USERS.filter((id) => ground.isUp(id));
    expect(ground.change({ items: [{ take }] })).toMatchObject({
      kind: "ok",
      value: { node: next, version: 2, items: [{ item: "sword", count: -1 }] },
    });
    expect(ground.look(CENTER, "ann").data).toMatchObject([{ owner: next, epoch: 2, bag: { uniques: [] } }]);
    await ground.dispose();
  });

  test("of a shard without a user node are not made, and with a key of a module's they are", async () => {
    const ground = new Ground();
    ground.give(CENTER_2, "ann", 5);
    const gold = { shard: 2, key: "gold 5", items: [{ item: "gold", count: 1 }] };
    expect(ground.change(gold)).toMatchObject({ kind: "ok", changed: true });
    ground.lose(USER_2);
    expect(ground.change({ ...gold, key: "k" })).toEqual({
      kind: "unavailable",
      detail: "Cannot read data of players: shard 2: no user of shard 2 is reachable",
    });
    await ground.dispose();
  });

  test("over HTTP: a player is looked at, changed and looked up in one go", async () => {
    const ground = new Ground();
    ground.give(CENTER, "ann", 5);
    const body = { shard: 1, key: "t-1", items: [{ item: "sword", count: 1, data: { $bytes: "0a" } }], why: "bug 3" };
    expect(ground.http(CENTER, "POST /api/players/ann/changes", body)).toMatchObject({
      status: 200,
      body: { version: 2, made: [{ item: "sword" }], changed: true },
    });
    expect(ground.http(CENTER, "GET /api/players/ann")).toMatchObject({
      status: 200,
      body: { at: [], data: [{ version: 2, bag: { uniques: expect.any(Array) } }], unreadable: [] },
    });
    expect(ground.http(CENTER, "GET /api/players/ann/ledger?limit=1")).toMatchObject({
      status: 200,
      body: { shard: 1, rows: [{ number: 4, values: { after: { $bytes: "0a" } } }], next: 4 },
    });
    expect(ground.trail.map(({ verb, subject, why }) => [verb, subject, why])).toEqual([
      ["player.change", "1/ann/t-1", "bug 3"],
    ]);
    await ground.dispose();
  });
});
