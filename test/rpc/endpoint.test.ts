import { describe, expect, test } from "#test";
import { randomIndex, seededRandom } from "#base/random.ts";
import { WHEEL_TICK_MS } from "#rpc/timer_wheel.ts";
import { NUMBER_EVERY, nodeKey } from "#wire/role.ts";
import { key } from "../mesh/harness.ts";
import { RAW, RpcNetwork, Shop } from "./harness.ts";
import type { Watched } from "./harness.ts";

const CHAIN = [
  "gateway:3 cross_gateway:1",
  "center:3 gateway:3",
  "user:301 gateway:3",
  "cross_center:1 cross_gateway:1",
];

const BUY = { item: "sword" };

function chain(): RpcNetwork {
  return new RpcNetwork(CHAIN);
}

function buy(
  at: RpcNetwork,
  from: string,
  to: string,
  options: { timeoutMs?: number; retries?: number } = {},
): Watched {
  return at.watch(at.at(from).caller.call(Shop.buy, BUY, { to: { key: key(to) }, ...options }));
}

describe("Endpoint: to itself", () => {
  test("a call goes the same way as any other: validated, answered later, never inside the caller", async () => {
    const at = chain();
    let executedCount = 0;
    at.at("center:3").server.serve(Shop.buy, (_, { source }) => {
      executedCount += 1;
      expect(source).toEqual("center:3" as typeof source);
      return { price: 7 };
    });
    const call = buy(at, "center:3", "center:3");
    expect(executedCount).toEqual(0);
    await at.run();
    expect([call.ended, executedCount]).toEqual([{ value: { price: 7 } }, 1]);
  });

  test("a request that does not fit is refused there as well", async () => {
    const at = chain();
    at.at("center:3").server.serve(Shop.buy, () => ({ price: 7 }));
    const call = at.watch(
      at.at("center:3").caller.call(Shop.buy, { item: 5 } as never, { to: { key: key("center:3") } }),
    );
    await at.run();
    expect([call.ended?.code, call.ended?.at]).toEqual(["INVALID", "center:3"]);
  });

  test("the frame is a copy: what is sent next does not change it", async () => {
    const at = chain();
    const heard: string[] = [];
    at.at("center:3").server.serve(Shop.buy, ({ item }) => (heard.push(item), { price: 1 }));
    for (const item of ["a", "bb", "ccc"]) {
      void at.watch(at.at("center:3").caller.call(Shop.buy, { item }, { to: { key: key("center:3") } }));
    }
    await at.run();
    expect(heard).toEqual(["a", "bb", "ccc"]);
  });

  test("a cast to a group does not come back to its sender", async () => {
    const at = chain();
    const heard: string[] = [];
    for (const id of ["center:3", "user:301"]) {
      at.at(id).server.serve(Shop.buy, () => (heard.push(id), { price: 1 }));
    }
    at.at("user:301").caller.cast(Shop.buy, BUY, { key: nodeKey("user", NUMBER_EVERY) });
    at.at("user:301").caller.cast(Shop.buy, BUY, { key: nodeKey("center", NUMBER_EVERY) });
    await at.run();
    expect(heard).toEqual(["center:3"]);
  });
});

