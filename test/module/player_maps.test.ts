/**
 * Players in maps, on whole nodes of the simulator: who is where as modules say and ask it, requests that the map serves,
 * and maps that die, restart or lose their links.
 */

import { describe, expect, test } from "#test";
import type { EnteredMap, ModuleNode } from "#module/module_node.ts";
import { module } from "#module/module.ts";
import { contract } from "#rpc/contract.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { nodeIdSchema } from "#rpc/runtime_contract.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { PlayerContract } from "#session/player_contract.ts";
import { PlayerDoor } from "#session/player_door.ts";
import type { PlayerAnswer } from "#session/player_router.ts";
import { SessionContract } from "#session/session_contract.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import * as v from "valibot";
import { CENTER, CENTER_2, CROSS_CENTER, GATEWAY, MeshGround, TREE, hostOf } from "../admin/mesh_ground.ts";
import { recordingLog } from "../mesh/harness.ts";
import { FakeConn } from "../session/door_ground.ts";

const USER = nodeId("user", 101);
const MAP = nodeId("map", 101);
const OTHER = nodeId("map", 102);
const MAPS = [MAP, OTHER];

const Hall = contract("hall", {
  put: { id: 2100, players: "user", request: v.strictObject({ n: v.number() }), reply: v.strictObject({}) },
  go: {
    id: 2101,
    players: "center",
    request: v.strictObject({ n: v.number(), map: nodeIdSchema }),
    reply: v.object({ kind: v.string() }),
  },
  step: {
    id: 2102,
    players: "map",
    request: v.strictObject({ n: v.number() }),
    reply: v.strictObject({ by: v.string(), at: v.string() }),
  },
});

class MapGround extends MeshGround {
  readonly nodes: Map<NodeId, ModuleNode>;
  /** "map:101 3": that request was executed there. */
  readonly executed: string[];

  constructor() {
    const nodes = new Map<NodeId, ModuleNode>();
    const executed: string[] = [];
    super({
      nodes: [...TREE, USER, MAP, OTHER],
      modules: () => [
        module("hall", { players: [Hall] }, (node) => {
          nodes.set(node.id, node);
          const note = (n: number): void => void executed.push(`${node.id} ${n}`);
          node.on("user", () =>
            node.onPlayer(Hall.put, (_from, { n }) => {
              note(n);
              return {};
            }),
          );
          node.on("center", () =>
            node.onPlayer(Hall.go, async (from, { n, map }) => {
              note(n);
              return await node.enterMap(from, map);
            }),
          );
          node.on("map", () =>
            node.onPlayer(Hall.step, ({ player }, { n }) => {
              note(n);
              return { by: player, at: node.id };
            }),
          );
        }),
      ],
    });
    this.nodes = nodes;
    this.executed = executed;
  }

  login(player: string): string {
    return this.call(GATEWAY, SessionContract.login, { player }, GATEWAY).session;
  }

  at(id: NodeId): ModuleNode {
    const found = this.nodes.get(id);
    if (found === undefined) throw new Error(`${id} hosts no module`);
    return found;
  }

  enter(player: string, map: NodeId, from: NodeId = CENTER): EnteredMap {
    return this.within(from, () => this.at(from).enterMap({ player }, map));
  }

  map(player: string, from: NodeId = CENTER): NodeId | undefined {
    return this.within(from, () => this.at(from).whereis(player))?.map;
  }

  /** A request for the player's map, as the door has it. */
  steps(player: string, session: string): PlayerAnswer {
    const { playerGateway } = this.node(GATEWAY);
    if (playerGateway === undefined) throw new Error("no gateway of players");
    const request = { session, player, method: Hall.step.id, body: { n: 0 }, deadlineMs: 2_000 };
    return this.within(GATEWAY, () => playerGateway.request(request));
  }

  /** The maps that believe to have the player in that session, of those that run. */
  believers(player: string, session: string): NodeId[] {
    return MAPS.filter((id) => this.nodes.has(id) && this.node(id).logins?.sessionOf(player) === session);
  }

