import { describe, expect, test } from "#test";
import { isCallError } from "#rpc/call_failure.ts";
import { TIMEOUT_DEFAULT_MS, TIMEOUT_MAX_MS } from "#rpc/caller.ts";
import { PENDING_MAX } from "#rpc/pending_calls.ts";
import { WHEEL_TICK_MS } from "#rpc/timer_wheel.ts";
import { unpackBody } from "#wire/body.ts";
import { BODY_SIZE_MAX } from "#wire/limits.ts";
import { NUMBER_EVERY, nodeKey } from "#wire/role.ts";
import { every, key, node, settle } from "../mesh/harness.ts";
import { RAW, ScriptedCaller, Shop, TAG } from "./harness.ts";
import type { Ended, Watched } from "./harness.ts";

const TO = { to: { key: key("center:5") } };
const BUY = { item: "sword" };

function buy(at: ScriptedCaller, options: { timeoutMs?: number; retries?: number } = {}): Watched {
  return at.watch(at.caller.call(Shop.buy, BUY, { ...TO, ...options }));
}

async function ended(watched: Watched): Promise<Ended | undefined> {
  await settle();
  return watched.ended;
}

describe("Caller: a call", () => {
  test("goes out whole, and its reply comes back as a value", async () => {
    const at = new ScriptedCaller();
    const call = buy(at, { timeoutMs: 700 });
    const { body, callId, ...rest } = at.frames[0] ?? { body: new Uint8Array(0), callId: 0 };
    expect(rest).toEqual({
      kind: "call",
      from: at.self.id,
      to: "center:5",
      shard: 0,
      callerTag: TAG,
      deadlineMs: 700,
      method: 2000,
      hops: 8,
      flags: 0,
    });
    expect([unpackBody(body), callId > 0]).toEqual([BUY, true]);
    at.answer(at.frames[0], { value: { price: 7 } });
    expect(await ended(call)).toEqual({ value: { price: 7 } });
    expect([at.caller.pendingCount, at.counters.all()]).toEqual([0, {}]);
  });

  test("has a time of its own, within bounds", () => {
    const at = new ScriptedCaller();
    for (const timeoutMs of [undefined, 0, -5, 0.2, 1e9, Number.POSITIVE_INFINITY]) {
      void buy(at, timeoutMs === undefined ? {} : { timeoutMs });
    }
    expect(at.frames.map((one) => one.deadlineMs)).toEqual([
      TIMEOUT_DEFAULT_MS,
      1,
      1,
      1,
      TIMEOUT_MAX_MS,
      TIMEOUT_MAX_MS,
    ]);
  });

  test("with a time that is no number ends as well", async () => {
    const at = new ScriptedCaller();
    const call = buy(at, { timeoutMs: Number.NaN, retries: Number.NaN });
    const raw = at.watch(at.caller.callRaw(RAW, new Uint8Array(1), { ...TO, timeoutMs: Number.NaN }));
    await at.clock.run(TIMEOUT_DEFAULT_MS + WHEEL_TICK_MS, 100);
    expect([call.ended?.code, raw.ended?.code, at.caller.pendingCount]).toEqual(["DEADLINE", "DEADLINE", 0]);
  });

  test("ends at its deadline, within a tick, and a late reply is counted", async () => {
    const at = new ScriptedCaller();
    const call = buy(at, { timeoutMs: 55.5 });
    await at.clock.run(200);
    expect(call.ended).toEqual({
      code: "DEADLINE",
      at: "center:3",
      sent: true,
      notExecuted: false,
      detail: "no reply in time",
    });
    expect((call.endedAtMs ?? 0) - 1000).toBeGreaterThanOrEqual(55.5);
    expect((call.endedAtMs ?? 0) - 1000).toBeLessThanOrEqual(55.5 + WHEEL_TICK_MS + 1);
    at.answer(at.frames[0], { value: { price: 7 } });
    await settle();
    expect([call.endCount, at.counters.all()]).toEqual([1, { "rpc.late_reply": 1 }]);
  });

  test("a second reply is late", async () => {
    const at = new ScriptedCaller();
    const call = buy(at);
    at.answer(at.frames[0], { value: { price: 7 } });
    at.answer(at.frames[0], { value: { price: 8 } });
    expect(await ended(call)).toEqual({ value: { price: 7 } });
    expect(at.counters.all()).toEqual({ "rpc.late_reply": 1 });
  });

  test("raw bytes both ways", async () => {
    const at = new ScriptedCaller();
    const call = at.watch(at.caller.callRaw(RAW, Uint8Array.of(1, 2), TO));
    expect([at.frames[0]?.flags, at.frames[0]?.body]).toEqual([1, Uint8Array.of(1, 2)]);
    at.answer(at.frames[0], { raw: Uint8Array.of(3) });
    expect(await ended(call)).toEqual({ value: Uint8Array.of(3) });
  });

  test("a raw call that is answered with a value, and the other way round, is INVALID at the target", async () => {
    const at = new ScriptedCaller();
    const calls = [at.watch(at.caller.callRaw(RAW, Uint8Array.of(1), TO)), buy(at)];
    at.answer(at.frames[0], { value: { price: 7 } });
    at.answer(at.frames[1], { raw: Uint8Array.of(3) });
    await settle();
    expect(calls.map((call) => [call.ended?.code, call.ended?.at, call.ended?.detail])).toEqual([
      ["INVALID", "center:5", "reply is no raw bytes"],
      ["INVALID", "center:5", "reply is raw bytes"],
    ]);
  });

  test("keeps the reply though the buffer that it came in is used again", async () => {
    const at = new ScriptedCaller();
    const call = at.watch(at.caller.callRaw(RAW, new Uint8Array(0), TO));
    at.answer(at.frames[0], { raw: Uint8Array.of(1, 2, 3) });
    expect(await ended(call)).toEqual({ value: Uint8Array.of(1, 2, 3) });
  });
});

