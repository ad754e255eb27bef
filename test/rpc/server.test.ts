import { describe, expect, test } from "#test";
import { ContractError } from "#rpc/contract.ts";
import type { CallContext } from "#rpc/server.ts";
import { EXECUTING_MAX } from "#rpc/server.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { unpackBody } from "#wire/body.ts";
import { BODY_SIZE_MAX } from "#wire/limits.ts";
import { errorOf, node, settle } from "../mesh/harness.ts";
import { RAW, ScriptedServer, Shop } from "./harness.ts";

const BUY = { item: "sword" };

function gate(): { promise: Promise<{ price: number }>; open: () => void; fail: (error: unknown) => void } {
  const hooks: { open: () => void; fail: (error: unknown) => void } = { open: () => {}, fail: () => {} };
  const promise = new Promise<{ price: number }>((resolve, reject) => {
    hooks.open = () => resolve({ price: 7 });
    hooks.fail = reject;
  });
  return { promise, open: () => hooks.open(), fail: (error) => hooks.fail(error) };
}

/** What the last answer says: the error, or the value. */
function answer(at: ScriptedServer): unknown {
  const last = at.answers.at(-1);
  if (last === undefined) return undefined;
  return last.kind === "error" ? errorOf(last) : unpackBody(last.body);
}

function refusal(at: ScriptedServer, code: string, detail: string): void {
  expect(at.answers.length).toEqual(1);
  expect(answer(at)).toEqual({ code, at: at.self.key, detail });
  at.answers.length = 0;
}

describe("Server: answers", () => {
  test("a handler's value, to who asked, with their tag and id", async () => {
    const at = new ScriptedServer();
    const heard: unknown[] = [];
    at.server.serve(Shop.buy, (request, context) => {
      heard.push([request, context.source, context.isCast, context.timeLeftMs()]);
      return { price: 7 };
    });
    at.receive({ value: BUY, callId: 99, deadlineMs: 250 });
    await settle();
    expect(heard).toEqual([[BUY, "user:301", false, 250]]);
    expect(answer(at)).toEqual({ price: 7 });
    const { body: _, ...header } = at.answers[0] ?? { body: undefined };
    expect(header).toEqual({
      kind: "reply",
      from: at.self.id,
      to: node("user:301").id,
      shard: 0,
      callerTag: 0xabcd,
      callId: 99,
      deadlineMs: 0,
      method: 0,
      hops: 8,
      flags: 0,
    });
    expect([at.server.executingCount, at.counters.all()]).toEqual([0, {}]);
  });

  test("the handler gets what the schema says, and nothing more", async () => {
    const at = new ScriptedServer();
    const heard: unknown[] = [];
    at.server.serve(Shop.buy, (request) => (heard.push(request), { price: 1 }));
    at.receive({ value: { ...BUY, extra: 1 } });
    await settle();
    expect(heard).toEqual([BUY]);
  });

  test("a handler begins before the next frame is looked at", () => {
    const at = new ScriptedServer();
    const order: string[] = [];
    at.server.serve(Shop.buy, ({ item }) => (order.push(item), { price: 1 }));
    at.receive({ value: { item: "a" } });
    order.push("between");
    at.receive({ value: { item: "b" } });
    expect(order).toEqual(["a", "between", "b"]);
  });

  test("raw bytes both ways, a copy of what came", async () => {
    const at = new ScriptedServer();
    let kept: Uint8Array | undefined;
    at.server.serveRaw(RAW, (body) => {
      kept = body;
      return Uint8Array.of(4, 5);
    });
    at.receive({ method: RAW.id, flags: 1, body: Uint8Array.of(1, 2, 3) });
    await settle();
    expect(kept).toEqual(Uint8Array.of(1, 2, 3));
    expect(at.answers.map(({ kind, flags, body }) => ({ kind, flags, body }))).toEqual([
      { kind: "reply", flags: 1, body: Uint8Array.of(4, 5) },
    ]);
  });

  test("a cast is executed and never answered, whatever becomes of it", async () => {
    const at = new ScriptedServer();
    const heard: CallContext[] = [];
    at.server.serve(Shop.buy, (_, context) => {
      heard.push(context);
      throw new Error("no");
    });
    at.receive({ kind: "cast", value: BUY });
    at.receive({ kind: "cast", value: { item: 5 } });
    at.receive({ kind: "cast", value: BUY, method: 4000 });
    at.server.drain();
    at.receive({ kind: "cast", value: BUY });
    await settle();
    expect(heard.map((context) => [context.isCast, context.timeLeftMs()])).toEqual([[true, Number.POSITIVE_INFINITY]]);
    expect(at.answers).toEqual([]);
    expect(at.counters.all()).toEqual({
      "rpc.handler_failed": 1,
      "rpc.refused:DRAINING": 1,
      "rpc.refused:FAILED": 1,
      "rpc.refused:INVALID": 1,
      "rpc.refused:UNKNOWN_METHOD": 1,
    });
  });
});

