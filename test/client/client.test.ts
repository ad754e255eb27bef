import * as v from "valibot";
import { describe, expect, test } from "#test";
import { TOKEN_LENGTH_MAX } from "#client/client.ts";
import { RequestError } from "#client/request_error.ts";
import { REQUESTS_QUEUED_MAX } from "#client/request_ledger.ts";
import { contract } from "#rpc/contract.ts";
import { PACKET_UP_SIZE_MAX, REQUESTS_WAITING_MAX } from "#session/client_packets.ts";
import { SESSION, Script, WELCOME, settled } from "./script.ts";

const Boss = contract("boss", {
  hit: { id: 2000, request: v.object({ damage: v.number() }), reply: v.object({ rank: v.number() }) },
});

const LOST = { code: "lost", detail: "the connection ended while online" } as const;
const HELLO = { kind: "hello", token: "token-1", resume: null };

/** What a promise came to. */
async function endOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof RequestError)) return error;
    return { code: error.code, executed: error.executed };
  }
}

function request(seq: number, body: unknown): unknown {
  return { kind: "request", seq, method: 2000, body };
}

describe("PlayerClient: login", () => {
  test("is offline until it is told to connect, and online with the welcome", async () => {
    const script = new Script();
    expect(script.client.status).toEqual({ kind: "offline", reason: null });
    await script.greet();
    expect(script.takeSent()).toEqual([HELLO]);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.statuses).toEqual([
      { kind: "connecting", attempt: 0, reason: null },
      { kind: "online", session: SESSION, player: "p-1", resumed: false },
    ]);
  });

  test("hears of its place in the queue", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "queued", place: 12, estimateMs: 30_000 });
    await script.run(29_000);
    script.say({ kind: "queued", place: 3, estimateMs: 8_000 });
    await script.run(29_000);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.statuses.slice(1)).toEqual([
      { kind: "queued", place: 12, estimateMs: 30_000 },
      { kind: "queued", place: 3, estimateMs: 8_000 },
      { kind: "online", session: SESSION, player: "p-1", resumed: false },
    ]);
    expect(script.opens).toBe(1);
  });

  test("leaves a queue that has fallen silent, and tries again", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "queued", place: 12, estimateMs: 30_000 });
    await script.run(30_000);
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 1,
      reason: { code: "silent", detail: "nothing came in time while queued" },
    });
    await script.run(250);
    expect(script.opens).toBe(2);
  });

  test("waits as long as a refusal wishes", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "refuse", code: "full", detail: "no room", retryMs: 5_000 });
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 1,
      reason: { code: "full", detail: "no room" },
    });
    await script.run(5_249);
    expect(script.opens).toBe(1);
    await script.run(1);
    expect(script.opens).toBe(2);
  });

  test("stays offline when its token is no good, until it is told to connect", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "refuse", code: "bad_token", detail: "signature", retryMs: null });
    await script.run(3_600_000);
    expect(script.client.status).toEqual({ kind: "offline", reason: { code: "bad_token", detail: "signature" } });
    expect([script.opens, script.shuts, script.clock.timerCount]).toEqual([1, 1, 0]);
    script.client.connect();
    await settled();
    expect(script.opens).toBe(2);
  });

  test("asks for another token after one that was late, threw or is too long", async () => {
    const script = new Script();
    script.token = () => Promise.reject(new Error("no network"));
    script.client.connect();
    await settled();
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 1,
      reason: { code: "token_failed", detail: "no network" },
    });
    script.token = () => "x".repeat(TOKEN_LENGTH_MAX + 1);
    await script.run(250);
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 2,
      reason: { code: "token_failed", detail: "the token is 3073 characters, allowed is 1 to 3072 characters" },
    });
    let late: ((token: string) => void) | undefined;
    script.token = () => new Promise((resolve) => (late = resolve));
    await script.run(500);
    await script.run(30_000);
    late?.("too late");
    await settled();
    expect([script.client.status.kind, script.opens]).toEqual(["connecting", 0]);
    script.token = () => "token-2";
    await script.run(1_000);
    script.socket.opened();
    expect(script.takeSent()).toEqual([{ kind: "hello", token: "token-2", resume: null }]);
  });

  test("gives up a connection that does not open, or that no welcome comes from", async () => {
    const script = new Script();
    script.client.connect();
    await settled();
    await script.run(10_000);
    expect(script.shuts).toBe(1);
    await script.run(250);
    script.socket.opened();
    await script.run(15_000);
    expect([script.opens, script.shuts]).toEqual([2, 2]);
  });

  test("pauses grow with each failure, and are short again after a time online", async () => {
    const script = new Script();
    await script.greet();
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const startMs = script.clock.nowMs();
      const { opens } = script;
      script.socket.closed();
      while (script.opens === opens) await script.run(50);
      pauses.push(script.clock.nowMs() - startMs);
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500]);
    script.socket.opened();
    script.say({ kind: "welcome", welcome: { ...WELCOME, heartbeatMs: 60_000 } });
    await script.run(10_000);
    script.socket.closed();
    await script.run(250);
    expect(script.opens).toBe(10);
  });
});