  /** Its process ends, and another one starts. */
  restart(id: NodeId): void {
    this.kill(id);
    this.start(id);
    this.settle();
  }
}

const IN_NO_MAP = { kind: "error", code: "NO_ROUTE", detail: "the player is in no map", executed: false } as const;

function served(at: NodeId, by = "ann"): PlayerAnswer {
  return { kind: "reply", body: { by, at } };
}

describe("Players in maps: requests", () => {
  test("are served by the map that the player is in, and by none before and after", async () => {
    const ground = new MapGround();
    const session = ground.login("ann");
    expect(ground.steps("ann", session)).toEqual(IN_NO_MAP);
    // Any node of the shard may say it.
    const answers = [CENTER, USER, MAP, OTHER].map((from) => {
      const map = from === OTHER ? MAP : OTHER;
      return [ground.enter("ann", map, from).kind, ground.steps("ann", session)];
    });
    expect(answers).toEqual([
      ["ok", served(OTHER)],
      ["ok", served(OTHER)],
      ["ok", served(OTHER)],
      ["ok", served(MAP)],
    ]);
    const left = [OTHER, MAP].map((map) => ground.within(USER, () => ground.at(USER).leaveMap({ player: "ann" }, map)));
    expect([left, ground.steps("ann", session)]).toEqual([[{ left: false }, { left: true }], IN_NO_MAP]);
    await ground.dispose();
  });

  test("of an old session go nowhere, and a new login starts in no map", async () => {
    const ground = new MapGround();
    const old = ground.login("ann");
    ground.enter("ann", MAP);
    const session = ground.login("ann");
    expect([ground.steps("ann", old), ground.steps("ann", session)]).toEqual([IN_NO_MAP, IN_NO_MAP]);
    expect([ground.believers("ann", old), ground.map("ann")]).toEqual([[], undefined]);
    await ground.dispose();
  });

  test("over different nodes are executed in the player's order, also the one for the map just entered", async () => {
    const ground = new MapGround();
    const { door, conn } = doorOf(ground);
    ground.within(GATEWAY, async () => conn.say({ kind: "hello", token: "ann", resume: null }));
    ground.run(500);
    const requests = [
      { method: Hall.put.id, body: { n: 1 } },
      { method: Hall.go.id, body: { n: 2, map: MAP } },
      { method: Hall.step.id, body: { n: 3 } },
      { method: Hall.go.id, body: { n: 4, map: OTHER } },
      { method: Hall.step.id, body: { n: 5 } },
      { method: Hall.put.id, body: { n: 6 } },
    ];
    ground.within(GATEWAY, async () => {
      for (const [index, request] of requests.entries()) conn.say({ kind: "request", seq: index + 1, ...request });
    });
    ground.run(500);
    expect(conn.heard()).toEqual([
      "welcome ann 0",
      "reply 1 {}",
      'reply 2 {"kind":"ok"}',
      `reply 3 ${JSON.stringify({ by: "ann", at: MAP })}`,
      'reply 4 {"kind":"ok"}',
      `reply 5 ${JSON.stringify({ by: "ann", at: OTHER })}`,
      "reply 6 {}",
    ]);
    expect(ground.executed).toEqual([`${USER} 1`, `${CENTER} 2`, `${MAP} 3`, `${CENTER} 4`, `${OTHER} 5`, `${USER} 6`]);
    expect(door.find("ann").session?.map).toEqual(OTHER);
    await ground.dispose();
  });
});

