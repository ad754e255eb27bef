/**
 * Players' data on whole nodes of the simulator: who may ask where, nodes that come and go, mails that are claimed while
 * nodes die.
 */

import { describe, expect, test } from "#test";
import { DeliveryContract } from "#delivery/delivery_contract.ts";
import { checkMail } from "#delivery/reward.ts";
import { PlayerBag } from "#game/player_bag.ts";
import { module } from "#module/module.ts";
import { NODE_WAIT_MS } from "#module/player_gateway.ts";
import type { ModuleNode } from "#module/module_node.ts";
import { ChangeFault } from "#player/change_fault.ts";
import { SessionContract } from "#session/session_contract.ts";
import type { PlayerAnswer } from "#session/player_router.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import { CENTER, CROSS_CENTER, GATEWAY, MeshGround, TREE } from "../admin/mesh_ground.ts";

const USER = nodeId("user", 101);
const OTHER_USER = nodeId("user", 102);
const MAP = nodeId("map", 101);
const PLAYERS = ["ann", "ben", "cid", "dan", "eve", "fay", "gus", "hal"];

class DataGround extends MeshGround {
  readonly hosts: Map<NodeId, ModuleNode>;

  constructor(nodes: readonly NodeId[] = [...TREE, USER, OTHER_USER, MAP]) {
    const hosts = new Map<NodeId, ModuleNode>();
    super({
      nodes,
      modules: () => [
        module(
          "host",
          { items: { gold: { kind: "currency" }, sword: { kind: "unique" } } },
          (node) => void hosts.set(node.id, node),
        ),
      ],
    });
    this.hosts = hosts;
  }

  at(id: NodeId): ModuleNode {
    const found = this.hosts.get(id);
    if (found === undefined) throw new Error(`${id} hosts no module`);
    return found;
  }

  give(at: NodeId, player: string, key: string, count: number): string {
    const change = { key, reason: "test", items: [{ item: "gold", count }] };
    const outcome = this.within(at, () => this.at(at).playerData.change(player, change));
    return outcome.kind === "ok" && outcome.repeated ? "repeated" : outcome.kind;
  }

  goldOf(at: NodeId, player: string): number {
    const { bag } = this.within(at, () => this.at(at).playerData.read(player));
    return bag.items.find(({ item }) => item === "gold")?.count ?? 0;
  }

  login(player: string): string {
    return this.call(GATEWAY, SessionContract.login, { player }, GATEWAY).session;
  }

  asks(player: string, session: string, method: { readonly id: number }, body: unknown): PlayerAnswer {
    const { playerGateway } = this.node(GATEWAY);
    if (playerGateway === undefined) throw new Error("no gateway of players");
    const request = { session, player, method: method.id, body, deadlineMs: 5_000 };
    return this.within(GATEWAY, () => playerGateway.request(request));
  }

  /** A reward arrives at the center; answers the mail's id. */
  mail(player: string, tier: string, count: number): string {
    const checked = checkMail({ title: "Prize", text: "", items: [{ item: "gold", count }] });
    if (checked.kind === "bad") throw new Error(checked.detail);
    const key = { activity: "boss", term: "t", group: "all", ranking: "damage", player, tier };
    const row = { ...key, sequence: 1, shard: 1, mail: checked.bytes };
    this.call(CROSS_CENTER, DeliveryContract.deliver, { rows: [row] }, CENTER);
    const { mails } = this.call(CROSS_CENTER, DeliveryContract.mails, { player, limit: 100 }, CENTER);
    return mails.at(-1)?.id ?? "";
  }
}

