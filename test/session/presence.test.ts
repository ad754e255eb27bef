import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { GatewaySessions } from "#session/gateway_sessions.ts";
import { SessionContract } from "#session/session_contract.ts";
import { ShardLogins } from "#session/shard_logins.ts";
import { Kind, frameKind, readU16 } from "#wire/header.ts";
import { key, node, recordingLog } from "../mesh/harness.ts";
import type { LogLine } from "../mesh/harness.ts";
import { RpcNetwork } from "../rpc/harness.ts";
import type { Watched } from "../rpc/harness.ts";

const NODES = ["center:3", "map:301", "user:301", "user:302"];

/** A shard: its gateway with the sessions, its nodes with what they believe. */
class Shard {
  readonly net: RpcNetwork;
  readonly sessions: GatewaySessions;
  readonly logins = new Map<string, ShardLogins>();
  readonly lines: LogLine[];

  constructor() {
    this.net = new RpcNetwork(NODES.map((id) => `${id} gateway:3`));
    const { log, lines } = recordingLog();
    this.lines = lines;
    const gateway = this.net.network.at("gateway:3");
    this.sessions = new GatewaySessions({
      random: seededRandom(1),
      clock: this.net.clock,
      counters: gateway.counters,
      endpoint: this.net.at("gateway:3"),
      nodes: () => [...gateway.links.values()].map((link) => link.peer).toSorted((a, b) => a.key - b.key),
    });
    for (const id of NODES) {
      this.logins.set(id, new ShardLogins({ endpoint: this.net.at(id), log, gateway: node("gateway:3").id }));
    }
    this.sessions.nodesChanged();
  }

  login(player: string, from = "user:301"): Watched {
    const { caller } = this.net.at(from);
    return this.net.watch(caller.call(SessionContract.login, { player }, { to: { key: key("gateway:3") } }));
  }

  logout(player: string, session: unknown): Watched {
    const { caller } = this.net.at("user:301");
    const binding = { player, session: String(session) };
    return this.net.watch(caller.call(SessionContract.logout, binding, { to: { key: key("gateway:3") } }));
  }

  async session(player: string): Promise<string> {
    const call = this.login(player);
    await this.net.run();
    return sessionOf(call);
  }

  cut(id: string): void {
    this.net.network.cut(id, "gateway:3");
    this.sessions.nodesChanged();
  }

  link(id: string): void {
    this.net.network.link(id, "gateway:3");
    this.sessions.nodesChanged();
  }

  /** Who believes in which session of a player. */
  believers(player: string): Record<string, string> {
    const out: Record<string, string> = {};
    for (const [id, logins] of this.logins) {
      const session = logins.sessionOf(player);
      if (session !== undefined) out[id] = session;
    }
    return out;
  }

  counts(): Record<string, number> {
    return Object.fromEntries([...this.logins].map(([id, logins]) => [id, logins.count]));
  }

  counter(name: string): number {
    return this.net.network.at("gateway:3").counters.get(name);
  }
}

function sessionOf(call: Watched): string {
  const value = call.ended?.value;
  if (typeof value === "object" && value !== null && "session" in value) return String(value.session);
  throw new Error(`no session: ${JSON.stringify(call.ended)}`);
}