describe("PlayerClient: requests", () => {
  test("a reply and an error find their request, in whatever order", async () => {
    const script = new Script();
    await script.login();
    const first = script.client.request(Boss.hit, { damage: 1 });
    const second = script.client.request(Boss.hit, { damage: 2 });
    expect(script.takeSent()).toEqual([request(1, { damage: 1 }), request(2, { damage: 2 })]);
    script.say({ kind: "error", seq: 2, code: "OVERLOADED", detail: "busy", executed: false });
    script.say({ kind: "reply", seq: 1, body: { rank: 7 } });
    expect([await endOf(first), await endOf(second)]).toEqual([{ rank: 7 }, { code: "OVERLOADED", executed: false }]);
  });

  test("one that is made before the welcome goes after it", async () => {
    const script = new Script();
    await script.greet();
    const early = script.client.request(2000, "early");
    expect(script.takeSent()).toEqual([HELLO]);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.takeSent()).toEqual([request(1, "early")]);
    script.say({ kind: "reply", seq: 1, body: null });
    expect(await endOf(early)).toBe(null);
  });

  test("no more are under way than the server takes, and no more wait than is allowed", async () => {
    const script = new Script();
    await script.login();
    const count = REQUESTS_WAITING_MAX + REQUESTS_QUEUED_MAX + 1;
    const ends = Array.from({ length: count }, (_, index) => endOf(script.client.request(2000, index)));
    expect(script.takeSent().length).toBe(REQUESTS_WAITING_MAX);
    expect(await ends.at(-1)).toEqual({ code: "OVERLOADED", executed: false });
    script.say({ kind: "reply", seq: 1, body: "done" });
    expect(script.takeSent()).toEqual([request(REQUESTS_WAITING_MAX + 1, REQUESTS_WAITING_MAX)]);
    expect(await ends[0]).toBe("done");
  });

  test("a body that can't travel is refused at once, and takes no number", async () => {
    const script = new Script();
    await script.login();
    const invalid = { code: "INVALID", executed: false };
    expect(await endOf(script.client.request(2000, new Date(0)))).toEqual(invalid);
    expect(await endOf(script.client.request(2000, new Uint8Array(PACKET_UP_SIZE_MAX)))).toEqual(invalid);
    void endOf(script.client.request(2000, new Uint8Array(PACKET_UP_SIZE_MAX - 20)));
    expect(script.takeSent()).toEqual([request(1, new Uint8Array(PACKET_UP_SIZE_MAX - 20))]);
  });

  test("a value that changes after the call is sent as it was", async () => {
    const script = new Script();
    await script.greet();
    const body = { damage: 1 };
    void endOf(script.client.request(2000, body));
    body.damage = 99;
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.takeSent()).toEqual([HELLO, request(1, { damage: 1 })]);
  });

  test("one without an answer in time is rejected, and its late answer is passed over", async () => {
    const script = new Script();
    await script.login();
    const end = endOf(script.client.request(2000, 1, { timeoutMs: 3_000 }));
    await script.run(2_999);
    script.client.request(2000, 2).catch(() => undefined);
    await script.run(1);
    expect(await end).toEqual({ code: "DEADLINE", executed: null });
    script.say({ kind: "reply", seq: 1, body: "late" });
    expect(script.client.status.kind).toBe("online");
  });

  test("an aborted one says whether it was sent, and keeps its number then", async () => {
    const script = new Script();
    await script.greet();
    const [early, sent] = [new AbortController(), new AbortController()];
    const gone = endOf(script.client.request(2000, "never", { signal: early.signal }));
    const under = endOf(script.client.request(2000, "first", { signal: sent.signal }));
    early.abort();
    expect(await gone).toEqual({ code: "ABORTED", executed: false });
    script.say({ kind: "welcome", welcome: WELCOME });
    sent.abort();
    expect(await under).toEqual({ code: "ABORTED", executed: null });
    void endOf(script.client.request(2000, "second"));
    expect(script.takeSent()).toEqual([HELLO, request(1, "first"), request(2, "second")]);
    expect(await endOf(script.client.request(2000, "x", { signal: early.signal }))).toEqual({
      code: "ABORTED",
      executed: false,
    });
  });

  test("while offline one is rejected at once", async () => {
    const script = new Script();
    expect(await endOf(script.client.request(2000, 1))).toEqual({ code: "LINK_LOST", executed: false });
    await script.login();
    script.client.close();
    expect(script.takeSent()).toEqual([{ kind: "bye" }]);
    expect(await endOf(script.client.request(2000, 1))).toEqual({ code: "LINK_LOST", executed: false });
    expect(script.clock.timerCount).toBe(0);
  });

  test("close() rejects what is under way and what waits", async () => {
    const script = new Script();
    await script.login();
    const ends = Array.from({ length: REQUESTS_WAITING_MAX + 1 }, (_, index) => script.client.request(2000, index));
    script.client.close();
    expect(await endOf(ends[0] as Promise<unknown>)).toEqual({ code: "LINK_LOST", executed: null });
    expect(await endOf(ends.at(-1) as Promise<unknown>)).toEqual({ code: "LINK_LOST", executed: false });
    await Promise.all(ends.map(endOf));
  });
});