describe("Players' data: from any node of the shard", () => {
  test("is asked of the one user node that owns the player", async () => {
    const ground = new DataGround();
    for (const [index, player] of PLAYERS.entries()) {
      for (const [at, key] of [
        [CENTER, "a"],
        [MAP, "b"],
        [USER, "c"],
        [OTHER_USER, "d"],
      ] as const) {
        expect(ground.give(at, player, key, index + 1)).toBe("ok");
        expect(ground.give(CENTER, player, key, index + 1)).toBe("repeated");
      }
      expect([CENTER, MAP, USER, OTHER_USER].map((at) => ground.goldOf(at, player))).toEqual(
        Array.from({ length: 4 }, () => 4 * (index + 1)),
      );
    }
    const loads = [USER, OTHER_USER].map((id) => ground.node(id).counters.get("player_data.loaded"));
    expect(loads.every((count) => count > 0)).toBe(true);
    expect([USER, OTHER_USER].map((id) => ground.node(id).counters.get("player_data.fenced"))).toEqual([0, 0]);
    await ground.dispose();
  });

  test("is not there on the cross tier, and says so", async () => {
    const ground = new DataGround();
    expect(() => ground.goldOf(CROSS_CENTER, "ann")).toThrow("no user of shard 0 is reachable");
    await ground.dispose();
  });

  test("what can't be a change fails at whoever asks, and nothing else", async () => {
    const ground = new DataGround();
    for (const at of [CENTER, USER, OTHER_USER]) {
      expect(() => ground.give(at, "ann", "a", 0)).toThrow(TypeError);
      expect(() => ground.give(at, "", "a", 1)).toThrow(TypeError);
      for (const limit of [0, 1.5, 1e9]) {
        expect(() => ground.within(at, () => ground.at(at).playerData.ledger("ann", { limit }))).toThrow(TypeError);
      }
    }
    expect(ground.give(CENTER, "ann", "a", 1)).toBe("ok");
    await ground.dispose();
  });

  test("is the asker's own copy: what becomes of it concerns nobody else", async () => {
    const ground = new DataGround();
    ground.login("ann");
    const profile = { house: { rooms: 1 } };
    const items = [{ item: "sword", count: 1, data: { level: 1 } }];
    const seen = [USER, OTHER_USER].map((at) => {
      const { playerData } = ground.at(at);
      ground.within(at, () => playerData.change("ann", { key: "a", reason: "test", profile, items }));
      const first = ground.within(at, () => playerData.read("ann"));
      Object.assign(first.profile["house"] as object, { rooms: 2 });
      Object.assign(first.bag.uniques[0]?.data as object, { level: 2 });
      const second = ground.within(at, () => playerData.read("ann"));
      return [second.profile, second.bag.uniques.map(({ data }) => data)];
    });
    expect(seen).toEqual([
      [{ house: { rooms: 1 } }, [{ level: 1 }]],
      [{ house: { rooms: 1 } }, [{ level: 1 }]],
    ]);
    await ground.dispose();
  });

  test("what only the player's own node can tell to be none fails at whoever asks, on any node", async () => {
    const ground = new DataGround();
    const change = { key: "k", reason: "test", items: [{ item: "sword", count: -1 }] };
    for (const at of [CENTER, USER, OTHER_USER]) {
      const ask = () => ground.within(at, () => ground.at(at).playerData.change("ann", change));
      expect(ask).toThrow(new ChangeFault("Cannot take 1 of sword: unique items are taken by their id"));
    }
    await ground.dispose();
  });
});

describe("Players' data: user nodes that come and go", () => {
  test("a player is served by the others while its node is down, and nothing is lost on the way", async () => {
    const ground = new DataGround();
    const sessions = new Map(PLAYERS.map((player) => [player, ground.login(player)]));
    const look = (player: string): PlayerAnswer => ground.asks(player, sessions.get(player) ?? "", PlayerBag.look, {});
    let given = 0;
    const giveAll = (): void => {
      given += 1;
      for (const player of PLAYERS) expect(ground.give(CENTER, player, `${given}`, 1)).toBe("ok");
      for (const player of PLAYERS) {
        expect(look(player)).toMatchObject({
          kind: "reply",
          body: { bag: { items: [{ item: "gold", count: given }] } },
        });
      }
    };
    giveAll();
    for (const id of [USER, OTHER_USER, USER]) {
      ground.kill(id);
      ground.run(6_000);
      giveAll();
      ground.start(id);
      ground.settle();
      ground.run(3_000);
      giveAll();
    }
    expect(given).toBe(7);
    await ground.dispose();
  });

  test("a player who moves with its session is held by one of them", async () => {
    const ground = new DataGround();
    for (const player of PLAYERS) ground.login(player);
    ground.run(1_000);
    const held = (): number[] => [USER, OTHER_USER].map((id) => ground.node(id).playerData?.data.heldCount ?? -1);
    const before = held();
    expect(before[0]).toBeGreaterThan(0);
    expect((before[0] ?? 0) + (before[1] ?? 0)).toBe(PLAYERS.length);
    ground.kill(USER);
    ground.run(6_000);
    expect(ground.node(OTHER_USER).playerData?.data.heldCount).toBe(PLAYERS.length);
    ground.start(USER);
    ground.settle();
    ground.run(3_000);
    expect(held()).toEqual(before);
    await ground.dispose();
  });

  test("a node whose store is not the shard's serves no data, and says which is which", async () => {
    const ground = new DataGround();
    ground.give(USER, "ann", "a", 1);
    await ground
      .disk(`players of 1` as NodeId)
      .transaction((tx) => tx.run("UPDATE player_store SET id = ?, is_confirmed = 0", ["ab".repeat(16)]));
    for (const id of [USER, OTHER_USER]) {
      ground.kill(id);
      ground.start(id);
    }
    ground.settle();
    ground.run(2_000);
    expect(() => ground.goldOf(USER, "ann")).toThrow("this node has store");
    expect(ground.node(USER).alarms.has("player_store_differs")).toBe(true);
    await ground.dispose();
  });
});