describe("Caller: who may answer", () => {
  test("a reply from another node than the one that was called is refused, and the call goes on", async () => {
    const at = new ScriptedCaller();
    const call = buy(at);
    for (const from of ["center:6", "gateway:3", "user:5"]) at.answer(at.frames[0], { from, value: { price: 1 } });
    at.answer(at.frames[0], { from: "user:301", error: "FAILED" });
    expect(await ended(call)).toEqual(undefined);
    expect(at.counters.all()).toEqual({ "rpc.foreign_reply": 4 });
    at.answer(at.frames[0], { value: { price: 7 } });
    expect(await ended(call)).toEqual({ value: { price: 7 } });
  });

  test("an error may come from a gateway on the way", async () => {
    const at = new ScriptedCaller();
    for (const from of ["gateway:3", "cross_gateway:2", "center:5"]) {
      const call = buy(at);
      at.answer(at.frames.at(-1), { from, error: "NO_ROUTE" });
      expect(await ended(call)).toEqual({
        code: "NO_ROUTE",
        at: from,
        sent: true,
        notExecuted: true,
        detail: "because",
      });
    }
  });

  test("an answer to another life of this node is late", async () => {
    const at = new ScriptedCaller();
    const call = buy(at);
    at.answer(at.frames[0], { value: { price: 7 }, tag: TAG ^ 1 });
    expect(await ended(call)).toEqual(undefined);
    expect(at.counters.all()).toEqual({ "rpc.late_reply": 1 });
  });
});

