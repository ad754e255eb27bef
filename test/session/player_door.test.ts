import { describe, expect, test } from "#test";
import { node } from "../mesh/harness.ts";
import { DoorGround, settle } from "./door_ground.ts";

const REQUEST = { kind: "request", seq: 1, method: 2000, body: { x: 1 } } as const;

describe("PlayerDoor: login", () => {
  test("a good token is welcomed, and requests go to the router", async () => {
    const ground = new DoorGround();
    const conn = await ground.hello("ann");
    expect(conn.heard()).toEqual(["welcome ann 0"]);
    conn.say(REQUEST);
    expect(ground.router.waiting.map(({ request }) => ({ ...request, session: request.session.length }))).toEqual([
      { session: 32, player: "ann", method: 2000, body: { x: 1 }, deadlineMs: 10_000 },
    ]);
    ground.router.reply("done");
    await settle();
    expect(conn.heard()).toEqual(['reply 1 "done"']);
  });

  test("a bad or expired token is refused with its code", async () => {
    const ground = new DoorGround();
    const bad = await ground.hello("bad");
    const expired = await ground.hello("expired");
    expect([bad.heard(), bad.isClosed, expired.heard()]).toEqual([
      ["refuse bad_token"],
      true,
      ["refuse token_expired"],
    ]);
    expect(ground.door.status()).toEqual({ conns: 0, sessions: 0, lost: 0, queued: 0, maintenance: false });
  });

  test("who says nothing for 10 s is refused", () => {
    const ground = new DoorGround();
    const conn = ground.conn();
    ground.clock.run(9_000);
    expect(conn.heard()).toEqual([]);
    ground.clock.run(1_000);
    expect([conn.heard(), conn.isClosed, ground.door.status().conns]).toEqual([["refuse login_timeout"], true, 0]);
  });

  test("a login that the shard does not take in within 10 s ends, and leaves no session", async () => {
    const ground = new DoorGround();
    const gate = Promise.withResolvers<void>();
    ground.presence.gate = gate.promise;
    const conn = await ground.hello("ann");
    ground.clock.run(10_000);
    expect(conn.heard()).toEqual(["refuse login_timeout"]);
    gate.resolve();
    await settle();
    expect([ground.presence.table.count, ground.door.status().sessions]).toEqual([0, 0]);
  });

  test("a request before the welcome, and a second hello, end the connection", async () => {
    const ground = new DoorGround();
    const early = ground.conn();
    early.say(REQUEST);
    expect(early.heard()).toEqual(["refuse bad_packet"]);
    const twice = await ground.hello("ann");
    twice.say({ kind: "hello", token: "ann", resume: null });
    expect(twice.heard()).toEqual(["welcome ann 0", "kicked bad_packet"]);
  });

  test("the newest login wins: the older is kicked and can't be resumed", async () => {
    const ground = new DoorGround();
    const old = await ground.online("ann");
    const newer = await ground.online("ann");
    expect([old.conn.heard(), old.conn.isClosed, newer.conn.isClosed]).toEqual([["kicked replaced"], true, false]);
    const back = await ground.hello("ann", { session: old.session, resumeToken: old.resumeToken, ackedPush: 0 });
    expect(back.heard()).toEqual(["refuse session_gone"]);
    expect(ground.door.status().sessions).toEqual(1);
  });

  test("logins of one player run one after the other, and of those that wait only the newest", async () => {
    const ground = new DoorGround();
    const gate = Promise.withResolvers<void>();
    ground.presence.gate = gate.promise;
    const conns = [await ground.hello("ann"), await ground.hello("ann"), await ground.hello("ann")];
    expect([ground.presence.loginCount, conns.map((conn) => conn.heard())]).toEqual([1, [[], ["refuse replaced"], []]]);
    gate.resolve();
    await settle();
    expect(conns.map((conn) => conn.heard())).toEqual([["welcome ann 0", "kicked replaced"], [], ["welcome ann 0"]]);
    expect([ground.presence.loginCount, ground.presence.table.count, ground.door.players()]).toEqual([2, 1, ["ann"]]);
  });

  test("a session that somebody else ended during the login is not welcomed", async () => {
    const ground = new DoorGround();
    const gate = Promise.withResolvers<void>();
    ground.presence.gate = gate.promise;
    const conn = await ground.hello("ann");
    void ground.presence.login("ann");
    gate.resolve();
    await settle();
    expect([conn.heard(), ground.door.status().sessions]).toEqual([["refuse replaced"], 0]);
  });

  test("a session that somebody else ends is kicked", async () => {
    const ground = new DoorGround();
    const { conn, session } = await ground.online("ann");
    await ground.presence.logout({ player: "ann", session });
    expect([conn.heard(), ground.door.status().sessions]).toEqual([["kicked kicked"], 0]);
  });

  test("a fault of the presence ends that login alone", async () => {
    const ground = new DoorGround();
    ground.presence.gate = Promise.reject(new Error("the shard is on fire"));
    const conn = await ground.hello("ann");
    ground.presence.gate = undefined;
    expect([conn.heard(), (await ground.hello("bob")).heard()]).toEqual([["refuse internal"], ["welcome bob 0"]]);
    expect(ground.lines).toEqual([{ level: "error", phrase: "login failed", data: { error: "the shard is on fire" } }]);
  });
});