describe("Players' requests while their node is away for a moment", () => {
  test("wait for it, and are answered when it is back; beyond a bound they were not executed", async () => {
    const ground = new DataGround([...TREE, USER]);
    const session = ground.login("ann");
    ground.kill(USER);
    ground.run(500);
    ground.world.after(1_000, () => ground.start(USER));
    expect(ground.asks("ann", session, PlayerBag.look, {})).toMatchObject({ kind: "reply" });
    ground.kill(USER);
    ground.run(500);
    const startMs = ground.world.nowMs;
    expect(ground.asks("ann", session, PlayerBag.look, {})).toMatchObject({
      ...{ kind: "error", code: "NO_ROUTE", executed: false },
    });
    const tookMs = ground.world.nowMs - startMs;
    expect(tookMs).toBeGreaterThan(1_000);
    expect(tookMs).toBeLessThanOrEqual(NODE_WAIT_MS);
    await ground.dispose();
  });

  test("are asked again when the node dies under them, if their method says that this is as good as once", async () => {
    const ground = new DataGround([...TREE, USER]);
    const session = ground.login("ann");
    ground.give(CENTER, "ann", "start", 100);
    for (let round = 0; round < 10; round += 1) {
      ground.world.after(round, () => ground.kill(USER));
      ground.world.after(round + 700, () => ground.start(USER));
      const what = { item: "gold", count: 1 };
      const answer = ground.asks("ann", session, PlayerBag.discard, { key: `${round}`, what });
      expect(answer).toMatchObject({ kind: "reply", body: { kind: "ok" } });
      ground.run(1_000);
      ground.settle();
      expect(ground.goldOf(CENTER, "ann")).toBe(99 - round);
    }
    await ground.dispose();
  });
});

describe("Players' data: a hostile player", () => {
  test("is answered, whatever it throws away: nothing of it is a fault of the module, or anybody else's delay", async () => {
    const ground = new DataGround();
    const session = ground.login("ann");
    const throwsAway = (key: string, item: string, count: number): PlayerAnswer =>
      ground.asks("ann", session, PlayerBag.discard, { key, what: { item, count } });
    expect(throwsAway("1", "sword", 1)).toMatchObject({ body: { kind: "short", item: "sword", found: 0, wanted: 1 } });
    expect(throwsAway("2", "gold", 1e12)).toMatchObject({ body: { kind: "short" } });
    expect(throwsAway("3", "gold", 1e12 + 1)).toMatchObject({ kind: "error", code: "INVALID", executed: false });
    for (const id of [USER, OTHER_USER]) expect(ground.node(id).alarms.all()).toEqual([]);
    await ground.dispose();
  });
});

describe("Players' data: mails", () => {
  test("are claimed into the bag once, and their claims are written down at the center", async () => {
    const ground = new DataGround();
    const session = ground.login("ann");
    const id = ground.mail("ann", "1", 5);
    const claim = (): PlayerAnswer => ground.asks("ann", session, PlayerBag.claim, { mail: id });
    expect(claim()).toMatchObject({ kind: "reply", body: { kind: "ok", repeated: false } });
    expect(claim()).toMatchObject({ kind: "reply", body: { kind: "ok", repeated: true } });
    expect(ground.goldOf(CENTER, "ann")).toBe(5);
    const listed = ground.asks("ann", session, PlayerBag.mails, {});
    expect(listed).toMatchObject({ kind: "reply", body: { mails: [{ id, items: [{ item: "gold", count: 5 }] }] } });
    const { mails } = ground.call(CROSS_CENTER, DeliveryContract.mails, { player: "ann", limit: 1 }, CENTER);
    expect(mails[0]?.claimedAtMs).toBeGreaterThan(0);
    // Another player can't take it.
    const other = ground.login("ben");
    expect(ground.asks("ben", other, PlayerBag.claim, { mail: id })).toMatchObject({ body: { kind: "no_mail" } });
    await ground.dispose();
  });

  test("are claimed once whichever node dies in the middle, and settled when both are back", async () => {
    const ground = new DataGround([...TREE, USER]);
    const at = { player: "ann" };
    for (let round = 0; round < 12; round += 1) {
      const id = ground.mail("ann", `${round}`, 1);
      const victim = round % 2 === 0 ? CENTER : USER;
      ground.world.after(round, () => ground.kill(victim));
      const { playerData } = ground.at(USER);
      try {
        ground.within(USER, () => playerData.claimMail(at.player, id));
      } catch {
        // It is not known whether it was claimed.
      }
      ground.run(round + 1);
      ground.start(victim);
      ground.settle();
      const again = ground.within(USER, () => ground.at(USER).playerData.claimMail(at.player, id));
      expect(again).toMatchObject({ kind: "ok", items: [{ item: "gold", count: 1 }] });
      expect(ground.goldOf(USER, "ann")).toBe(round + 1);
    }
    ground.run(61_000);
    const { mails } = ground.call(CROSS_CENTER, DeliveryContract.mails, { player: "ann", limit: 100 }, CENTER);
    expect(mails.length).toBe(12);
    expect(mails.every(({ claimedAtMs }) => claimedAtMs !== undefined)).toBe(true);
    await ground.dispose();
  });
});
