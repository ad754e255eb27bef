import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { Caller } from "#rpc/caller.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import { joinParts } from "#wire/header.ts";
import { HEADER_SIZE } from "#wire/limits.ts";
import { FakeLink, key, read, settle } from "../mesh/harness.ts";
import { ScriptedCaller, Shop } from "./harness.ts";
import type { Ended, Watched } from "./harness.ts";

const TO = { to: { key: key("center:5") } };
const BUY = { item: "sword" };
const LOOKS = { ...TO, retries: 3 };

function buy(at: ScriptedCaller, options: { timeoutMs?: number; retries?: number } = {}): Watched {
  return at.watch(at.caller.call(Shop.buy, BUY, { ...TO, ...options }));
}

async function ended(watched: Watched): Promise<Ended | undefined> {
  await settle();
  return watched.ended;
}

describe("Caller: what is lost", () => {
  const HEAD = HEADER_SIZE + packBody(BUY).length;

  test("a link that goes tells each call whether it left", async () => {
    const at = new ScriptedCaller();
    const calls = [buy(at), buy(at), buy(at)];
    // All of the first, one byte of the second, nothing of the third.
    at.link.dataWrittenSize = HEAD + 1;
    at.caller.linkLost(at.link);
    await settle();
    expect(calls.map(({ ended: end }) => [end?.code, end?.at, end?.sent, end?.notExecuted, end?.detail])).toEqual([
      ["LINK_LOST", "center:3", true, false, "link to gateway:3 is lost"],
      ["LINK_LOST", "center:3", true, false, "link to gateway:3 is lost"],
      ["LINK_LOST", "center:3", false, true, "link to gateway:3 is lost"],
    ]);
  });

  test("calls on other links, and those that stayed here, go on", async () => {
    const at = new ScriptedCaller();
    const sent = buy(at);
    at.outcome = () => ({ kind: "local" });
    const local = buy(at);
    at.caller.linkLost(new FakeLink("gateway:3", "above"));
    expect(await ended(sent)).toEqual(undefined);
    at.caller.linkLost(at.link);
    await settle();
    expect([sent.ended?.code, local.ended]).toEqual(["LINK_LOST", undefined]);
  });

  test("a target that leaves the directory ends what is pending on it, as sent", async () => {
    const at = new ScriptedCaller();
    const call = buy(at);
    const other = at.watch(at.caller.call(Shop.buy, BUY, { to: { key: key("center:6") } }));
    at.caller.unreachable(key("center:5"));
    expect(await ended(call)).toEqual({
      code: "LINK_LOST",
      at: "center:3",
      sent: true,
      notExecuted: false,
      detail: "center:5 is unreachable",
    });
    expect(other.ended).toEqual(undefined);
  });

  test("closing ends everything, and what comes later fails", async () => {
    const at = new ScriptedCaller();
    const call = buy(at);
    at.caller.close();
    const late = buy(at);
    await settle();
    expect([call.ended?.code, call.ended?.sent, call.ended?.detail]).toEqual(["LINK_LOST", true, "this node stops"]);
    expect([late.ended?.code, late.ended?.sent]).toEqual(["DRAINING", false]);
    expect([at.caller.pendingCount, at.clock.pending, at.frames.length]).toEqual([0, 0, 1]);
  });

  test("a call that is made while another one is being sent does not spoil it", async () => {
    const at = new ScriptedCaller();
    const seen: string[] = [];
    const holder: { caller?: Caller } = {};
    const caller = new Caller({
      self: at.self,
      clock: at.clock,
      random: seededRandom(1),
      counters: at.counters,
      send: (header, sent) => {
        // A link ends while it takes the frame, and somebody who hears of it calls at once.
        if (seen.length === 0) {
          seen.push("");
          void at.watch(holder.caller?.call(Shop.look, { item: "shield" }, TO) ?? Promise.resolve());
        }
        const { method, body } = read(joinParts(header, sent));
        seen.push(`${method} ${JSON.stringify(unpackBody(body))}`);
        return { kind: "local" };
      },
    });
    holder.caller = caller;
    void at.watch(caller.call(Shop.buy, BUY, TO));
    await settle();
    expect(seen).toEqual(["", '2001 {"item":"shield"}', '2000 {"item":"sword"}']);
    caller.close();
  });
});