describe("Server: refusals", () => {
  test("UNKNOWN_METHOD", () => {
    const at = new ScriptedServer();
    at.receive({ method: 4000 });
    refusal(at, "UNKNOWN_METHOD", "method 4000 is not served here");
  });

  test("INVALID names the method, the place, and what was found", () => {
    const at = new ScriptedServer();
    at.server.serve(Shop.buy, () => ({ price: 1 }));
    const cases: [unknown, string][] = [
      [{ item: 5 }, "shop.buy: item: found 5, Invalid type: Expected string but received 5"],
      [{}, 'shop.buy: item: found undefined, Invalid key: Expected "item" but received undefined'],
      [
        { item: "a", basket: { count: 0 } },
        "shop.buy: basket.count: found 0, Invalid value: Expected >=1 but received 0",
      ],
      [undefined, "shop.buy: request: found undefined, Invalid type: Expected Object but received undefined"],
    ];
    for (const [value, detail] of cases) {
      at.receive({ value });
      refusal(at, "INVALID", detail);
    }
    at.receive({ body: Uint8Array.of(0xc1) });
    refusal(at, "INVALID", "shop.buy: Cannot decode body: token 0xc1 is not allowed");
  });

  test("INVALID for raw bytes where a value is wanted, and the other way round", () => {
    const at = new ScriptedServer();
    at.server.serve(Shop.buy, () => ({ price: 1 }));
    at.server.serveRaw(RAW, (body) => body);
    at.receive({ flags: 1, body: Uint8Array.of(1) });
    refusal(at, "INVALID", "shop.buy takes MessagePack");
    at.receive({ method: RAW.id, value: BUY });
    refusal(at, "INVALID", "shop.raw takes raw bytes");
  });

  test("DEADLINE when the call came without time left, and its handler is not called", () => {
    const at = new ScriptedServer();
    let calledCount = 0;
    at.server.serve(Shop.buy, () => ({ price: (calledCount += 1) }));
    at.receive({ value: BUY, deadlineMs: 0 });
    refusal(at, "DEADLINE", "the call came without time left");
    expect(calledCount).toEqual(0);
  });

  test("DRAINING for a team's methods; the runtime's own are still served", async () => {
    const at = new ScriptedServer();
    at.server.serve(Shop.buy, () => ({ price: 1 }));
    at.server.serve(RuntimeContract.routes, () => ({ routes: [] }));
    at.server.drain();
    at.receive({ value: BUY });
    refusal(at, "DRAINING", "this node is leaving");
    at.receive({ value: {}, method: RuntimeContract.routes.id });
    await settle();
    expect(answer(at)).toEqual({ routes: [] });
  });

  test("OVERLOADED when so many are being executed, until one has ended", async () => {
    const at = new ScriptedServer();
    const door = gate();
    at.server.serve(Shop.buy, () => door.promise);
    for (let call = 0; call < EXECUTING_MAX; call += 1) at.receive({ value: BUY });
    expect([at.server.executingCount, at.answers.length]).toEqual([EXECUTING_MAX, 0]);
    at.receive({ value: BUY });
    refusal(at, "OVERLOADED", `${EXECUTING_MAX} calls are being executed`);
    door.open();
    await settle();
    expect([at.server.executingCount, at.answers.length]).toEqual([0, EXECUTING_MAX]);
    at.receive({ value: BUY });
    await settle();
    expect(at.answers.length).toEqual(EXECUTING_MAX + 1);
  });

  test("an id is served once", () => {
    const at = new ScriptedServer();
    at.server.serve(Shop.buy, () => ({ price: 1 }));
    expect(() => at.server.serveRaw({ id: Shop.buy.id, name: "other.one" }, (body) => body)).toThrow(
      new ContractError("Cannot serve other.one: id 2000 is served by shop.buy already"),
    );
  });
});