describe("GatewaySessions", () => {
  test("a login is told to the center and the player's user node before it is answered", async () => {
    const shard = new Shard();
    const call = shard.login("ann");
    await shard.net.run();
    const session = sessionOf(call);
    const believers = shard.believers("ann");
    expect(Object.values(believers)).toEqual([session, session]);
    expect(Object.keys(believers).map((id) => id.split(":")[0])).toEqual(["center", "user"]);
    expect([shard.sessions.count, shard.counts()["map:301"]]).toEqual([1, 0]);
  });

  test("the newest session of a player wins; an old one can end nothing", async () => {
    const shard = new Shard();
    const first = await shard.session("ann");
    const second = await shard.session("ann");
    expect(new Set(Object.values(shard.believers("ann")))).toEqual(new Set([second]));
    const old = shard.logout("ann", first);
    await shard.net.run();
    expect([old.ended, shard.sessions.count]).toEqual([{ value: { ended: false } }, 1]);
    const newest = shard.logout("ann", second);
    await shard.net.run();
    expect([newest.ended, shard.sessions.count, shard.believers("ann")]).toEqual([{ value: { ended: true } }, 0, {}]);
    const again = shard.logout("ann", second);
    await shard.net.run();
    expect(again.ended).toEqual({ value: { ended: false } });
  });

  test("logins at once: everybody ends up believing in the same one", async () => {
    const shard = new Shard();
    const calls = [shard.login("ann"), shard.login("ann", "center:3"), shard.login("ann", "user:302")];
    await shard.net.run(50);
    const given = calls.map(sessionOf);
    expect(new Set(given).size).toEqual(3);
    const believed = new Set(Object.values(shard.believers("ann")));
    expect(believed.size).toEqual(1);
    const last = shard.logout("ann", [...believed][0]);
    await shard.net.run();
    expect(last.ended).toEqual({ value: { ended: true } });
  });

  test("a node that comes back hears all that it missed, and forgets what has ended", async () => {
    const shard = new Shard();
    const ann = await shard.session("ann");
    await shard.session("bob");
    shard.cut("center:3");
    const out = shard.logout("ann", ann);
    const cid = shard.login("cid");
    await shard.net.run(50);
    expect(out.ended).toEqual({ value: { ended: true } });
    expect(Object.keys(shard.believers("ann"))).toEqual(["center:3"]);
    shard.link("center:3");
    await shard.net.run(50);
    expect(shard.counts()["center:3"]).toEqual(2);
    expect(shard.believers("ann")).toEqual({});
    expect(shard.believers("cid")["center:3"]).toEqual(sessionOf(cid));
  });

  test("a node that was cleared is told anew when its link is made again", async () => {
    const shard = new Shard();
    for (const player of ["ann", "bob", "cid"]) await shard.session(player);
    const before = shard.counts();
    shard.logins.get("center:3")?.clear("gateway_dead");
    expect(shard.counts()["center:3"]).toEqual(0);
    shard.cut("center:3");
    shard.link("center:3");
    await shard.net.run(50);
    expect(shard.counts()).toEqual(before);
    expect(shard.lines).toEqual([
      { level: "warn", phrase: "logins cleared", data: { count: 3, reason: "gateway_dead" } },
    ]);
  });

  test("when a user node goes its players move to the others, and back when it comes", async () => {
    const shard = new Shard();
    const players = Array.from({ length: 40 }, (_, index) => `p${index}`);
    for (const player of players) await shard.session(player);
    const before = shard.counts();
    expect((before["user:301"] ?? 0) + (before["user:302"] ?? 0)).toEqual(40);
    shard.cut("user:301");
    await shard.net.run(50);
    expect(shard.counts()["user:302"]).toEqual(40);
    shard.link("user:301");
    await shard.net.run(50);
    expect(shard.counts()).toEqual(before);
  });

  test("more sessions than one page holds arrive whole, in several", async () => {
    const shard = new Shard();
    shard.cut("center:3");
    shard.cut("user:301");
    shard.cut("user:302");
    const count = 5000;
    for (let player = 0; player < count; player += 1) void shard.login(`p${player}`, "map:301");
    await shard.net.run();
    expect(shard.sessions.count).toEqual(count);
    let pages = 0;
    shard.net.network.link("center:3", "gateway:3");
    const at = shard.net.network.at("gateway:3");
    const link = [...at.links.values()].find((one) => one.peer.id === node("center:3").id);
    const carry = link?.onSend;
    if (link !== undefined) {
      link.onSend = (frame) => {
        if (frameKind(frame, 0) === Kind.call && readU16(frame, 36) === SessionContract.reconcile.id) pages += 1;
        carry?.(frame);
      };
    }
    shard.sessions.nodesChanged();
    await shard.net.run(20);
    expect([shard.counts()["center:3"], pages]).toEqual([count, 3]);
  });

  test("a page that is refused spoils nothing: the node keeps what it had until all of them arrive", async () => {
    const shard = new Shard();
    for (let player = 0; player < 5000; player += 1) void shard.login(`p${player}`, "map:301");
    await shard.net.run();
    expect(shard.counts()["center:3"]).toEqual(5000);
    const at = shard.net.network.at("gateway:3");
    const link = [...at.links.values()].find((one) => one.peer.id === node("center:3").id);
    if (link === undefined) throw new Error("no link");
    let seen = 0;
    const send = link.send.bind(link);
    link.send = (buffer, offset, as) => {
      if (readU16(buffer, offset + 36) === SessionContract.reconcile.id) seen += 1;
      return seen === 2 ? "overloaded" : send(buffer, offset, as);
    };
    shard.sessions.nodesChanged();
    await shard.net.run(20);
    expect(shard.counter("session.reconcile_failed")).toEqual(1);
    expect(shard.counts()["center:3"]).toEqual(5000);
    await shard.net.run(1100);
    expect([shard.counts()["center:3"], seen]).toEqual([5000, 6]);
  });

  test("a bind that is refused is made up for by a reconcile, which is tried until it works", async () => {
    const shard = new Shard();
    const at = shard.net.network.at("gateway:3");
    const link = [...at.links.values()].find((one) => one.peer.id === node("center:3").id);
    if (link === undefined) throw new Error("no link");
    link.may = "overloaded";
    const call = shard.login("ann");
    await shard.net.run(2500);
    const session = sessionOf(call);
    expect(shard.believers("ann")["center:3"]).toEqual(undefined);
    expect(shard.counter("session.tell_failed")).toEqual(1);
    expect(shard.counter("session.reconcile_failed")).toBeGreaterThanOrEqual(2);
    link.may = "ok";
    await shard.net.run(1100);
    expect(shard.believers("ann")["center:3"]).toEqual(session);
  });

  test("of several reconciles of one node that fail only the newest goes on trying", async () => {
    const shard = new Shard();
    await shard.net.run();
    const at = shard.net.network.at("gateway:3");
    const link = [...at.links.values()].find((one) => one.peer.id === node("center:3").id);
    if (link === undefined) throw new Error("no link");
    link.may = "overloaded";
    for (let turn = 0; turn < 5; turn += 1) shard.sessions.nodesChanged();
    await shard.net.run(3500);
    expect(shard.counter("session.reconcile_failed")).toEqual(5 + 3);
  });

  test("a login that was refused at first never comes back over a newer one, nor after its end", async () => {
    const shard = new Shard();
    const at = shard.net.network.at("gateway:3");
    const link = [...at.links.values()].find((one) => one.peer.id === node("center:3").id);
    if (link === undefined) throw new Error("no link");
    link.may = "overloaded";
    shard.login("ann");
    shard.login("bob");
    await shard.net.run();
    link.may = "ok";
    const second = await shard.session("ann");
    const bob = shard.believers("bob");
    shard.logout("bob", Object.values(bob)[0]);
    await shard.net.run(3000);
    expect(new Set(Object.values(shard.believers("ann")))).toEqual(new Set([second]));
    expect(shard.believers("bob")).toEqual({});
  });

  test("reconcile gives up for a node that is gone, and leaves no timer behind", async () => {
    const shard = new Shard();
    await shard.net.run();
    const at = shard.net.network.at("gateway:3");
    const link = [...at.links.values()].find((one) => one.peer.id === node("center:3").id);
    if (link === undefined) throw new Error("no link");
    link.may = "overloaded";
    shard.sessions.nodesChanged();
    await shard.net.run(10);
    shard.cut("center:3");
    await shard.net.run(6000);
    expect(shard.net.clock.pending).toEqual(0);
  });

  test("names that are too long or empty are refused", async () => {
    const shard = new Shard();
    const calls = [shard.login(""), shard.login("x".repeat(129)), shard.login("x".repeat(128))];
    await shard.net.run();
    expect(calls.map((call) => call.ended?.code)).toEqual(["INVALID", "INVALID", undefined]);
    expect(shard.sessions.count).toEqual(1);
  });
});