/** A door with one connection, which the gateway of the ground has. The token is the player's name. */
function doorOf(ground: MapGround): { readonly door: PlayerDoor; readonly conn: FakeConn } {
  const { playerGateway: router, sessions: presence, counters } = ground.node(GATEWAY);
  const { process } = ground.world.host(hostOf(GATEWAY));
  if (router === undefined || presence === undefined || process === undefined) throw new Error("no gateway of players");
  const conn = new FakeConn("10.0.0.1:1000");
  const door = ground.within(
    GATEWAY,
    async () =>
      new PlayerDoor({
        clock: process.clock,
        random: process.random,
        log: recordingLog().log,
        counters,
        presence,
        verifier: { verify: async (player) => ({ kind: "ok", player }) },
        router,
        limits: DOOR_LIMITS,
        maintenance: { isOn: false, whiteList: [] },
      }),
  );
  conn.handler = door.accept(conn);
  return { door, conn };
}

describe("Players in maps: whereis", () => {
  test("is asked of the own shard, or of another one by its number", async () => {
    const ground = new MapGround();
    const session = ground.login("ann");
    const where = (from: NodeId, shard?: number) =>
      ground.within(from, () => ground.at(from).whereis("ann", shard === undefined ? undefined : { shard }));
    expect([where(USER), where(CENTER_2)]).toEqual([{ session, map: undefined }, undefined]);
    ground.enter("ann", OTHER);
    const there = { session, map: OTHER };
    expect([where(MAP), where(GATEWAY), where(CENTER_2, 1), where(CROSS_CENTER, 1), where(CENTER, 2)]).toEqual([
      there,
      there,
      there,
      there,
      undefined,
    ]);
    await ground.dispose();
  });

  test("nodes of other shards may ask, but not say who is in which map", async () => {
    const ground = new MapGround();
    ground.login("ann");
    const requests = [
      () => ground.call(CENTER_2, PlayerContract.enterMap, { player: "ann", map: MAP }, GATEWAY),
      () => ground.call(CENTER_2, PlayerContract.leaveMap, { player: "ann" }, GATEWAY),
    ];
    for (const request of requests) expect(request).toThrow("only nodes of shard 1 may speak to its players");
    expect(() => ground.within(CROSS_CENTER, () => ground.at(CROSS_CENTER).whereis("ann"))).toThrow("NO_ROUTE");
    // A map of another shard is none of this one: the gateway knows those that are linked to it.
    expect(ground.enter("ann", nodeId("map", 201))).toEqual({ kind: "no_such_map" });
    expect([ground.enter("eve", MAP), ground.map("ann")]).toEqual([{ kind: "no_session" }, undefined]);
    await ground.dispose();
  });
});