describe("Endpoint: over routers", () => {
  test("a call to another shard node and one to the cross tier, and back the other way", async () => {
    const at = chain();
    for (const id of ["center:3", "user:301", "cross_center:1"]) {
      at.at(id).server.serve(Shop.buy, (_, { source }) => ({ price: source.length }));
    }
    const calls = [
      buy(at, "center:3", "user:301"),
      buy(at, "center:3", "cross_center:1"),
      buy(at, "cross_center:1", "center:3"),
    ];
    await at.run();
    expect(calls.map((call) => call.ended)).toEqual([
      { value: { price: 8 } },
      { value: { price: 8 } },
      { value: { price: 14 } },
    ]);
  });

  test("the calls of one pair are executed in their order, however they wait", async () => {
    const at = chain();
    const order: number[] = [];
    at.at("cross_center:1").server.serveRaw(RAW, (body) => (order.push(body[0] ?? -1), body));
    for (let index = 0; index < 20; index += 1) {
      void at.watch(
        at.at("center:3").caller.callRaw(RAW, Uint8Array.of(index), { to: { key: key("cross_center:1") } }),
      );
    }
    await at.run();
    expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test("no path: at once, from the node where it ends", async () => {
    const at = chain();
    const far = buy(at, "center:3", "center:9");
    const near = buy(at, "center:3", "user:302");
    const here = buy(at, "cross_center:1", "center:9");
    await at.run();
    expect([far.ended, near.ended, here.ended]).toEqual([
      { code: "NO_ROUTE", at: "cross_gateway:1", sent: true, notExecuted: true, detail: "no path to center:9" },
      { code: "NO_ROUTE", at: "gateway:3", sent: true, notExecuted: true, detail: "no path to user:302" },
      { code: "NO_ROUTE", at: "cross_center:1", sent: false, notExecuted: true, detail: "no path to center:9" },
    ]);
    expect([far.endedAtMs, near.endedAtMs, here.endedAtMs]).toEqual([1000, 1000, 1000]);
  });

  test("a method that is not served, a handler that throws, a node that leaves: from the target", async () => {
    const at = chain();
    const unknown = buy(at, "center:3", "cross_center:1");
    at.at("user:301").server.serve(Shop.buy, () => {
      throw new Error("out of stock");
    });
    const failed = buy(at, "cross_center:1", "user:301");
    await at.run();
    at.at("user:301").server.drain();
    const draining = buy(at, "center:3", "user:301");
    await at.run();
    expect([unknown, failed, draining].map((call) => [call.ended?.code, call.ended?.at, call.ended?.detail])).toEqual([
      ["UNKNOWN_METHOD", "cross_center:1", "method 2000 is not served here"],
      ["FAILED", "user:301", "out of stock"],
      ["DRAINING", "user:301", "this node is leaving"],
    ]);
  });

  test("the first link goes while a call is under way: LINK_LOST, sent", async () => {
    const at = chain();
    at.at("cross_center:1").server.serve(Shop.buy, () => new Promise(() => {}));
    const call = buy(at, "center:3", "cross_center:1");
    await at.run();
    at.network.cut("center:3", "gateway:3");
    await at.run();
    expect(call.ended).toEqual({
      code: "LINK_LOST",
      at: "center:3",
      sent: true,
      notExecuted: false,
      detail: "link to gateway:3 is lost",
    });
  });

  test("the first link goes before a byte has left: LINK_LOST, unsent", async () => {
    const at = chain();
    const call = buy(at, "center:3", "cross_center:1");
    at.network.cut("center:3", "gateway:3");
    await at.run();
    expect([call.ended?.code, call.ended?.sent, call.ended?.notExecuted]).toEqual(["LINK_LOST", false, true]);
  });

  test("a hop further on goes: the caller knows as soon as the news that the target is unreachable arrives", async () => {
    const at = chain();
    at.at("cross_center:1").server.serve(Shop.buy, () => new Promise(() => {}));
    const call = buy(at, "center:3", "cross_center:1");
    await at.run();
    at.network.cut("cross_center:1", "cross_gateway:1");
    await at.run();
    expect([call.ended, call.endedAtMs]).toEqual([
      { code: "LINK_LOST", at: "center:3", sent: true, notExecuted: false, detail: "cross_center:1 is unreachable" },
      1000,
    ]);
  });

  test("a target that never answers: DEADLINE, and its answer comes too late", async () => {
    const at = chain();
    const doors: (() => void)[] = [];
    at.at("cross_center:1").server.serve(
      Shop.buy,
      () => new Promise((resolve) => doors.push(() => resolve({ price: 1 }))),
    );
    const call = buy(at, "center:3", "cross_center:1", { timeoutMs: 50 });
    await at.run(50 + WHEEL_TICK_MS);
    expect([call.ended?.code, call.ended?.at, call.ended?.sent]).toEqual(["DEADLINE", "center:3", true]);
    doors[0]?.();
    await at.run();
    expect(call.endCount).toEqual(1);
    expect(at.network.at("cross_center:1").counters.get("rpc.reply_too_late")).toEqual(1);
  });

  test("a retry finds the way that has come back", async () => {
    const at = chain();
    at.at("cross_center:1").server.serve(Shop.buy, () => ({ price: 7 }));
    at.network.cut("gateway:3", "cross_gateway:1");
    await at.run();
    const call = buy(at, "center:3", "cross_center:1", { retries: 5, timeoutMs: 2000 });
    await at.run(30);
    expect(call.ended).toEqual(undefined);
    at.network.link("gateway:3", "cross_gateway:1");
    await at.run(500);
    expect(call.ended).toEqual({ value: { price: 7 } });
    expect(at.network.at("center:3").counters.get("rpc.retries")).toBeGreaterThan(0);
  });

  test("a group cast is executed once by each member", async () => {
    const at = new RpcNetwork([
      "cross_gateway:1 cross_gateway:2",
      "gateway:3 cross_gateway:1 cross_gateway:2",
      "gateway:4 cross_gateway:2",
      ...[3, 4].flatMap((shard) => [`center:${shard} gateway:${shard}`, `user:${shard}01 gateway:${shard}`]),
      "cross_center:1 cross_gateway:1 cross_gateway:2",
    ]);
    const heard: string[] = [];
    for (const [id, endpoint] of at.endpoints) {
      endpoint.server.serve(Shop.buy, ({ item }, { source, isCast }) => {
        heard.push(`${id} ${item} ${source} ${isCast}`);
        return { price: 1 };
      });
    }
    at.at("cross_center:1").caller.cast(Shop.buy, BUY, { key: nodeKey("center", NUMBER_EVERY) });
    await at.run();
    expect(heard.toSorted()).toEqual(["center:3 sword cross_center:1 true", "center:4 sword cross_center:1 true"]);
  });
});

describe("calls", () => {
  test("each ends exactly once and by its deadline, whatever links do, and only answers that belong to it count", async () => {
    for (let seed = 1; seed <= 8; seed += 1) await storm(seed);
  });
});

const STORM = [
  "cross_gateway:1 cross_gateway:2",
  "gateway:3 cross_gateway:1 cross_gateway:2",
  "gateway:4 cross_gateway:2 cross_gateway:1",
  ...[3, 4].flatMap((shard) => [`center:${shard} gateway:${shard}`, `user:${shard}01 gateway:${shard}`]),
  "cross_center:1 cross_gateway:1 cross_gateway:2",
];

/** Calls of all kinds between all nodes while links go and come back. */
async function storm(seed: number): Promise<void> {
  const random = seededRandom(seed);
  const at = new RpcNetwork(STORM);
  const ids = [...at.endpoints.keys()];
  const pick = <T>(list: readonly T[]): T => list[randomIndex(random, list.length)] as T;
  const waiting: (() => void)[] = [];
  let executed = 0;
  for (const endpoint of at.endpoints.values()) {
    const handler = ({ item }: { item: string }): { price: number } | Promise<{ price: number }> => {
      executed += 1;
      const price = Number(item);
      const chance = random.unit();
      if (chance < 0.1) throw new Error(item);
      if (chance < 0.5) return { price };
      return new Promise((resolve) => waiting.push(() => resolve({ price })));
    };
    endpoint.server.serve(Shop.buy, handler);
    endpoint.server.serve(Shop.look, handler);
  }
  const lines = STORM.flatMap((line) => {
    const [a = "", ...others] = line.split(" ");
    return others.map((b): [string, string] => [a, b]);
  });
  const cut = new Set<[string, string]>();
  const calls: { readonly watched: Watched; readonly number: number; readonly byMs: number }[] = [];
  for (let step = 0; step < 400; step += 1) {
    const chance = random.unit();
    if (chance < 0.5) {
      const number = calls.length;
      const timeoutMs = 1 + Math.floor(random.unit() * 150);
      const options = { to: { key: key(pick(ids)) }, timeoutMs, retries: randomIndex(random, 4) };
      const call = at.at(pick(ids)).caller.call(pick([Shop.buy, Shop.look]), { item: String(number) }, options);
      calls.push({ watched: at.watch(call), number, byMs: at.clock.nowMs() + timeoutMs + WHEEL_TICK_MS });
    } else if (chance < 0.6) {
      const line = pick(lines);
      if (cut.delete(line)) at.network.link(...line);
      else {
        cut.add(line);
        at.network.cut(...line);
      }
    } else if (chance < 0.75) {
      waiting.splice(randomIndex(random, Math.max(1, waiting.length)), 1)[0]?.();
    } else {
      await at.run(randomIndex(random, 12));
    }
  }
  await at.run(200);
  expect(executed).toBeGreaterThan(20);
  const codes = new Set<string>();
  for (const { watched, number, byMs } of calls) {
    expect([seed, number, watched.endCount]).toEqual([seed, number, 1]);
    expect([seed, number, (watched.endedAtMs ?? Number.NaN) <= byMs]).toEqual([seed, number, true]);
    const { value, code } = watched.ended ?? {};
    if (code === undefined) expect([seed, value]).toEqual([seed, { price: number }]);
    codes.add(code ?? "reply");
  }
  for (const one of at.endpoints.values()) expect([seed, one.caller.pendingCount]).toEqual([seed, 0]);
  for (const code of ["reply", "NO_ROUTE", "DEADLINE", "FAILED"])
    expect([seed, code, codes.has(code)]).toEqual([seed, code, true]);
}
