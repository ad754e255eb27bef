import { describe, expect, test } from "#test";
import { HELLO, SESSION, Script, endOf, request, settled, WELCOME } from "./script.ts";

const LOST = { code: "lost", detail: "the connection ended while online" } as const;

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

  test("a session that is gone, by a server that says when to ask: waits so long", async () => {
    const script = new Script();
    await script.login();
    await script.reopen();
    script.say({ kind: "refuse", code: "session_gone", detail: "too late", retryMs: 700 });
    await script.run(700);
    expect(script.opens).toBe(2);
    await script.run(500);
    expect(script.opens).toBe(3);
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
