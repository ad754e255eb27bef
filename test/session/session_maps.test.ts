import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { GatewaySessions } from "#session/gateway_sessions.ts";
import type { Binding } from "#session/session_table.ts";
import { SessionTable } from "#session/session_table.ts";
import { ShardLogins } from "#session/shard_logins.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import type { FakeLink } from "../mesh/harness.ts";
import { node, recordingLog } from "../mesh/harness.ts";
import { RpcNetwork } from "../rpc/harness.ts";
import type { Watched } from "../rpc/harness.ts";

const CENTER = node("center:3");
const USER = node("user:301");
const MAP = node("map:301");
const OTHER = node("map:302");
const NODES = [USER, CENTER, MAP, OTHER];
const MAPS = [MAP, OTHER];

function opened(table: SessionTable, player: string): Binding {
  const result = table.open(player);
  if (result === "full") throw new Error("full");
  return result.opened;
}

describe("SessionTable: the map that a player is in", () => {
  /** After what happened: the map of ann, if these nodes are linked. */
  function after(happened: (table: SessionTable, ann: Binding) => void, nodes: readonly Identity[] = NODES) {
    const table = new SessionTable(seededRandom(1));
    const ann = opened(table, "ann");
    table.enterMap({ player: "ann" }, MAP);
    happened(table, ann);
    return table.mapOf({ player: "ann" }, nodes)?.id;
  }

  test("is the newest that it entered, until it leaves or the session ends", () => {
    expect([
      after(() => undefined),
      after((table) => table.enterMap({ player: "ann" }, OTHER)),
      after((table) => table.leaveMap({ player: "ann" })),
      after((table) => table.leaveMap({ player: "ann" }, MAP.id)),
      after((table) => table.leaveMap({ player: "ann" }, OTHER.id)),
      after((table, ann) => table.close(ann)),
      after((table) => opened(table, "ann")),
    ]).toEqual([MAP.id, OTHER.id, undefined, undefined, MAP.id, undefined, undefined]);
  });

  test("is none while that process is not linked, and the same one when it is again", () => {
    const restarted = node(MAP.id, { boot: "restarted" });
    const nodes = [[CENTER, OTHER], [CENTER, restarted], NODES];
    expect(nodes.map((linked) => after(() => undefined, linked))).toEqual([undefined, undefined, MAP.id]);
  });

  test("is entered and left by that session alone which is named", () => {
    const table = new SessionTable(seededRandom(1));
    const old = opened(table, "ann");
    const ann = opened(table, "ann");
    expect(table.enterMap(old, MAP)).toEqual(undefined);
    expect(table.enterMap({ player: "bob" }, MAP)).toEqual(undefined);
    expect(table.enterMap(ann, MAP)).toEqual({ binding: ann, node: MAP });
    expect([table.leaveMap(old), table.mapOf(old, NODES), table.mapOf(ann, NODES)]).toEqual([
      undefined,
      undefined,
      MAP,
    ]);
  });

  test("an enter that is taken back undoes nothing that came after it", () => {
    const table = new SessionTable(seededRandom(1));
    const ann = opened(table, "ann");
    const first = table.enterMap(ann, MAP);
    const second = table.enterMap(ann, MAP);
    if (first === undefined || second === undefined) throw new Error("no session");
    table.untie(first);
    expect(table.mapOf(ann, NODES)).toEqual(MAP);
    table.untie(second);
    expect(table.mapOf(ann, NODES)).toEqual(undefined);
  });

  test("believes in those who are in it, and the other nodes in all as before", () => {
    const table = new SessionTable(seededRandom(1));
    const [ann, bob, cid] = ["ann", "bob", "cid"].map((player) => opened(table, player)) as [Binding, Binding, Binding];
    table.enterMap(ann, MAP);
    table.enterMap(bob, OTHER);
    const of = (one: Identity, nodes: readonly Identity[] = NODES) => table.bindingsOf(one, nodes);
    expect([of(MAP), of(OTHER), of(CENTER), of(USER)]).toEqual([[ann], [bob], [ann, bob, cid], [ann, bob, cid]]);
    const restarted = node(MAP.id, { boot: "restarted" });
    expect(of(restarted, [CENTER, restarted])).toEqual([]);
  });
});

/** A shard with two maps. */
class Shard {
  readonly net = new RpcNetwork(NODES.map(({ id }) => `${id} gateway:3`));
  readonly sessions: GatewaySessions;
  readonly logins = new Map<NodeId, ShardLogins>();

  constructor() {
    const gateway = this.net.network.at("gateway:3");
    this.sessions = new GatewaySessions({
      random: seededRandom(1),
      clock: this.net.clock,
      counters: gateway.counters,
      endpoint: this.net.at("gateway:3"),
      nodes: () => [...gateway.links.values()].map((link) => link.peer).toSorted((a, b) => a.key - b.key),
    });
    const { log } = recordingLog();
    const of = node("gateway:3").id;
    for (const { id } of NODES) this.logins.set(id, new ShardLogins({ endpoint: this.net.at(id), log, gateway: of }));
    this.sessions.nodesChanged();
  }

