/**
 * Players behind the door of their shard's gateway: requests to the nodes that serve them, pushes and kicks back, on whole
 * nodes of the simulator. The door itself is a list here.
 */

import { describe, expect, test } from "#test";
import { module } from "#module/module.ts";
import type { ModuleNode } from "#module/module_node.ts";
import { contract } from "#rpc/contract.ts";
import { SessionContract } from "#session/session_contract.ts";
import type { PlayerAnswer } from "#session/player_router.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import * as v from "valibot";
import { CENTER, CENTER_2, GATEWAY, GATEWAY_2, MeshGround, TREE } from "../admin/mesh_ground.ts";

const USER = nodeId("user", 101);
const OTHER_USER = nodeId("user", 102);
const empty = v.strictObject({});
const Bag = contract("bag", {
  use: {
    id: 2000,
    players: "user",
    request: v.strictObject({ item: v.string() }),
    reply: v.strictObject({ by: v.string(), at: v.string() }),
  },
  talk: { id: 2001, players: "center", request: empty, reply: empty },
  inside: { id: 2002, request: empty, reply: empty },
});

class PlayerGround extends MeshGround {
  readonly nodes: Map<NodeId, ModuleNode>;
  /** "ann bag.used", as the door would tell players. */
  readonly told: string[] = [];

  constructor() {
    const nodes = new Map<NodeId, ModuleNode>();
    super({
      nodes: [...TREE, USER, OTHER_USER],
      modules: () => [
        module("bag", { players: [Bag] }, (node) => {
          nodes.set(node.id, node);
          node.on("user", () =>
            node.onPlayer(Bag.use, async ({ player }, { item }) => {
              if (item === "bomb") throw new Error("no bombs");
              if (item === "parcel") await node.call(Bag.inside, {}, { to: nodeId("cross_center", 9) });
              return { by: player, at: node.id };
            }),
          );
          node.on("center", () => node.onPlayer(Bag.talk, () => ({})));
        }),
      ],
    });
    this.nodes = nodes;
    this.node(GATEWAY).playerGateway?.open({
      push: (player, type) => {
        this.told.push(`${player} ${type}`);
        return player !== "gone";
      },
      players: () => ["ann", "bob"],
    });
  }

  login(player: string): string {
    return this.call(GATEWAY, SessionContract.login, { player }, GATEWAY).session;
  }

  asks(player: string, session: string, method: number, body: unknown): PlayerAnswer {
    const { playerGateway } = this.node(GATEWAY);
    if (playerGateway === undefined) throw new Error("no gateway of players");
    const request = { session, player, method, body, deadlineMs: 2_000 };
    return this.within(GATEWAY, () => playerGateway.request(request));
  }

  at(id: NodeId): ModuleNode {
    const found = this.nodes.get(id);
    if (found === undefined) throw new Error(`${id} hosts no module`);
    return found;
  }
}