describe("PlayerClient: a connection that is lost", () => {
  test("the session goes on: what has no answer is sent again in order, and nothing is lost or doubled", async () => {
    const script = new Script();
    await script.login();
    const pushes: unknown[] = [];
    script.client.subscribe("news", (body) => pushes.push(body));
    script.say({ kind: "push", pushSeq: 1, type: "news", body: "one" });
    script.say({ kind: "push", pushSeq: 2, type: "news", body: "two" });
    const ends = ["a", "b", "c"].map((body) => endOf(script.client.request(2000, body)));
    script.say({ kind: "reply", seq: 1, body: "A" });
    script.takeSent();
    await script.reopen();
    const resume = { session: SESSION, resumeToken: "r-1", ackedPush: 2 };
    expect(script.takeSent()).toEqual([{ kind: "hello", token: "token-1", resume }]);
    script.say({ kind: "welcome", welcome: { ...WELCOME, resumeToken: "r-2", resumed: true, answered: 2 } });
    void endOf(script.client.request(2000, "d"));
    expect(script.takeSent()).toEqual([request(2, "b"), request(3, "c"), request(4, "d")]);
    script.say({ kind: "push", pushSeq: 2, type: "news", body: "two" });
    script.say({ kind: "push", pushSeq: 3, type: "news", body: "three" });
    script.say({ kind: "reply", seq: 2, body: "B" }, { kind: "reply", seq: 3, body: "C" });
    expect(await Promise.all(ends)).toEqual(["A", "B", "C"]);
    expect(pushes).toEqual(["one", "two", "three"]);
    expect(script.statuses).toEqual([
      { kind: "resuming", session: SESSION, player: "p-1", attempt: 1, reason: LOST },
      { kind: "online", session: SESSION, player: "p-1", resumed: true },
    ]);
  });

  test("one that was given up is sent again only if the server has not answered it", async () => {
    const script = new Script();
    await script.login();
    for (const body of ["a", "b"]) void endOf(script.client.request(2000, body, { timeoutMs: 100 }));
    void endOf(script.client.request(2000, "c"));
    await script.run(100);
    script.takeSent();
    await script.reopen();
    script.say({ kind: "welcome", welcome: { ...WELCOME, resumed: true, answered: 1 } });
    expect(script.takeSent().slice(1)).toEqual([request(2, "b"), request(3, "c")]);
  });

  test("comes back with the token of the last renew", async () => {
    const script = new Script();
    await script.login();
    script.say({ kind: "renew", resumeToken: "r-9" });
    await script.reopen();
    const resume = { session: SESSION, resumeToken: "r-9", ackedPush: 0 };
    expect(script.takeSent()).toEqual([{ kind: "hello", token: "token-1", resume }]);
  });

  test("a session that is gone: logs in anew at once, rejects what was sent and sends what was not", async () => {
    const script = new Script();
    await script.login();
    const sent = endOf(script.client.request(2000, "sent"));
    script.socket.closed();
    const waiting = endOf(script.client.request(2000, "waiting"));
    await script.run(250);
    script.socket.opened();
    script.takeSent();
    script.say({ kind: "refuse", code: "session_gone", detail: "too late", retryMs: null });
    await settled();
    expect(await sent).toEqual({ code: "LINK_LOST", executed: null });
    script.socket.opened();
    script.say({ kind: "welcome", welcome: { ...WELCOME, session: "f".repeat(32) } });
    expect(script.takeSent()).toEqual([HELLO, request(1, "waiting")]);
    script.say({ kind: "push", pushSeq: 1, type: "news", body: null }, { kind: "reply", seq: 1, body: "yes" });
    expect(await waiting).toBe("yes");
    expect(script.statuses.at(-1)).toEqual({ kind: "online", session: "f".repeat(32), player: "p-1", resumed: false });
  });

  test("a welcome to a new session instead of the old one: what was sent is rejected", async () => {
    const script = new Script();
    await script.login();
    const end = endOf(script.client.request(2000, "a"));
    script.say({ kind: "push", pushSeq: 1, type: "news", body: null });
    await script.reopen();
    script.takeSent();
    script.say({ kind: "welcome", welcome: { ...WELCOME, session: "f".repeat(32) } });
    expect(await end).toEqual({ code: "LINK_LOST", executed: null });
    void endOf(script.client.request(2000, "b"));
    script.say({ kind: "push", pushSeq: 1, type: "news", body: null });
    await script.run(200);
    expect(script.takeSent()).toEqual([request(1, "b"), { kind: "ack", pushSeq: 1 }]);
  });

  test("a newer login elsewhere: offline for good, and everything is rejected", async () => {
    const script = new Script();
    await script.login();
    const end = endOf(script.client.request(2000, 1));
    script.say({ kind: "kicked", code: "replaced", detail: "a newer login" });
    expect(await end).toEqual({ code: "LINK_LOST", executed: null });
    await script.run(3_600_000);
    expect(script.statuses).toEqual([{ kind: "offline", reason: { code: "replaced", detail: "a newer login" } }]);
    expect([script.opens, script.shuts]).toEqual([1, 1]);
  });

  test("a restart of the server: comes back with the session", async () => {
    const script = new Script();
    await script.login();
    script.say({ kind: "kicked", code: "shutting_down", detail: "" });
    expect(script.client.status.kind).toBe("resuming");
    await script.run(250);
    expect(script.opens).toBe(2);
  });

  test("connect() cuts the pause short", async () => {
    const script = new Script();
    await script.login();
    script.socket.closed();
    script.client.connect();
    await settled();
    expect(script.opens).toBe(2);
  });

  test("word of a connection that is over changes nothing", async () => {
    const script = new Script();
    await script.login();
    const old = script.socket;
    await script.reopen();
    script.say({ kind: "welcome", welcome: { ...WELCOME, resumed: true } });
    old.closed();
    old.message(new Uint8Array(0));
    expect(script.client.status.kind).toBe("online");
  });

  test("a server that breaks the protocol is left, and its session with it", async () => {
    const script = new Script();
    for (const [bytes, detail] of [
      [new Uint8Array(0), "packet is nothing, allowed is an array"],
      [new Uint8Array([0x93, 19, 5, 0xc0]), "an answer to request 5, which was not sent"],
      [new Uint8Array([0x94, 21, 3, 0xa1, 0x61, 0xc0]), "push 3 after 0"],
      [new Uint8Array([0x93, 17, 1, 1]), "a place in the queue out of turn"],
    ] as const) {
      await script.login();
      script.socket.message(bytes);
      expect(script.client.status).toEqual({
        kind: "connecting",
        attempt: 1,
        reason: { code: "bad_server", detail },
      });
      script.client.close();
    }
  });
});