  async login(player: string): Promise<Binding> {
    const login = this.net.watch(this.sessions.login(player));
    await this.net.run();
    return login.ended?.value as Binding;
  }

  enter(player: string, map: NodeId, session?: string): Watched {
    return this.net.watch(this.sessions.enterMap({ player, session }, map));
  }

  async entered(player: string, map: NodeId): Promise<unknown> {
    const call = this.enter(player, map);
    await this.net.run();
    return call.ended?.value;
  }

  cut({ id }: Identity): void {
    this.net.network.cut(id, "gateway:3");
    this.sessions.nodesChanged(node(id));
  }

  relink({ id }: Identity): void {
    this.net.network.link(id, "gateway:3");
    this.sessions.nodesChanged(node(id));
  }

  /** The gateway's end of the link to a node. */
  linkTo({ id }: Identity): FakeLink {
    const link = [...this.net.network.at("gateway:3").links.values()].find((one) => one.peer.id === id);
    if (link === undefined) throw new Error(`${id} is not linked`);
    return link;
  }

  /** Nothing that a node says arrives, until what this returns is called. */
  silence({ id }: Identity): () => void {
    const link = [...this.net.network.at(id).links.values()][0];
    if (link === undefined) throw new Error(`${id} is not linked`);
    const carry = link.onSend;
    link.onSend = () => undefined;
    return () => void (link.onSend = carry);
  }

  /** The maps that believe to have the player, and the one that the gateway says. */
  where(player: string): { readonly believers: NodeId[]; readonly map: NodeId | undefined } {
    const believers = MAPS.map(({ id }) => id).filter((id) => this.logins.get(id)?.sessionOf(player) !== undefined);
    return { believers, map: this.sessions.mapOf({ player })?.id };
  }
}

const NOWHERE = { believers: [], map: undefined };