describe("Players in maps: when things end", () => {
  test("a map that dies has nobody, also when it starts again; other maps keep theirs", async () => {
    const ground = new MapGround();
    const ann = ground.login("ann");
    const bob = ground.login("bob");
    ground.enter("ann", MAP);
    ground.enter("bob", OTHER);
    ground.kill(MAP);
    ground.run(100);
    expect([ground.steps("ann", ann), ground.map("ann"), ground.enter("bob", MAP)]).toEqual([
      IN_NO_MAP,
      undefined,
      { kind: "no_such_map" },
    ]);
    ground.start(MAP);
    ground.settle();
    expect([ground.steps("ann", ann), ground.believers("ann", ann)]).toEqual([IN_NO_MAP, []]);
    expect(ground.steps("bob", bob)).toEqual(served(OTHER, "bob"));
    expect([ground.enter("ann", MAP), ground.steps("ann", ann)]).toEqual([{ kind: "ok" }, served(MAP)]);
    await ground.dispose();
  });

  test("a link that flaps takes nobody out of the map, and a session that ended meanwhile is over there", async () => {
    const ground = new MapGround();
    const ann = ground.login("ann");
    const bob = ground.login("bob");
    ground.enter("ann", MAP);
    ground.enter("bob", MAP);
    ground.freeze(MAP);
    ground.run(3_000);
    expect([ground.steps("ann", ann), ground.map("bob")]).toEqual([IN_NO_MAP, undefined]);
    const again = ground.login("bob");
    ground.thaw(MAP);
    ground.settle();
    ground.run(100);
    expect([ground.steps("ann", ann), ground.map("ann")]).toEqual([served(MAP), MAP]);
    expect([ground.believers("bob", bob), ground.believers("bob", again), ground.map("bob")]).toEqual([
      [],
      [],
      undefined,
    ]);
    ground.network.reset(hostOf(MAP), hostOf(GATEWAY));
    ground.run(2_000);
    expect(ground.steps("ann", ann)).toEqual(served(MAP));
    await ground.dispose();
  });

  test("who entered another map while the first was away is in the other one when it is back", async () => {
    const ground = new MapGround();
    const ann = ground.login("ann");
    ground.enter("ann", MAP);
    ground.freeze(MAP);
    ground.run(3_000);
    ground.enter("ann", OTHER);
    ground.thaw(MAP);
    ground.settle();
    ground.run(100);
    expect([ground.believers("ann", ann), ground.steps("ann", ann)]).toEqual([[OTHER], served(OTHER)]);
    await ground.dispose();
  });

  test("a map that stands still is not entered: the caller is told, and the player is in none", async () => {
    const ground = new MapGround();
    const ann = ground.login("ann");
    ground.enter("ann", OTHER);
    ground.freeze(MAP);
    const refused = caught(() => ground.enter("ann", MAP));
    expect(isCallError(refused) && refused.code).toEqual("FAILED");
    expect([ground.map("ann"), ground.steps("ann", ann)]).toEqual([undefined, IN_NO_MAP]);
    ground.thaw(MAP);
    ground.settle();
    ground.run(3_000);
    expect(ground.believers("ann", ann)).toEqual([]);
    await ground.dispose();
  });

  test("two enters at once into different maps: the last wins, and both maps believe what the gateway does", async () => {
    const ground = new MapGround();
    const ann = ground.login("ann");
    const both: (readonly [NodeId, NodeId])[] = [
      [MAP, OTHER],
      [OTHER, MAP],
    ];
    for (const [first, last] of both) {
      const answers = ground.within(CENTER, () =>
        Promise.all([first, last].map((map) => ground.at(CENTER).enterMap({ player: "ann" }, map))),
      );
      expect(answers).toEqual([{ kind: "ok" }, { kind: "ok" }]);
      expect([ground.map("ann"), ground.believers("ann", ann)]).toEqual([last, [last]]);
    }
    // From different nodes nobody knows which is the last, but they agree.
    ground.within(USER, async () => void ground.at(USER).enterMap({ player: "ann" }, MAP));
    ground.enter("ann", OTHER, CENTER);
    ground.run(100);
    expect(ground.believers("ann", ann)).toEqual([ground.map("ann") as NodeId]);
    await ground.dispose();
  });

  test("a session that is replaced while it enters: the new one is in no map, and the map forgets the old one", async () => {
    const ground = new MapGround();
    const old = ground.login("ann");
    const answers: string[] = [];
    ground.within(CENTER, async () => {
      void ground
        .at(CENTER)
        .enterMap({ player: "ann", session: old }, MAP)
        .then(({ kind }) => answers.push(kind));
    });
    const session = ground.login("ann");
    ground.run(100);
    expect([["ok", "no_session"].includes(answers[0] ?? ""), answers.length]).toEqual([true, 1]);
    expect([ground.map("ann"), ground.believers("ann", old), ground.believers("ann", session)]).toEqual([
      undefined,
      [],
      [],
    ]);
    const late = ground.within(CENTER, () => ground.at(CENTER).enterMap({ player: "ann", session: old }, MAP));
    expect([late, ground.map("ann")]).toEqual([{ kind: "no_session" }, undefined]);
    await ground.dispose();
  });

  test("a gateway that starts anew has no sessions, and its maps forget them", async () => {
    const ground = new MapGround();
    const ann = ground.login("ann");
    ground.enter("ann", MAP);
    ground.restart(GATEWAY);
    ground.run(100);
    expect([ground.map("ann"), ground.believers("ann", ann), ground.enter("ann", MAP)]).toEqual([
      undefined,
      [],
      { kind: "no_session" },
    ]);
    await ground.dispose();
  });
});

function caught(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}