describe("PlayerClient: heartbeat, acknowledgements and listeners", () => {
  test("pings at the server's pace, and leaves a connection that is silent for two intervals", async () => {
    const script = new Script();
    await script.login();
    await script.run(10_000);
    script.say({ kind: "pong", n: 1, serverMs: 1_763_000_010_000 });
    await script.run(10_000);
    await script.run(10_000);
    expect(script.takeSent()).toEqual([
      { kind: "ping", n: 1 },
      { kind: "ping", n: 2 },
      { kind: "ping", n: 3 },
    ]);
    expect(script.client.status.kind).toBe("online");
    await script.run(10_000);
    expect(script.client.status).toEqual({
      kind: "resuming",
      session: SESSION,
      player: "p-1",
      attempt: 1,
      reason: { code: "silent", detail: "no byte in two heartbeat intervals" },
    });
  });

  test("knows the server's calendar from the shortest round trip", async () => {
    const script = new Script();
    await script.greet();
    expect(script.client.serverMs).toBeUndefined();
    await script.run(400);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.client.serverMs).toBe(WELCOME.serverMs + 200);
    await script.run(10_000);
    await script.run(20);
    script.say({ kind: "pong", n: 1, serverMs: WELCOME.serverMs + 50_000 });
    await script.run(90);
    expect(script.client.serverMs).toBe(WELCOME.serverMs + 50_100);
  });

  test("gathers acknowledgements, and does not wait when there are many", async () => {
    const script = new Script();
    await script.login();
    for (let pushSeq = 1; pushSeq <= 3; pushSeq += 1) script.say({ kind: "push", pushSeq, type: "news", body: null });
    expect(script.takeSent()).toEqual([]);
    await script.run(200);
    expect(script.takeSent()).toEqual([{ kind: "ack", pushSeq: 3 }]);
    for (let pushSeq = 4; pushSeq <= 67; pushSeq += 1) script.say({ kind: "push", pushSeq, type: "news", body: null });
    expect(script.takeSent()).toEqual([{ kind: "ack", pushSeq: 67 }]);
    script.say({ kind: "push", pushSeq: 68, type: "news", body: new Uint8Array(300_000) });
    expect(script.takeSent()).toEqual([{ kind: "ack", pushSeq: 68 }]);
    await script.run(5_000);
    expect(script.takeSent()).toEqual([]);
  });

  test("a listener that throws is reported, and the others hear all the same", async () => {
    const script = new Script();
    await script.login();
    const heard: unknown[] = [];
    const error = new Error("from the listener");
    script.client.subscribe("news", () => {
      throw error;
    });
    const end = script.client.subscribe("news", (body) => heard.push(body));
    script.client.subscribe("other", (body) => heard.push(body));
    script.say({ kind: "push", pushSeq: 1, type: "news", body: 1 });
    end();
    script.say({ kind: "push", pushSeq: 2, type: "news", body: 2 });
    expect({ heard, faults: script.faults }).toEqual({ heard: [1], faults: [error, error] });
  });

  test("a listener may ask, and close, from within", async () => {
    const script = new Script();
    await script.login();
    script.client.subscribe("news", () => {
      void endOf(script.client.request(2000, "from within"));
      script.client.close();
    });
    script.say({ kind: "push", pushSeq: 1, type: "news", body: 1 });
    expect(script.takeSent()).toEqual([request(1, "from within"), { kind: "bye" }]);
    expect(script.client.status.kind).toBe("offline");
  });
});