describe("PlayerDoor: resume", () => {
  test("within the window nothing is missed", async () => {
    const ground = new DoorGround();
    const { conn, session, resumeToken } = await ground.online("ann");
    conn.say(REQUEST);
    conn.say({ ...REQUEST, seq: 2 });
    expect(ground.door.push("ann", "news", 1)).toEqual(true);
    conn.lose();
    ground.router.reply("a");
    await settle();
    ground.door.push("ann", "news", 2);
    ground.clock.run(10_000);
    expect(ground.door.status()).toEqual({ conns: 0, sessions: 1, lost: 1, queued: 0, maintenance: false });
    const back = await ground.hello("expired", { session, resumeToken, ackedPush: 1 });
    expect(back.heard()).toEqual(["welcome ann again 1", "push 2 news 2"]);
    back.say(REQUEST);
    back.say({ ...REQUEST, seq: 2 });
    ground.router.reply("b");
    await settle();
    expect(back.heard()).toEqual(['reply 1 "a"', 'reply 2 "b"']);
    expect(ground.presence.loginCount).toEqual(1);
  });

  test("operators see since when the session is, since when it waits, and in which map", async () => {
    const ground = new DoorGround();
    const sinceMs = ground.clock.wallMs();
    const { conn, session } = await ground.online("ann");
    ground.clock.run(5_000);
    const online = { id: session, sinceMs, lostSinceMs: undefined, map: undefined };
    expect(ground.door.find("ann")).toEqual({ session: online, place: undefined });
    conn.lose();
    ground.clock.run(10_000);
    ground.presence.map = node("map:101");
    const lost = { ...online, lostSinceMs: sinceMs + 5_000, map: node("map:101").id };
    expect(ground.door.find("ann")).toEqual({ session: lost, place: undefined });
    ground.clock.run(60_000);
    expect(ground.door.find("ann")).toEqual({ session: undefined, place: undefined });
  });

  test("after the window the session is gone, for the shard as well", async () => {
    const ground = new DoorGround();
    const { conn, session, resumeToken } = await ground.online("ann");
    conn.lose();
    ground.clock.run(59_000);
    expect([ground.door.status().sessions, ground.presence.table.count]).toEqual([1, 1]);
    ground.clock.run(2_000);
    const back = await ground.hello("ann", { session, resumeToken, ackedPush: 0 });
    expect([back.heard(), ground.presence.table.count]).toEqual([["refuse session_gone"], 0]);
    expect(ground.door.push("ann", "news", 1)).toEqual(false);
  });

  test("a wrong token is refused and does no harm", async () => {
    const ground = new DoorGround();
    const { conn, session } = await ground.online("ann");
    const thief = await ground.hello("thief", { session, resumeToken: "00".repeat(32), ackedPush: 0 });
    expect([thief.heard(), conn.isClosed, ground.door.status().sessions]).toEqual([["refuse session_gone"], false, 1]);
  });

  test("a connection that the server still believes in gives way", async () => {
    const ground = new DoorGround();
    const { conn, session, resumeToken } = await ground.online("ann");
    const back = await ground.hello("ann", { session, resumeToken, ackedPush: 0 });
    expect([conn.heard(), back.heard()]).toEqual([["kicked replaced"], ["welcome ann again 0"]]);
    conn.lose();
    expect(ground.door.status()).toEqual({ conns: 1, sessions: 1, lost: 0, queued: 0, maintenance: false });
  });

  test("pushes that are kept no more end the session", async () => {
    const ground = new DoorGround();
    const { conn, session, resumeToken } = await ground.online("ann");
    conn.lose();
    for (let index = 0; index < 257; index += 1) ground.door.push("ann", "news", index);
    const back = await ground.hello("ann", { session, resumeToken, ackedPush: 0 });
    expect([back.heard(), ground.door.status().sessions]).toEqual([["refuse session_gone"], 0]);
  });

  test("who says goodbye leaves nothing behind", async () => {
    const ground = new DoorGround();
    const { conn } = await ground.online("ann");
    conn.say({ kind: "bye" });
    expect([conn.isClosed, ground.door.status().sessions, ground.presence.table.count]).toEqual([true, 0, 0]);
  });

  test("the token is renewed after a quarter of an hour", async () => {
    const ground = new DoorGround();
    const { conn, session } = await ground.online("ann");
    for (let minute = 0; minute < 60; minute += 1) {
      ground.clock.run(15_000);
      conn.say({ kind: "ping", n: minute });
    }
    const renewed = conn.packets.findLast((packet) => packet.kind === "renew");
    conn.lose();
    const resumeToken = renewed?.kind === "renew" ? renewed.resumeToken : "";
    expect((await ground.hello("ann", { session, resumeToken, ackedPush: 0 })).heard()).toEqual([
      "welcome ann again 0",
    ]);
  });
});