describe("Caller: retries", () => {
  function look(at: ScriptedCaller, options: { timeoutMs?: number; retries?: number } = {}): Watched {
    return at.watch(at.caller.call(Shop.look, BUY, { ...LOOKS, ...options }));
  }

  test("none unless asked for", async () => {
    const at = new ScriptedCaller();
    const call = buy(at);
    at.answer(at.frames[0], { error: "OVERLOADED" });
    await at.clock.run(1000);
    expect([call.ended?.code, at.frames.length]).toEqual(["OVERLOADED", 1]);
  });

  test("what was not executed is tried again, after a pause, with the time that is left", async () => {
    const at = new ScriptedCaller();
    const call = buy(at, { retries: 2, timeoutMs: 1000 });
    at.answer(at.frames[0], { error: "NO_ROUTE" });
    await at.clock.run(19);
    expect(at.frames.length).toEqual(1);
    await at.clock.run(30);
    expect(at.frames.length).toEqual(2);
    expect(at.frames[1]?.deadlineMs).toBeLessThanOrEqual(980);
    expect(at.frames[1]?.callId).not.toEqual(at.frames[0]?.callId);
    at.answer(at.frames[1], { value: { price: 7 } });
    expect(await ended(call)).toEqual({ value: { price: 7 } });
    expect(at.counters.all()).toEqual({ "rpc.retries": 1 });
  });

  test("each code that allows it, and no other", async () => {
    const tried: Record<string, [once: number, idempotent: number]> = {};
    for (const code of [
      "NO_ROUTE",
      "LINK_LOST",
      "DEADLINE",
      "OVERLOADED",
      "DRAINING",
      "UNKNOWN_METHOD",
      "INVALID",
      "FAILED",
    ] as const) {
      const counts: number[] = [];
      for (const start of [buy, look]) {
        const at = new ScriptedCaller();
        start(at, { retries: 1 });
        at.answer(at.frames[0], { error: code });
        await at.clock.run(100);
        counts.push(at.frames.length - 1);
      }
      tried[code] = [counts[0] ?? -1, counts[1] ?? -1];
    }
    expect(tried).toEqual({
      NO_ROUTE: [1, 1],
      LINK_LOST: [0, 1],
      DEADLINE: [0, 1],
      OVERLOADED: [1, 1],
      DRAINING: [1, 1],
      UNKNOWN_METHOD: [0, 0],
      INVALID: [0, 0],
      FAILED: [0, 0],
    });
  });

  test("a lost link: only what never left, or may be executed twice", async () => {
    const at = new ScriptedCaller();
    buy(at, { retries: 1 });
    at.link.flush();
    buy(at, { retries: 1 });
    look(at, { retries: 1 });
    at.caller.linkLost(at.link);
    const before = at.frames.length;
    await at.clock.run(100);
    expect(at.frames.slice(before).map((one) => one.method)).toEqual([2001, 2000]);
  });

  test("as many as asked for, then the last error", async () => {
    const at = new ScriptedCaller();
    at.outcome = () => ({ kind: "no_route", detail: "no path" });
    const call = buy(at, { retries: 3 });
    await at.clock.run(3000, 10);
    expect([call.ended?.code, call.endCount, at.frames.length]).toEqual(["NO_ROUTE", 1, 4]);
  });

  test("never beyond the time: the last error comes before the deadline", async () => {
    const at = new ScriptedCaller();
    at.outcome = () => ({ kind: "no_route", detail: "no path" });
    const call = buy(at, { retries: 16, timeoutMs: 100 });
    await at.clock.run(300);
    expect(call.ended?.code).toEqual("NO_ROUTE");
    expect((call.endedAtMs ?? 0) - 1000).toBeLessThan(100);
    expect(at.frames.length).toBeGreaterThan(1);
  });

  test("an attempt that is never answered leaves time for the next one, if the method is idempotent", async () => {
    const at = new ScriptedCaller();
    const call = look(at, { retries: 2, timeoutMs: 1000 });
    await at.clock.run(499);
    expect(at.frames.length).toEqual(1);
    await at.clock.run(60);
    expect(at.frames.map((one) => one.deadlineMs <= 500)).toEqual([true, true]);
    await at.clock.run(300);
    // The last one has all that is left.
    expect(at.frames.length).toEqual(3);
    at.answer(at.frames[2], { value: { price: 7 } });
    expect(await ended(call)).toEqual({ value: { price: 7 } });
    const once = buy(at, { retries: 2, timeoutMs: 1000 });
    await at.clock.run(1001);
    expect([(await ended(once))?.code, at.frames.length, at.frames[3]?.deadlineMs]).toEqual(["DEADLINE", 4, 1000]);
  });

  test("a budget bounds them for all calls together", async () => {
    const at = new ScriptedCaller();
    at.outcome = () => ({ kind: "no_route", detail: "no path" });
    const calls = Array.from({ length: 100 }, () => buy(at, { retries: 16 }));
    await at.clock.run(6000, 10);
    expect(calls.map((call) => call.ended?.code)).toEqual(calls.map(() => "NO_ROUTE"));
    // Ten to begin with, and a tenth of a hundred calls.
    expect([at.frames.length >= 118, at.frames.length <= 120]).toEqual([true, true]);
  });

  test("what may have been executed once is not said to be not executed by a later try", async () => {
    const at = new ScriptedCaller();
    const call = look(at, { retries: 1 });
    at.answer(at.frames[0], { error: "LINK_LOST" });
    at.outcome = () => ({ kind: "no_route", detail: "no path" });
    await at.clock.run(100);
    expect(at.frames.length).toEqual(2);
    expect(call.ended).toEqual({
      code: "LINK_LOST",
      at: "center:5",
      sent: true,
      notExecuted: false,
      detail: "because",
    });
  });

  test("a closed caller tries no more", async () => {
    const at = new ScriptedCaller();
    const call = buy(at, { retries: 5 });
    at.answer(at.frames[0], { error: "NO_ROUTE" });
    await settle();
    at.caller.close();
    await at.clock.run(1000);
    expect([call.ended?.code, at.frames.length]).toEqual(["DRAINING", 1]);
  });
});