describe("Caller: errors", () => {
  test("each code that comes back says what it says, and whether it was executed", async () => {
    const at = new ScriptedCaller();
    const notExecuted: Record<string, boolean> = {};
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
      const call = buy(at);
      at.answer(at.frames.at(-1), { error: code });
      const got = await ended(call);
      expect([got?.code, got?.at, got?.sent, got?.detail]).toEqual([code, "center:5", true, "because"]);
      notExecuted[code] = got?.notExecuted ?? false;
    }
    expect(notExecuted).toEqual({
      NO_ROUTE: true,
      LINK_LOST: false,
      DEADLINE: false,
      OVERLOADED: true,
      DRAINING: true,
      UNKNOWN_METHOD: true,
      INVALID: false,
      FAILED: false,
    });
  });

  test("the message says what was called, how it ended and where", async () => {
    const at = new ScriptedCaller();
    const call = at.caller.call(Shop.buy, BUY, TO);
    at.answer(at.frames[0], { error: "FAILED" });
    const error: unknown = await call.catch((caught: unknown) => caught);
    expect(isCallError(error) && error.message).toEqual(
      "Cannot call shop.buy of center:5: FAILED at center:5, because",
    );
  });

  test("an error that cannot be read is INVALID", async () => {
    const at = new ScriptedCaller();
    const call = buy(at);
    at.answer(at.frames[0], { error: "FAILED", body: Uint8Array.of(8) });
    expect(await ended(call)).toEqual({
      code: "INVALID",
      at: "center:3",
      sent: true,
      notExecuted: false,
      detail: "the error that came back cannot be read",
    });
  });

  test("a reply that does not fit is INVALID at the target, with the place", async () => {
    const at = new ScriptedCaller();
    const first = buy(at);
    at.answer(at.frames[0], { value: { price: "dear" } });
    expect(await ended(first)).toEqual({
      code: "INVALID",
      at: "center:5",
      sent: true,
      notExecuted: false,
      detail: 'reply does not fit the contract: price: found "dear", Invalid type: Expected number but received "dear"',
    });
    const second = buy(at);
    at.answer(at.frames[1], { body: Uint8Array.of(0xc1) });
    expect((await ended(second))?.detail).toEqual("Cannot decode body: token 0xc1 is not allowed");
  });

  test("a request that no body can hold, or that is too large, is INVALID and never leaves", async () => {
    const at = new ScriptedCaller();
    const cycle: { item: string; self?: unknown } = { item: "x" };
    cycle.self = cycle;
    const calls = [
      at.watch(at.caller.call(Shop.buy, cycle, TO)),
      at.watch(at.caller.call(Shop.buy, { item: "x".repeat(BODY_SIZE_MAX) }, TO)),
      at.watch(at.caller.callRaw(RAW, new Uint8Array(BODY_SIZE_MAX + 1), TO)),
    ];
    await settle();
    expect(calls.map(({ ended: end }) => [end?.code, end?.at, end?.sent])).toEqual(
      calls.map(() => ["INVALID", "center:3", false]),
    );
    expect(calls[2]?.ended?.detail).toEqual(`request is ${BODY_SIZE_MAX + 1} bytes, limit is ${BODY_SIZE_MAX}`);
    expect(at.frames).toEqual([]);
  });

  test("the largest request leaves", () => {
    const at = new ScriptedCaller();
    void at.watch(at.caller.callRaw(RAW, new Uint8Array(BODY_SIZE_MAX), TO));
    expect(at.frames[0]?.body.length).toEqual(BODY_SIZE_MAX);
  });

  test("a group can be cast to, not called", async () => {
    const at = new ScriptedCaller();
    const group = { to: { key: every("center") } };
    const calls = [
      at.watch(at.caller.call(Shop.buy, BUY, group)),
      at.watch(at.caller.callRaw(RAW, new Uint8Array(0), group)),
    ];
    await settle();
    expect(calls.map(({ ended: end }) => [end?.code, end?.sent, end?.detail])).toEqual(
      calls.map(() => ["INVALID", false, "only a cast may go to every node of a role"]),
    );
    expect(at.frames).toEqual([]);
  });

  test("what the router does not take ends at once, unsent", async () => {
    const at = new ScriptedCaller();
    at.outcome = () => ({ kind: "no_route", detail: "no path to center:5" });
    const first = buy(at);
    expect(await ended(first)).toEqual({
      code: "NO_ROUTE",
      at: "center:3",
      sent: false,
      notExecuted: true,
      detail: "no path to center:5",
    });
    at.outcome = () => ({ kind: "overloaded", detail: "send queue to gateway:3 is full" });
    const second = buy(at);
    expect((await ended(second))?.code).toEqual("OVERLOADED");
    expect(at.caller.pendingCount).toEqual(0);
  });

  test("beyond PENDING_MAX calls the next one is OVERLOADED, unsent", async () => {
    const at = new ScriptedCaller();
    at.outcome = () => ({ kind: "local" });
    for (let index = 0; index < PENDING_MAX; index += 1) {
      at.caller.callRaw(RAW, new Uint8Array(0), TO).catch(() => {});
      at.frames.length = 0;
    }
    const call = buy(at);
    expect(await ended(call)).toEqual({
      code: "OVERLOADED",
      at: "center:3",
      sent: false,
      notExecuted: true,
      detail: `${PENDING_MAX} calls are under way`,
    });
    at.caller.close();
    await settle();
    expect(at.caller.pendingCount).toEqual(0);
  });
});

describe("Caller: casts", () => {
  test("carry no deadline and no id, and say whether they could leave", () => {
    const at = new ScriptedCaller();
    expect(at.caller.cast(Shop.buy, BUY, { key: nodeKey("center", NUMBER_EVERY), shard: 7 })).toEqual(true);
    expect(at.frames.map(({ body, ...rest }) => ({ ...rest, value: unpackBody(body) }))).toEqual([
      {
        kind: "cast",
        from: node("center:3").id,
        to: "center:every",
        shard: 7,
        callerTag: TAG,
        callId: 0,
        deadlineMs: 0,
        method: 2000,
        hops: 8,
        flags: 0,
        value: BUY,
      },
    ]);
    at.outcome = () => ({ kind: "local" });
    expect(at.caller.cast(Shop.buy, BUY, TO.to)).toEqual(true);
    at.outcome = () => ({ kind: "no_route", detail: "" });
    expect(at.caller.cast(Shop.buy, BUY, TO.to)).toEqual(false);
    at.outcome = () => ({ kind: "overloaded", detail: "" });
    expect(at.caller.cast(Shop.buy, BUY, TO.to)).toEqual(false);
    expect(at.counters.all()).toEqual({ "rpc.cast_dropped": 2 });
  });

  test("that are too large are INVALID", () => {
    const at = new ScriptedCaller();
    const cast = (): unknown => at.caller.cast(Shop.buy, { item: "x".repeat(BODY_SIZE_MAX) }, TO.to);
    expect(cast).toThrow("INVALID at center:3");
    expect(at.frames).toEqual([]);
  });
});
