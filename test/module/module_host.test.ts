import * as v from "valibot";
import { describe, expect, test } from "#test";
import { ActivityReplica } from "#activity/replica.ts";
import { Alarms } from "#base/alarms.ts";
import { Assignment, NO_ASSIGNMENT } from "#mesh/assignment.ts";
import { activity } from "#module/activity_kind.ts";
import type { Module } from "#module/module.ts";
import { isModule, module } from "#module/module.ts";
import { ModuleHost } from "#module/module_host.ts";
import type { ModuleNode } from "#module/module_node.ts";
import { ItemKinds } from "#player/item_kinds.ts";
import { PlayerMethods } from "#module/player_methods.ts";
import { TargetResolver } from "#module/target.ts";
import { contract } from "#rpc/contract.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import type { LogLine } from "../mesh/harness.ts";
import { key, node, recordingLog, settle } from "../mesh/harness.ts";
import { RpcNetwork, Shop } from "../rpc/harness.ts";

const BUY = { item: "sword" };

/** A host on center:3, which is linked to its gateway with user:301. */
class Hosted {
  readonly net = new RpcNetwork(["center:3 gateway:3", "user:301 gateway:3"]);
  readonly host: ModuleHost;
  readonly alarms: Alarms;
  readonly lines: LogLine[];

  constructor() {
    const { clock } = this.net;
    const { log, lines } = recordingLog();
    this.lines = lines;
    const at = this.net.network.at("center:3");
    this.alarms = new Alarms({ clock, log });
    const clusterMs = (): number => clock.wallMs();
    this.host = new ModuleHost({
      self: at.self,
      clock,
      log,
      counters: at.counters,
      alarms: this.alarms,
      directory: at.directory,
      endpoint: this.net.at("center:3"),
      targets: new TargetResolver({
        self: at.self,
        directory: at.directory,
        assignment: new Assignment(NO_ASSIGNMENT),
      }),
      replica: new ActivityReplica({
        shard: 1,
        clock,
        clusterMs,
        nodeStartedClusterMs: clusterMs,
        log,
        alarms: this.alarms,
      }),
      once: undefined,
      methods: new PlayerMethods(),
      players: undefined,
      kinds: new ItemKinds(),
      playerData: undefined,
      clusterMs,
    });
  }

  /** Hosts a module of this name and gives its node. */
  with(name: string, setup: (node: ModuleNode) => unknown = () => {}): ModuleNode {
    let found: ModuleNode | undefined;
    this.host.host(
      module(name, {}, (one) => {
        found = one;
        return setup(one);
      }),
    );
    if (found === undefined) throw new Error("setup did not run");
    return found;
  }

  faults(): unknown[] {
    return this.alarms.all().map(({ name, detail }) => [name, detail["error"]]);
  }
}