describe("PlayerDoor: requests", () => {
  test("a router that never answers is answered for, and one that throws too", async () => {
    const ground = new DoorGround();
    const { conn } = await ground.online("ann");
    conn.say(REQUEST);
    ground.clock.run(10_000);
    conn.say({ kind: "ping", n: 1 });
    ground.clock.run(1_000);
    await settle();
    expect(conn.heard()).toEqual(["pong 1", "error 1 DEADLINE null"]);
    ground.router.request = () => {
      throw new Error("a bug");
    };
    conn.say({ ...REQUEST, seq: 2 });
    await settle();
    expect(conn.heard()).toEqual(["error 2 FAILED null"]);
  });

  test("a gap and too many at once end the session", async () => {
    const ground = new DoorGround();
    const ann = await ground.online("ann");
    ann.conn.say({ ...REQUEST, seq: 2 });
    const bob = await ground.online("bob");
    for (let seq = 1; seq <= 34; seq += 1) bob.conn.say({ ...REQUEST, seq });
    expect([ann.conn.heard(), bob.conn.heard()]).toEqual([["kicked out_of_order"], ["kicked too_fast"]]);
    expect(ground.door.status().sessions).toEqual(0);
  });

  test("an answer to a session that is gone goes nowhere", async () => {
    const ground = new DoorGround();
    const old = await ground.online("ann");
    old.conn.say(REQUEST);
    const newer = await ground.online("ann");
    ground.router.reply("late");
    await settle();
    expect([old.conn.heard(), newer.conn.heard()]).toEqual([["kicked replaced"], []]);
  });
});