describe("Server: handlers that fail", () => {
  test("FAILED with what was thrown, now or later; the server goes on", async () => {
    const at = new ScriptedServer();
    const door = gate();
    at.server.serve(Shop.buy, ({ item }) => {
      if (item === "now") throw new Error("out of stock");
      return door.promise;
    });
    at.receive({ value: { item: "now" } });
    refusal(at, "FAILED", "out of stock");
    at.receive({ value: { item: "later" } });
    door.fail("no shop");
    await settle();
    refusal(at, "FAILED", "no shop");
    expect(at.lines.map(({ level, phrase, data }) => ({ level, phrase, data }))).toEqual([
      {
        level: "warn",
        phrase: "handler failed",
        data: { method: "shop.buy", source: "user:301", error: "out of stock" },
      },
      { level: "warn", phrase: "handler failed", data: { method: "shop.buy", source: "user:301", error: "no shop" } },
    ]);
    expect([at.server.executingCount, at.counters.get("rpc.handler_failed")]).toEqual([0, 2]);
  });

  test("FAILED whatever was thrown", async () => {
    const at = new ScriptedServer();
    at.server.serve(Shop.buy, ({ item }) => {
      throw item === "null" ? Object.create(null) : Object.assign(new Error("x"), { message: { a: 1 } });
    });
    at.receive({ value: { item: "null" } });
    at.receive({ value: { item: "object" } });
    await settle();
    expect(at.answers.map((one) => errorOf(one)?.detail)).toEqual(["a value that has no text", "[object Object]"]);
    expect(at.server.executingCount).toEqual(0);
  });

  test("FAILED for a value that no body can hold, and for one that is too large", async () => {
    const at = new ScriptedServer();
    at.server.serve(Shop.buy, () => ({ price: 2n ** 70n }) as never);
    at.server.serveRaw(RAW, () => new Uint8Array(BODY_SIZE_MAX + 1));
    at.receive({ value: BUY });
    await settle();
    refusal(at, "FAILED", "Cannot encode body: it is cyclic, too deep or has an integer of more than 64 bits");
    at.receive({ method: RAW.id, flags: 1 });
    await settle();
    refusal(at, "FAILED", `reply is ${BODY_SIZE_MAX + 1} bytes, limit is ${BODY_SIZE_MAX}`);
  });

  test("FAILED for a raw handler that answers no bytes", async () => {
    const at = new ScriptedServer();
    at.server.serveRaw(RAW, (() => "text") as never);
    at.receive({ method: RAW.id, flags: 1 });
    await settle();
    refusal(at, "FAILED", "shop.raw did not answer raw bytes");
  });
});

describe("Server: time", () => {
  test("a handler sees its time shrink, and an answer after the deadline is not sent", async () => {
    const at = new ScriptedServer();
    const door = gate();
    const contexts: CallContext[] = [];
    at.server.serve(Shop.buy, (_, context) => {
      contexts.push(context);
      return door.promise;
    });
    at.receive({ value: BUY, deadlineMs: 100 });
    at.receive({ value: BUY, deadlineMs: 300 });
    at.clock.advance(101);
    expect(contexts.map((context) => context.timeLeftMs())).toEqual([0, 199]);
    door.open();
    await settle();
    expect(at.answers.length).toEqual(1);
    expect(at.counters.all()).toEqual({ "rpc.reply_too_late": 1 });
  });

  test("idle waits for everything that is being executed, failures too", async () => {
    const at = new ScriptedServer();
    const [first, second] = [gate(), gate()];
    at.server.serve(Shop.buy, ({ item }) => (item === "a" ? first.promise : second.promise));
    let idle = 0;
    const wait = (): void => void at.server.idle().then(() => (idle += 1));
    wait();
    await settle();
    expect(idle).toEqual(1);
    at.receive({ value: { item: "a" } });
    at.receive({ value: { item: "b" } });
    wait();
    wait();
    first.open();
    await settle();
    expect(idle).toEqual(1);
    second.fail(new Error("x"));
    await settle();
    expect(idle).toEqual(3);
  });

  test("an answer that finds no way back is counted", async () => {
    const at = new ScriptedServer();
    at.server.serve(Shop.buy, () => ({ price: 1 }));
    at.outcome = { kind: "no_route", detail: "no path to user:301" };
    at.receive({ value: BUY });
    at.receive({ method: 4000 });
    await settle();
    expect(at.counters.get("rpc.reply_dropped")).toEqual(2);
  });
});
