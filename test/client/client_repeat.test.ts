import * as v from "valibot";
import { describe, expect, test } from "#test";
import type { RequestError } from "#client/request_error.ts";
import { REPEATS_MAX, REQUESTS_QUEUED_MAX } from "#client/request_ledger.ts";
import { contract } from "#rpc/contract.ts";
import { REQUESTS_WAITING_MAX } from "#session/client_packets.ts";
import { Script, WELCOME, endOf, request, settled } from "./script.ts";

const Bag = contract("bag", {
  use: { id: 2000, idempotent: true, request: v.string(), reply: v.string() },
  count: { id: 2001, request: v.string(), reply: v.string() },
});

const UNKNOWN = { code: "LINK_LOST", executed: null };
const REPEATABLE = { repeatable: true, timeoutMs: 60_000 };

/** The gateway has another boot, and no session: the client logs in anew. */
async function relogin(script: Script, rounds = 1): Promise<void> {
  await script.reopen();
  script.takeSent();
  script.say({ kind: "refuse", code: "session_gone", detail: "", retryMs: null });
  await settled();
  script.socket.opened();
  script.takeSent();
  script.say({ kind: "welcome", welcome: { ...WELCOME, session: String(rounds).repeat(32) } });
}

describe("PlayerClient: requests over a new login", () => {
  test("those that may be repeated go first and in their order, the others are rejected", async () => {
    const script = new Script();
    await script.login();
    const ends = [
      endOf(script.client.request(Bag.use, "idempotent")),
      endOf(script.client.request(Bag.count, "neither")),
      endOf(script.client.request(2000, "with a key", { repeatable: true })),
      endOf(script.client.request(2000, "by number")),
      endOf(script.client.request(Bag.use, "once only", { repeatable: false })),
    ];
    script.socket.closed();
    ends.push(endOf(script.client.request(Bag.count, "never sent")));
    await relogin(script);
    expect(await Promise.all([ends[1], ends[3], ends[4]])).toEqual([UNKNOWN, UNKNOWN, UNKNOWN]);
    expect(script.takeSent()).toEqual([
      request(1, "idempotent"),
      request(2, "with a key"),
      { kind: "request", seq: 3, method: Bag.count.id, body: "never sent" },
    ]);
    for (const seq of [1, 2, 3]) script.say({ kind: "reply", seq, body: seq });
    expect(await Promise.all([ends[0], ends[2], ends[5]])).toEqual([1, 2, 3]);
  });

  test("a new session where the old one was to be resumed: the same", async () => {
    const script = new Script();
    await script.login();
    const ends = [endOf(script.client.request(Bag.use, "a")), endOf(script.client.request(Bag.count, "b"))];
    await script.reopen();
    script.takeSent();
    script.say({ kind: "welcome", welcome: { ...WELCOME, session: "f".repeat(32) } });
    expect(script.takeSent()).toEqual([request(1, "a")]);
    script.say({ kind: "reply", seq: 1, body: "A" });
    expect(await Promise.all(ends)).toEqual(["A", UNKNOWN]);
  });

  test("one that was answered, or that nobody waits for, is not repeated", async () => {
    const script = new Script();
    await script.login();
    const answered = endOf(script.client.request(Bag.use, "answered"));
    const late = endOf(script.client.request(Bag.use, "late", { timeoutMs: 100 }));
    const abort = new AbortController();
    const aborted = endOf(script.client.request(Bag.use, "aborted", { signal: abort.signal }));
    script.say({ kind: "error", seq: 1, code: "OVERLOADED", detail: "", executed: false });
    await script.run(100);
    abort.abort();
    expect(await Promise.all([answered, late, aborted])).toEqual([
      { code: "OVERLOADED", executed: false },
      { code: "DEADLINE", executed: null },
      { code: "ABORTED", executed: null },
    ]);
    await relogin(script);
    void endOf(script.client.request(Bag.use, "new"));
    expect(script.takeSent()).toEqual([request(1, "new")]);
  });

  test("the deadline is that of the call, and the caller may give up: nobody knows whether it was executed", async () => {
    const script = new Script();
    await script.login();
    const abort = new AbortController();
    const aborted = endOf(script.client.request(Bag.use, "a", { signal: abort.signal }));
    const late = endOf(script.client.request(Bag.use, "b", { timeoutMs: 20_000 }));
    script.say({ kind: "kicked", code: "bad_packet", detail: "" });
    const unsent = endOf(script.client.request(Bag.use, "c", { timeoutMs: 20_000 }));
    abort.abort();
    for (let count = 0; count < 20; count += 1) await script.run(1_000);
    expect(await Promise.all([aborted, late, unsent])).toEqual([
      { code: "ABORTED", executed: null },
      { code: "DEADLINE", executed: null },
      { code: "DEADLINE", executed: false },
    ]);
  });

  test("that a repeat was not executed says nothing of the time before", async () => {
    const script = new Script();
    await script.login();
    const ends = ["a", "b", "c"].map((body) => script.client.request(Bag.use, body));
    await relogin(script);
    const fresh = endOf(script.client.request(Bag.use, "d"));
    script.say(
      { kind: "error", seq: 1, code: "NO_ROUTE", detail: "at gateway:1", executed: false },
      { kind: "error", seq: 2, code: "FAILED", detail: "", executed: true },
      { kind: "error", seq: 3, code: "LINK_LOST", detail: "", executed: null },
      { kind: "error", seq: 4, code: "NO_ROUTE", detail: "", executed: false },
    );
    expect(await Promise.all([...ends.map(endOf), fresh])).toEqual([
      { code: "NO_ROUTE", executed: null },
      { code: "FAILED", executed: true },
      { code: "LINK_LOST", executed: null },
      { code: "NO_ROUTE", executed: false },
    ]);
    const error = await ends[0]?.catch((caught: RequestError) => caught.message);
    expect(error).toBe("Cannot request: NO_ROUTE: at gateway:1");
  });

  test("close() rejects those that wait to be repeated as what they are", async () => {
    const script = new Script();
    await script.login();
    const sent = endOf(script.client.request(Bag.use, "sent"));
    script.say({ kind: "kicked", code: "bad_packet", detail: "" });
    const unsent = endOf(script.client.request(Bag.use, "unsent"));
    script.client.close();
    expect(await Promise.all([sent, unsent])).toEqual([UNKNOWN, { code: "LINK_LOST", executed: false }]);
    expect(script.clock.timerCount).toBe(0);
  });

  test("a server that says stop: nothing waits to be repeated", async () => {
    const script = new Script();
    await script.login();
    const sent = endOf(script.client.request(Bag.use, "sent"));
    script.say({ kind: "kicked", code: "replaced", detail: "" });
    expect(await sent).toEqual(UNKNOWN);
    await script.greet();
    script.takeSent();
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.takeSent()).toEqual([]);
  });

  test("none is asked in more sessions than are allowed: it may be what ends them", async () => {
    const script = new Script();
    await script.login();
    const end = endOf(script.client.request(2000, "poison", REPEATABLE));
    expect(script.takeSent()).toEqual([request(1, "poison")]);
    for (let round = 1; round <= REPEATS_MAX; round += 1) {
      await relogin(script, round);
      expect(script.takeSent()).toEqual([request(1, "poison")]);
      // It is online for long enough for the pauses to stay short.
      await script.run(10_000);
      script.say({ kind: "pong", n: round, serverMs: 0 });
    }
    await relogin(script, 9);
    expect(await end).toEqual(UNKNOWN);
    expect(script.takeSent().filter((packet) => (packet as { kind: string }).kind === "request")).toEqual([]);
  });

  test("those that wait to be repeated are never too many, and those behind them keep their places", async () => {
    const script = new Script();
    await script.login();
    const count = REQUESTS_WAITING_MAX + REQUESTS_QUEUED_MAX;
    for (let index = 0; index < count; index += 1) void endOf(script.client.request(2000, index, REPEATABLE));
    script.takeSent();
    await relogin(script);
    expect(await endOf(script.client.request(2000, "one more"))).toEqual({ code: "OVERLOADED", executed: false });
    const seen: unknown[] = [];
    for (let rounds = 0; seen.length < count && rounds < 10_000; rounds += 1) {
      const sent = (script.takeSent() as { kind: string; seq: number; body: unknown }[]).filter(
        ({ kind }) => kind === "request",
      );
      for (const { seq, body } of sent) {
        seen.push(body);
        script.say({ kind: "reply", seq, body: null });
      }
      if (sent.length === 0) await script.run(100);
    }
    expect(seen).toEqual(Array.from({ length: count }, (_, index) => index));
  });
});