describe("PlayerDoor: limits", () => {
  test("connections from one address, and all together; loopback counts only in all", () => {
    const ground = new DoorGround({ limits: { connsPerAddressMax: 2, connsMax: 4 } });
    const conns = ["10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"].map(
      (address) => ground.conn(address),
    );
    const refused = ["refuse too_many_connections"];
    expect(conns.map((conn) => conn.heard())).toEqual([[], [], refused, [], [], refused]);
    conns[0]?.lose();
    expect([ground.conn("10.0.0.1:4").heard(), ground.conn("10.0.0.1:5").heard()]).toEqual([[], refused]);
  });

  test("new connections per second", () => {
    const ground = new DoorGround({ limits: { newConns: { perSecond: 2, burst: 3 } } });
    const open = (): string[][] => [1, 2, 3, 4].map((port) => ground.conn(`127.0.0.1:${port}`).heard());
    const refused = ["refuse too_many_connections"];
    expect(open()).toEqual([[], [], [], refused]);
    ground.clock.run(1_000);
    expect(open()).toEqual([[], [], refused, refused]);
  });

  test("packets and bytes of one connection", async () => {
    const ground = new DoorGround({
      limits: { packets: { perSecond: 1, burst: 3 }, bytes: { perSecond: 1000, burst: 2000 } },
    });
    const ann = await ground.online("ann");
    for (const n of [1, 2, 3]) ann.conn.say({ kind: "ping", n });
    expect(ann.conn.heard()).toEqual(["pong 1", "pong 2", "kicked too_fast"]);
    const bob = await ground.online("bob");
    bob.conn.say({ ...REQUEST, body: new Uint8Array(2000) });
    expect(bob.conn.heard()).toEqual(["kicked too_fast"]);
    const { session, resumeToken } = bob;
    const back = await ground.hello("bob", { session, resumeToken, ackedPush: 0 });
    expect([back.heard(), ground.router.waiting.length]).toEqual([["welcome bob again 0"], 0]);
  });

  test("a hello of more than 4 KiB is too large, a request of that size is not", async () => {
    const ground = new DoorGround();
    const guest = ground.conn();
    guest.handler?.received(new Uint8Array(4097));
    const { conn } = await ground.online("ann");
    conn.say({ ...REQUEST, body: new Uint8Array(4097) });
    expect([guest.heard(), conn.heard(), ground.router.waiting.length]).toEqual([["refuse too_large"], [], 1]);
  });

  test("silence for 30 s ends the connection, and the session can be resumed", async () => {
    const ground = new DoorGround();
    const { conn, session, resumeToken } = await ground.online("ann");
    ground.clock.run(20_000);
    conn.say({ kind: "ping", n: 1 });
    ground.clock.run(29_000);
    expect(conn.heard()).toEqual(["pong 1"]);
    ground.clock.run(1_000);
    expect([conn.heard(), conn.isClosed]).toEqual([["kicked idle"], true]);
    const back = await ground.hello("ann", { session, resumeToken, ackedPush: 0 });
    expect(back.heard()).toEqual(["welcome ann again 0"]);
  });

  test("who does not read is closed before more than 4 MiB wait, and may resume", async () => {
    const ground = new DoorGround();
    const { conn } = await ground.online("ann");
    conn.queuedSize = 4 * 1024 * 1024 + 1;
    ground.door.push("ann", "news", 1);
    expect([conn.heard(), conn.isClosed, ground.door.status().lost]).toEqual([["kicked slow_reader"], true, 1]);
    const bob = await ground.online("bob");
    bob.conn.isFull = true;
    ground.door.push("bob", "news", 1);
    expect([bob.conn.isClosed, ground.counters.get("session.conn_ended:slow_reader")]).toEqual([true, 2]);
  });
});