describe("ModuleHost", () => {
  test("gives a module its node, and runs what is for its role", () => {
    const hosted = new Hosted();
    const ran: string[] = [];
    const found = hosted.with("boss", (one) => {
      one.on("center", () => ran.push("center"));
      one.on(["user", "center"], () => ran.push("either"));
      one.on("user", () => ran.push("user"));
      one.log.info("here", { a: 1 });
    });
    expect([found.id, found.role, found.shard, ran]).toEqual([node("center:3").id, "center", 3, ["center", "either"]]);
    expect(found.nodes("user").map((one) => one.id as string)).toEqual(["user:301"]);
    expect(hosted.lines).toEqual([{ level: "info", phrase: "here", data: { module: "boss", a: 1 } }]);
    expect(hosted.host.names()).toEqual(["boss"]);
  });

  test("a module that asks for what is not there again and again leaves the event loop its turns", async () => {
    const hosted = new Hosted();
    const found = hosted.with("eager");
    let asked = 0;
    const again = async (): Promise<void> => {
      for (; asked < 3; asked += 1) {
        await found.call(Shop.buy, BUY, { to: { role: "map" } }).catch(() => undefined);
      }
    };
    const ended = again();
    const seen: number[] = [];
    for (let turn = 0; turn < 4; turn += 1) {
      await settle();
      seen.push(asked);
      hosted.net.clock.advance(0);
    }
    await ended;
    expect(seen).toEqual([0, 1, 2, 3]);
  });

  test("a module that throws in its setup is an alarm, keeps what it had set up, and the next one is hosted", async () => {
    const hosted = new Hosted();
    hosted.with("bad", (one) => {
      one.serve(Shop, { buy: () => ({ price: 7 }) });
      throw new Error("broken");
    });
    hosted.with("good");
    expect(hosted.host.names()).toEqual(["bad", "good"]);
    expect(hosted.faults()).toEqual([["module_fault:bad", "broken"]]);
    const call = hosted.net.watch(
      hosted.net.at("user:301").caller.call(Shop.buy, BUY, { to: { key: key("center:3") } }),
    );
    await hosted.net.run();
    expect(call.ended).toEqual({ value: { price: 7 } });
  });

  test("an async setup that fails is an alarm as well", async () => {
    const hosted = new Hosted();
    const later = async (): Promise<void> => {
      await Promise.resolve();
      throw new Error("later");
    };
    hosted.with("bad", later);
    // The types let an async function pass where it is wrapped, so it has to be caught.
    const start: () => unknown = later;
    hosted.with("worse", (one) => one.on("center", start as () => void));
    await settle();
    expect(hosted.faults()).toEqual([
      ["module_fault:bad", "later"],
      ["module_fault:worse", "later"],
    ]);
  });

  test("names and kinds are hosted once; what is refused is an alarm and is not set up", () => {
    const hosted = new Hosted();
    const boss = activity("boss", { config: v.object({}) });
    let setups = 0;
    const make = (name: string, kinds: (typeof boss)[]): Module =>
      module(name, { activities: kinds }, () => void (setups += 1));
    hosted.host.host(make("one", [boss]));
    hosted.host.host(make("one", []));
    hosted.host.host(make("two", [boss]));
    hosted.host.host(make("three", [activity("race", { config: v.object({}) })]));
    expect([setups, hosted.host.names(), hosted.host.kinds()]).toEqual([2, ["one", "three"], ["boss", "race"]]);
    expect([hosted.host.kind("boss"), hosted.host.kind("none")]).toEqual([boss, undefined]);
    expect(hosted.faults()).toEqual([
      ["module_fault:one", "a module of this name is hosted already"],
      ["module_fault:two", "kind boss is taken"],
    ]);
  });

  test("a handler that throws fails its call and is an alarm; the next call is served", async () => {
    const hosted = new Hosted();
    hosted.with("shop", (one) =>
      one.serve(Shop, {
        buy: ({ item }) => {
          if (item === "sword") throw Object.create(null);
          return { price: 3 };
        },
      }),
    );
    const { caller } = hosted.net.at("user:301");
    const calls = ["sword", "shield"].map((item) =>
      hosted.net.watch(caller.call(Shop.buy, { item }, { to: { key: key("center:3") } })),
    );
    await hosted.net.run();
    expect(calls.map((call) => call.ended?.code ?? call.ended?.value)).toEqual(["FAILED", { price: 3 }]);
    expect(hosted.faults()).toEqual([["module_fault:shop", "a value that has no text"]]);
  });

  test("methods of the runtime, of nobody, and of another module cannot be served", () => {
    const hosted = new Hosted();
    hosted.with("one", (one) => one.serve(Shop, { buy: () => ({ price: 1 }) }));
    hosted.with("two", (one) => one.serve(Shop, { buy: () => ({ price: 2 }) }));
    hosted.with("three", (one) => one.serve(RuntimeContract, { routes: () => ({ routes: [] }) }));
    hosted.with("four", (one) => one.serve(Shop, { sell: () => ({ price: 1 }) } as never));
    expect(hosted.faults()).toEqual([
      ["module_fault:two", "Cannot serve shop.buy: id 2000 is served by shop.buy already"],
      ["module_fault:three", "Cannot serve kuafu.routes: id is 4, allowed is 1024 and up"],
      ["module_fault:four", "Cannot serve sell: the contract has no such method"],
    ]);
  });

  test("listeners and timers that throw end nobody else's turn", () => {
    const hosted = new Hosted();
    const heard: string[] = [];
    hosted.with("bad", (one) => {
      one.onReachable(() => {
        throw new Error("a");
      });
      one.onUnreachable(() => {
        throw new Error("b");
      });
      one.after(5, () => {
        throw new Error("c");
      });
    });
    hosted.with("good", (one) => {
      one.onReachable((other) => heard.push(`+${other.id}`));
      one.onUnreachable((other) => heard.push(`-${other.id}`));
      one.after(5, () => heard.push("timer"));
      const cancel = one.after(5, () => heard.push("cancelled"));
      cancel();
    });
    hosted.host.reachable(node("user:301"));
    hosted.host.unreachable(node("user:301"));
    hosted.net.clock.advance(10);
    expect(heard).toEqual(["+user:301", "-user:301", "timer"]);
    expect(hosted.net.network.at("center:3").counters.get("module.faults")).toEqual(3);
  });

  test("calls go by role, casts to one node and to a group", async () => {
    const hosted = new Hosted();
    const heard: string[] = [];
    hosted.net
      .at("user:301")
      .server.serve(Shop.buy, ({ item }, { isCast }) => (heard.push(`${item} ${isCast}`), { price: 2 }));
    const found = hosted.with("shop");
    const call = hosted.net.watch(found.call(Shop.buy, { item: "a" }, { to: { role: "user" } }));
    expect(found.cast(Shop.buy, { item: "b" }, { role: "user" })).toEqual(true);
    expect(found.cast(Shop.buy, { item: "c" }, { every: "user", shard: 3 })).toEqual(true);
    await hosted.net.run();
    expect([call.ended, heard]).toEqual([{ value: { price: 2 } }, ["a false", "b true", "c true"]]);
  });

  test("a call that fails and that nobody waits for does not end the process", async () => {
    const hosted = new Hosted();
    hosted.with("shop", (one) => void one.call(Shop.buy, BUY, { to: { role: "statistic" } }));
    await hosted.net.run();
    expect(hosted.faults()).toEqual([]);
  });

  test("a call to nobody is refused as a promise, a cast to nobody is false and counted", async () => {
    const hosted = new Hosted();
    const found = hosted.with("shop");
    const call = hosted.net.watch(found.call(Shop.buy, BUY, { to: { role: "statistic" } }));
    expect(found.cast(Shop.buy, BUY, { role: "statistic" })).toEqual(false);
    await hosted.net.run();
    expect([call.ended?.code, call.ended?.sent]).toEqual(["NO_ROUTE", false]);
    expect(hosted.net.network.at("center:3").counters.get("rpc.cast_dropped")).toEqual(1);
    expect(hosted.faults()).toEqual([]);
  });
});