describe("ShardLogins", () => {
  test("believes its own gateway and nobody else", async () => {
    const shard = new Shard();
    const { caller } = shard.net.at("user:302");
    const binding = { player: "eve", session: "f".repeat(32) };
    const to = { to: { key: key("center:3") } };
    const calls = [
      shard.net.watch(caller.call(SessionContract.bind, binding, to)),
      shard.net.watch(caller.call(SessionContract.unbind, binding, to)),
      shard.net.watch(caller.call(SessionContract.reconcile, { run: 1, page: 0, pages: 1, bindings: [binding] }, to)),
    ];
    await shard.net.run();
    expect(calls.map((call) => [call.ended?.code, call.ended?.detail])).toEqual(
      calls.map(() => ["FAILED", "only gateway:3 may say who is logged in, not user:302"]),
    );
    expect(shard.counts()["center:3"]).toEqual(0);
  });

  test("both sides agree after any sequence of logins, logouts, cuts and clears", async () => {
    for (let seed = 1; seed <= 10; seed += 1) await storm(seed);
  });
});

/** Everybody believes exactly what the gateway does, once all links are up. */
async function storm(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const shard = new Shard();
  const players = ["a", "b", "c", "d", "e", "f", "g", "h"];
  const known = new Map<string, string[]>();
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.unit() * list.length)] as T;
  const away = new Set<string>();
  for (let step = 0; step < 120; step += 1) {
    const player = pick(players);
    const chance = random.unit();
    if (chance < 0.4) {
      const call = shard.login(player, "map:301");
      await shard.net.run(Math.floor(random.unit() * 3));
      if (call.ended !== undefined) known.set(player, [...(known.get(player) ?? []), sessionOf(call)]);
    } else if (chance < 0.6) {
      const session = pick(known.get(player) ?? ["0".repeat(32)]);
      const { caller } = shard.net.at("map:301");
      void shard.net.watch(caller.call(SessionContract.logout, { player, session }, { to: { key: key("gateway:3") } }));
    } else if (chance < 0.85) {
      const id = pick(["center:3", "user:301", "user:302"]);
      if (away.delete(id)) shard.link(id);
      else {
        away.add(id);
        shard.cut(id);
        if (random.unit() < 0.5) shard.logins.get(id)?.clear("gateway_dead");
      }
    } else {
      await shard.net.run(Math.floor(random.unit() * 40));
    }
  }
  for (const id of away) shard.link(id);
  await shard.net.run(2500);
  expect([
    seed,
    shard.counts()["center:3"],
    (shard.counts()["user:301"] ?? 0) + (shard.counts()["user:302"] ?? 0),
  ]).toEqual([seed, shard.sessions.count, shard.sessions.count]);
  for (const player of players) {
    const sessions = Object.values(shard.believers(player));
    expect([seed, player, sessions.length === 0 || sessions.length === 2, new Set(sessions).size <= 1]).toEqual([
      seed,
      player,
      true,
      true,
    ]);
    const session = sessions[0];
    if (session === undefined) continue;
    const call = shard.logout(player, session);
    await shard.net.run();
    expect([seed, player, call.ended]).toEqual([seed, player, { value: { ended: true } }]);
  }
  expect([seed, shard.sessions.count]).toEqual([seed, 0]);
}