describe("PlayerDoor: queue", () => {
  test("who finds no place is told which one they have, and comes in when one is free", async () => {
    const ground = new DoorGround({ limits: { sessionsMax: 1 } });
    const ann = await ground.online("ann");
    const bob = await ground.hello("bob");
    const cid = await ground.hello("cid");
    expect([bob.heard(), cid.heard(), ground.door.status().queued]).toEqual([["queued 1"], ["queued 2"], 2]);
    ann.conn.say({ kind: "bye" });
    await settle();
    ground.clock.run(5_000);
    expect([bob.heard(), cid.heard(), ground.door.status().queued]).toEqual([["welcome bob 0"], ["queued 1"], 1]);
  });

  test("who leaves gives up the place; a newer connection of a player takes the place over", async () => {
    const ground = new DoorGround({ limits: { sessionsMax: 1 } });
    await ground.online("ann");
    const bob = await ground.hello("bob");
    const cid = await ground.hello("cid");
    const again = await ground.hello("bob");
    expect([bob.heard(), again.heard()]).toEqual([["queued 1", "refuse replaced"], ["queued 1"]]);
    again.lose();
    cid.heard();
    ground.clock.run(5_000);
    expect(cid.heard()).toEqual(["queued 1"]);
  });

  test("a player with a session needs no place, neither to log in anew nor to resume", async () => {
    const ground = new DoorGround({ limits: { sessionsMax: 1 } });
    await ground.online("ann");
    const newer = await ground.online("ann");
    newer.conn.lose();
    const { session, resumeToken } = newer;
    const back = await ground.hello("ann", { session, resumeToken, ackedPush: 0 });
    expect(back.heard()).toEqual(["welcome ann again 0"]);
  });

  test("the place of a session that a newer login ends is the newer one's", async () => {
    const ground = new DoorGround({ limits: { sessionsMax: 1 } });
    await ground.online("ann");
    const bob = await ground.hello("bob");
    const gate = Promise.withResolvers<void>();
    ground.presence.gate = gate.promise;
    const newer = await ground.hello("ann");
    expect([bob.heard(), ground.door.status().queued, ground.presence.loginCount]).toEqual([["queued 1"], 1, 2]);
    newer.lose();
    gate.resolve();
    await settle();
    expect([bob.heard(), ground.door.players()]).toEqual([["welcome bob 0"], ["bob"]]);
  });

  test("sessions and logins under way are never more than there are places", async () => {
    const ground = new DoorGround({ limits: { sessionsMax: 2 } });
    const gate = Promise.withResolvers<void>();
    ground.presence.gate = gate.promise;
    for (const player of ["ann", "bob", "cid"]) await ground.hello(player);
    expect([ground.presence.loginCount, ground.door.status().queued]).toEqual([2, 1]);
    gate.resolve();
    await settle();
    expect([ground.door.status().sessions, ground.door.status().queued]).toEqual([2, 1]);
  });
});

describe("PlayerDoor: maintenance and stop", () => {
  test("only the white list comes in or stays", async () => {
    const ground = new DoorGround();
    const ann = await ground.online("ann");
    const bob = await ground.online("bob");
    ground.door.setMaintenance({ isOn: true, whiteList: ["bob"] });
    expect([ann.conn.heard(), bob.conn.heard()]).toEqual([["kicked maintenance"], []]);
    expect([(await ground.hello("cid")).heard(), (await ground.hello("bob")).heard()]).toEqual([
      ["refuse maintenance"],
      ["welcome bob 0"],
    ]);
    ground.door.setMaintenance({ isOn: false, whiteList: [] });
    expect((await ground.hello("cid")).heard()).toEqual(["welcome cid 0"]);
  });

  test("a kick ends the session", async () => {
    const ground = new DoorGround();
    const { conn } = await ground.online("ann");
    expect([ground.door.kick("ann", "cheats"), ground.door.kick("ann", "cheats")]).toEqual([true, false]);
    expect([conn.heard(), ground.presence.table.count]).toEqual([["kicked kicked"], 0]);
  });

  test("stopping waits for the request under way and answers the others as not executed", async () => {
    const ground = new DoorGround();
    const { conn } = await ground.online("ann");
    const guest = ground.conn();
    conn.say(REQUEST);
    conn.say({ ...REQUEST, seq: 2 });
    const stopped = ground.door.stop(3_000);
    expect(guest.heard()).toEqual(["refuse shutting_down"]);
    ground.router.reply("a");
    await stopped;
    expect(conn.heard()).toEqual(['reply 1 "a"', "error 2 DRAINING false", "kicked shutting_down"]);
    expect([ground.conn().heard(), ground.door.status().sessions]).toEqual([["refuse shutting_down"], 0]);
  });

  test("stopping waits no longer than it may, and leaves no timer", async () => {
    const ground = new DoorGround();
    const { conn } = await ground.online("ann");
    conn.say(REQUEST);
    const stopped = ground.door.stop(3_000);
    ground.clock.run(3_000);
    await stopped;
    expect(conn.heard()).toEqual(["kicked shutting_down"]);
    ground.router.reply("late");
    await settle();
    expect(ground.clock.timerCount).toEqual(0);
  });
});