describe("module", () => {
  test("refuses names that are not names", () => {
    expect(() => module("Boss", {}, () => {})).toThrow('name is "Boss", allowed is [a-z][a-z0-9_]*');
    expect(() => activity("bo-ss", { config: v.object({}) })).toThrow('name is "bo-ss", allowed is [a-z][a-z0-9_]*');
  });

  test("is known by its shape", () => {
    const kind = activity("boss", { config: v.object({}) });
    const real = module("boss", { activities: [kind] }, () => {});
    expect(isModule(real)).toEqual(true);
    expect(isModule({ ...real })).toEqual(true);
    const wrong = [
      null,
      undefined,
      "boss",
      () => {},
      {},
      { ...real, name: 5 },
      { ...real, name: "Boss" },
      { ...real, setup: 1 },
    ];
    const wrongKinds = [
      { ...real, activities: 1 },
      { ...real, activities: [null] },
      { ...real, activities: [{ name: "x" }] },
    ];
    expect([...wrong, ...wrongKinds].map(isModule)).toEqual([...wrong, ...wrongKinds].map(() => false));
  });
});

describe("a contract in a module", () => {
  test("may be served in part", () => {
    const hosted = new Hosted();
    const Two = contract("two", {
      a: { id: 3000, request: v.number(), reply: v.number() },
      b: { id: 3001, request: v.number(), reply: v.number() },
    });
    hosted.with("two", (one) => one.serve(Two, { b: (x) => x + 1 }));
    expect(hosted.faults()).toEqual([]);
  });
});