describe("Players: requests", () => {
  test("go to the player's own user node, or to the center, with who asks as the gateway knows it", async () => {
    const ground = new PlayerGround();
    const nodes = new Set<string>();
    for (const player of ["ann", "bob", "cid", "dan", "eve", "fay", "gus"]) {
      const answers = [1, 2].map(() => ground.asks(player, ground.login(player), 2000, { item: "apple" }));
      const [first] = answers;
      expect(first).toMatchObject({ kind: "reply", body: { by: player } });
      expect(answers[1]).toEqual(first as PlayerAnswer);
      nodes.add(first?.kind === "reply" ? (first.body as { at: string }).at : "");
    }
    expect([...nodes].toSorted()).toEqual([USER, OTHER_USER]);
    expect(ground.asks("ann", ground.login("ann"), 2001, {})).toEqual({ kind: "reply", body: {} });
    await ground.dispose();
  });

  test("are checked at the door: unknown methods, those of nodes alone, and bodies that do not fit", async () => {
    const ground = new PlayerGround();
    const session = ground.login("ann");
    expect(ground.asks("ann", session, 2002, {})).toEqual({
      ...{ kind: "error", code: "UNKNOWN_METHOD", executed: false },
      detail: "players may not call method 2002",
    });
    expect(ground.asks("ann", session, 2000, { item: 7 })).toMatchObject({
      kind: "error",
      code: "INVALID",
      executed: false,
    });
    await ground.dispose();
  });

  test("of a session that was not told, or that is another player's, are refused by the node that serves them", async () => {
    const ground = new PlayerGround();
    const old = ground.login("ann");
    const session = ground.login("ann");
    for (const [player, of] of [
      ["ann", old],
      ["bob", session],
    ] as const) {
      expect(ground.asks(player, of, 2001, {})).toEqual({
        ...{ kind: "error", code: "NO_ROUTE", executed: false },
        detail: "center:1 has not been told of this session",
      });
    }
    await ground.dispose();
  });

  test("end with what is known: a fault of the module was executed, a node that is gone did nothing", async () => {
    const ground = new PlayerGround();
    const session = ground.login("ann");
    const failed = ground.asks("ann", session, 2000, { item: "bomb" });
    expect(failed).toMatchObject({ kind: "error", code: "FAILED", executed: true });
    ground.kill(USER);
    ground.kill(OTHER_USER);
    ground.run(10_000);
    expect(ground.asks("ann", session, 2000, { item: "apple" })).toEqual({
      ...{ kind: "error", code: "NO_ROUTE", executed: false },
      detail: "no user of shard 1 is there",
    });
    await ground.dispose();
  });
});

describe("Players: a handler whose own call to another node fails", () => {
  test("is no fault of the module: the player hears the code of that call, and that nobody knows what was done", async () => {
    const ground = new PlayerGround();
    const session = ground.login("ann");
    expect(ground.asks("ann", session, 2000, { item: "parcel" })).toEqual({
      ...{ kind: "error", code: "NO_ROUTE", executed: null },
      detail: expect.stringContaining("cross_center:9"),
    });
    for (const id of [USER, OTHER_USER]) expect([id, ground.node(id).alarms.all()]).toEqual([id, []]);
    expect(ground.asks("ann", session, 2000, { item: "apple" })).toMatchObject({ kind: "reply", body: { by: "ann" } });
    await ground.dispose();
  });
});

describe("Players: what they are told", () => {
  test("nodes of their shard push to some or to all", async () => {
    const ground = new PlayerGround();
    const some = ground.within(CENTER, () =>
      ground.at(CENTER).push({ players: ["ann", "gone"], type: "bag.used", body: 1 }),
    );
    const all = ground.within(USER, () => ground.at(USER).push({ type: "rain", body: {} }));
    expect([some, all]).toEqual([{ told: 1 }, { told: 2 }]);
    expect(ground.told).toEqual(["ann bag.used", "gone bag.used", "ann rain", "bob rain"]);
    await ground.dispose();
  });

  test("nodes of other shards reach their own players alone", async () => {
    const ground = new PlayerGround();
    const pushed = ground.within(CENTER_2, () => ground.at(CENTER_2).push({ type: "rain", body: {} }));
    expect([pushed, ground.told]).toEqual([{ told: 0 }, []]);
    await ground.dispose();
  });

  test("only a node that serves players may, and only what its module lets players call", async () => {
    const ground = new PlayerGround();
    expect(() => ground.at(GATEWAY_2).onPlayer(Bag.use, () => ({ by: "", at: "" }))).toThrow(
      "allowed are user, center, map",
    );
    expect(() => ground.at(USER).onPlayer(Bag.inside, () => ({}))).toThrow("not among its module's players");
    expect(() => ground.at(CENTER).onPlayer(Bag.use, () => ({ by: "", at: "" }))).toThrow("its contract says user");
    await ground.dispose();
  });
});