describe("GatewaySessions: maps", () => {
  test("an enter is told to the map, and to the one before, before it is answered", async () => {
    const shard = new Shard();
    const { session } = await shard.login("ann");
    expect(shard.where("ann")).toEqual(NOWHERE);
    expect([await shard.entered("ann", MAP.id), shard.where("ann")]).toEqual([
      "ok",
      { believers: [MAP.id], map: MAP.id },
    ]);
    expect(shard.logins.get(MAP.id)?.sessionOf("ann")).toEqual(session);
    expect([await shard.entered("ann", OTHER.id), shard.where("ann")]).toEqual([
      "ok",
      { believers: [OTHER.id], map: OTHER.id },
    ]);
    expect([await shard.entered("ann", OTHER.id), shard.where("ann").believers]).toEqual(["ok", [OTHER.id]]);
  });

  test("who has no such session, and what is no map of the shard, are answered so, and nothing changes", async () => {
    const shard = new Shard();
    const old = await shard.login("ann");
    await shard.login("ann");
    await shard.entered("ann", MAP.id);
    const stale = shard.enter("ann", OTHER.id, old.session);
    shard.cut(OTHER);
    const ids = ["map:309", "center:3", "map:302"].map((id) => node(id).id);
    const calls = [shard.enter("bob", MAP.id), stale, ...ids.map((id) => shard.enter("ann", id))];
    await shard.net.run();
    expect(calls.map((call) => call.ended?.value)).toEqual([
      "no_session",
      "no_session",
      "no_such_map",
      "no_such_map",
      "no_such_map",
    ]);
    expect(shard.where("ann")).toEqual({ believers: [MAP.id], map: MAP.id });
  });

  test("of two enters at once the last wins, and both maps end with what the gateway believes", async () => {
    const shard = new Shard();
    await shard.login("ann");
    const calls = [shard.enter("ann", MAP.id), shard.enter("ann", OTHER.id), shard.enter("ann", MAP.id)];
    await shard.net.run();
    expect(calls.map((call) => call.ended?.value)).toEqual(["ok", "ok", "ok"]);
    expect(shard.where("ann")).toEqual({ believers: [MAP.id], map: MAP.id });
  });

  test("a session that is replaced while it enters has entered nothing, and the new one is in no map", async () => {
    const shard = new Shard();
    await shard.login("ann");
    const entering = shard.enter("ann", MAP.id);
    await shard.login("ann");
    expect([entering.ended, shard.where("ann")]).toEqual([{ value: "no_session" }, NOWHERE]);
  });

  test("a session that ends, by itself or by a newer one, is over at the map as well", async () => {
    const shard = new Shard();
    const ann = await shard.login("ann");
    await shard.entered("ann", MAP.id);
    const logout = shard.net.watch(shard.sessions.logout(ann));
    await shard.net.run();
    expect([logout.ended, shard.where("ann")]).toEqual([{ value: true }, NOWHERE]);
    await shard.login("ann");
    await shard.entered("ann", MAP.id);
    await shard.login("ann");
    expect(shard.where("ann")).toEqual(NOWHERE);
  });

  test("whoever leaves is in no map; not if it is to leave another one", async () => {
    const shard = new Shard();
    await shard.login("ann");
    await shard.entered("ann", MAP.id);
    const left = async (from: NodeId | undefined): Promise<unknown> => {
      const call = shard.net.watch(shard.sessions.leaveMap({ player: "ann" }, from));
      await shard.net.run();
      return call.ended?.value;
    };
    expect([await left(OTHER.id), shard.where("ann")]).toEqual([false, { believers: [MAP.id], map: MAP.id }]);
    expect([await left(MAP.id), shard.where("ann"), await left(undefined)]).toEqual([true, NOWHERE, false]);
  });

  test("a map that refuses to hear of it is not entered, and the one before is left", async () => {
    const shard = new Shard();
    await shard.login("ann");
    await shard.entered("ann", OTHER.id);
    shard.linkTo(MAP).may = "overloaded";
    const call = shard.enter("ann", MAP.id);
    await shard.net.run();
    expect(call.ended?.value).toEqual(expect.objectContaining({ message: expect.stringContaining("OVERLOADED") }));
    expect(shard.where("ann")).toEqual(NOWHERE);
  });

  test("a map that hears of it and cannot answer is not entered, and forgets it", async () => {
    const shard = new Shard();
    await shard.login("ann");
    const speak = shard.silence(MAP);
    const call = shard.enter("ann", MAP.id);
    await shard.net.run(1_900);
    expect([call.ended, shard.where("ann").believers]).toEqual([undefined, [MAP.id]]);
    speak();
    await shard.net.run(200);
    expect(call.ended?.value).toEqual(expect.objectContaining({ message: expect.stringContaining("DEADLINE") }));
    expect(shard.where("ann")).toEqual(NOWHERE);
  });

  test("a map that cannot answer that somebody has left holds an enter up, but not for ever", async () => {
    const shard = new Shard();
    await shard.login("ann");
    await shard.entered("ann", MAP.id);
    const speak = shard.silence(MAP);
    const call = shard.enter("ann", OTHER.id);
    await shard.net.run(1_900);
    expect([call.ended, shard.where("ann").map]).toEqual([undefined, OTHER.id]);
    speak();
    await shard.net.run(200);
    expect([call.ended, shard.where("ann")]).toEqual([{ value: "ok" }, { believers: [OTHER.id], map: OTHER.id }]);
  });

  test("while its link is away the player is in no map, and when it comes back in the same", async () => {
    const shard = new Shard();
    await shard.login("ann");
    await shard.login("bob");
    await shard.entered("ann", MAP.id);
    await shard.entered("bob", MAP.id);
    shard.cut(MAP);
    expect(shard.where("ann").map).toEqual(undefined);
    // Bob logs in again meanwhile.
    await shard.login("bob");
    shard.relink(MAP);
    await shard.net.run();
    expect([shard.where("ann"), shard.where("bob")]).toEqual([{ believers: [MAP.id], map: MAP.id }, NOWHERE]);
  });

  test("all agree after any sequence of logins, logouts, enters, leaves and cuts", async () => {
    for (let seed = 1; seed <= 20; seed += 1) await storm(seed);
  });
});

/** Every node believes exactly what the gateway does, once all links are up. */
async function storm(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const shard = new Shard();
  const players = ["a", "b", "c", "d"];
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.unit() * list.length)] as T;
  const away = new Set<Identity>();
  for (let step = 0; step < 120; step += 1) {
    const player = pick(players);
    const chance = random.unit();
    if (chance < 0.2) void shard.net.watch(shard.sessions.login(player));
    else if (chance < 0.25) {
      const binding = shard.sessions.find({ player });
      if (binding !== undefined) void shard.net.watch(shard.sessions.logout(binding));
    } else if (chance < 0.6) shard.enter(player, pick(MAPS).id);
    else if (chance < 0.7) void shard.net.watch(shard.sessions.leaveMap({ player }, pick([MAP.id, undefined])));
    else if (chance < 0.8) {
      const one = pick(NODES);
      if (away.delete(one)) shard.relink(one);
      else {
        away.add(one);
        shard.cut(one);
      }
    } else await shard.net.run(Math.floor(random.unit() * 4));
  }
  for (const one of away) shard.relink(one);
  await shard.net.run(3_000);
  for (const one of NODES) {
    const logins = shard.logins.get(one.id);
    const wanted = shard.sessions.bindingsOf(one);
    const believed = wanted.map(({ player }) => ({ player, session: logins?.sessionOf(player) }));
    expect([seed, one.id, logins?.count, believed]).toEqual([seed, one.id, wanted.length, [...wanted]]);
  }
  const inMaps = players.filter((player) => shard.sessions.mapOf({ player }) !== undefined).length;
  expect([seed, MAPS.reduce((sum, { id }) => sum + (shard.logins.get(id)?.count ?? 0), 0)]).toEqual([seed, inMaps]);
}
