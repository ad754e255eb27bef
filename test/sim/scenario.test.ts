import { afterEach, describe, expect, test } from "#test";
import { Scenario } from "./scenario.ts";

const ALL = [
  "cross_gateway:1",
  "cross_center:5",
  "gateway:1",
  "user:101",
  "center:1",
  "map:101",
  "gateway:2",
  "user:201",
  "center:2",
  "map:201",
];
const SHARD_1 = ["gateway:1", "user:101", "center:1", "map:101"];
const SHARD_2 = ["gateway:2", "user:201", "center:2", "map:201"];
const CROSS = ["cross_gateway:1", "cross_center:5"];

let current: Scenario | undefined;

function scenario(options: ConstructorParameters<typeof Scenario>[0] = {}): Scenario {
  current = new Scenario(options);
  return current;
}

afterEach(async () => {
  const { violations } = current?.ledger ?? { violations: [] };
  await current?.dispose();
  current = undefined;
  expect(violations).toEqual([]);
});

describe("Order of starting, simulated", () => {
  test("cross and shard first, gateways last", () => {
    const run = scenario();
    run.start("cross_center:5", "center:1", "user:101", "map:101", "center:2", "user:201", "map:201");
    run.open("early");
    run.world.run(20_000);
    expect(run.openAt("early")).toEqual(["cross_center:5"]);
    run.start("gateway:1", "gateway:2", "cross_gateway:1");
    run.settle();
    expect(run.openAt("early")).toEqual(run.cluster.topology.nodes.map((node) => node.id));
    expect(run.exits()).toEqual({});
  });

  test("cross and gateway first, shard last", () => {
    const run = scenario();
    run.start(...CROSS, "gateway:1", "gateway:2");
    run.open("early");
    run.world.run(20_000);
    run.start("center:1", "user:101", "map:101", "center:2", "user:201", "map:201");
    run.settle();
    expect(run.openAt("early").length).toBe(ALL.length);
    expect(run.call("center:1", "cross_center:5")).toBe("ok");
  });

  test("shard and gateway first, cross last", () => {
    const run = scenario();
    run.start(...SHARD_1, ...SHARD_2);
    run.world.run(20_000);
    expect(run.call("center:1", "map:101")).toBe("ok");
    expect(run.call("center:1", "center:2")).toBe("NO_ROUTE");
    run.start("cross_center:5");
    run.open("early");
    run.start("cross_gateway:1");
    run.settle();
    expect(run.openAt("early").length).toBe(ALL.length);
    expect(run.call("center:1", "center:2")).toBe("ok");
    expect(run.exits()).toEqual({});
  });
});

describe("Death of a shard gateway, simulated", () => {
  test("frozen for 2 s: nobody exits", () => {
    const run = scenario();
    run.startAll();
    const before = run.lives();
    run.freeze("gateway:1");
    run.world.run(2000);
    run.thaw("gateway:1");
    run.world.run(10_000);
    run.settle();
    expect(run.lives()).toEqual(before);
    expect(run.exits()).toEqual({});
    expect(run.call("center:1", "cross_center:5")).toBe("ok");
  });

  test("frozen for 10 s: its shard exits, nobody else, and everything is back after it returns", () => {
    const run = scenario();
    run.startAll();
    run.open("first");
    run.freeze("gateway:1");
    run.world.run(10_000);
    expect(run.exits()).toEqual({ "exit:gateway_dead": 3 });
    run.thaw("gateway:1");
    run.settle();
    expect(run.lives()).toEqual(
      ALL.map((id) => (["user:101", "center:1", "map:101"].includes(id) ? `${id}#2` : `${id}#1`)),
    );
    expect(run.openAt("first").length).toBe(ALL.length);
    run.world.run(5000);
    expect(run.call("center:1", "center:2")).toBe("ok");
  });

  test("killed and started again at once: its shard exits because of the new boot", () => {
    const run = scenario();
    run.startAll();
    run.kill("gateway:1");
    run.start("gateway:1");
    run.world.run(10_000);
    run.settle();
    expect(run.exits()).toEqual({ "exit:gateway_restarted": 3 });
    expect(run.lives().filter((name) => name.endsWith("#2"))).toEqual(SHARD_1.map((id) => `${id}#2`));
  });

  test("killed for good: its shard exits within five intervals, starts again and waits", () => {
    const run = scenario();
    run.startAll();
    run.kill("gateway:1");
    run.world.run(5100);
    expect(run.exits()).toEqual({ "exit:gateway_dead": 3 });
    run.world.run(60_000);
    expect(run.exits()).toEqual({ "exit:gateway_dead": 3 });
    expect(run.call("center:1", "center:2")).toBe("NO_ROUTE");
    expect(run.call("center:2", "cross_center:5")).toBe("ok");
    run.start("gateway:1");
    run.settle();
    run.world.run(2000);
    expect(run.call("center:1", "center:2")).toBe("ok");
  });

  test("leaves in order: its shard exits because it was told", () => {
    const run = scenario();
    run.startAll();
    run.cluster.leave(run.life("gateway:1"), "deployment");
    run.world.run(1000);
    expect(run.exits()).toEqual({ "exit:gateway_stopping": 3 });
    run.world.run(10_000);
    run.settle();
  });

  test("with clear_logins: its shard stays, without a login, and is told again who is there", () => {
    const run = scenario({ policy: "clear_logins" });
    run.startAll();
    run.workload.login(run.life("gateway:1"), { player: "p", leaves: false });
    run.world.run(100);
    expect(run.life("center:1").node.node.logins?.count).toBe(1);
    const before = run.lives();
    run.freeze("gateway:1");
    run.world.run(6000);
    expect(run.lives()).toEqual(before);
    expect(run.life("center:1").node.node.logins?.count).toBe(0);
    run.thaw("gateway:1");
    run.settle();
    run.world.run(2000);
    expect(run.life("center:1").node.node.logins?.count).toBe(1);
    run.checks.loginsAgree();
  });

  test("a link that flaps, one way or both, for less than the bound is no death", () => {
    for (const is of ["cut", "cut there"] as const) {
      const run = scenario();
      run.startAll();
      const before = run.lives();
      for (let round = 0; round < 5; round += 1) {
        run.way("gateway:1", "center:1", is);
        // With redialling this is less than four ticks, wherever in a tick it begins.
        run.world.run(2000);
        run.way("gateway:1", "center:1", "whole");
        run.world.run(4000);
      }
      expect(run.lives()).toEqual(before);
      expect(run.exits()).toEqual({});
      expect(run.call("center:1", "cross_center:5")).toBe("ok");
    }
  });
});

describe("The cross tier, simulated", () => {
  test("a killed cross_gateway: nobody exits, shards keep what is open, all find back", () => {
    const run = scenario();
    run.startAll();
    run.open("first");
    run.settle();
    run.kill("cross_gateway:1");
    run.world.run(30_000);
    expect(run.exits()).toEqual({});
    expect(run.openAt("first").length).toBe(ALL.length - 1);
    expect(run.call("center:1", "map:101")).toBe("ok");
    expect(run.call("center:1", "center:2")).toBe("NO_ROUTE");
    run.start("cross_gateway:1");
    run.settle();
    run.world.run(2000);
    expect(run.lives().filter((name) => name.endsWith("#2"))).toEqual(["cross_gateway:1#2"]);
    expect(run.call("center:1", "center:2")).toBe("ok");
    expect(run.call("cross_center:5", "map:201")).toBe("ok");
  });

  test("a shard that was cut off hears the end of one term before the beginning of the next", () => {
    const run = scenario();
    run.startAll();
    run.open("event");
    run.settle();
    const before = run.ledger.openTerm("center:1#1", "cross_center:5/event");
    run.way("gateway:1", "cross_gateway:1", "cut");
    const { owner } = run.life("cross_center:5").node.node.activities ?? {};
    for (const verb of ["close", "open", "close", "open"] as const) {
      void owner?.[verb]("event");
      run.world.run(1000);
    }
    expect(run.ledger.openTerm("center:1#1", "cross_center:5/event")).toBe(before);
    run.way("gateway:1", "cross_gateway:1", "whole");
    run.world.run(8000);
    run.settle();
    run.checks.openTermsAgree();
    expect(run.ledger.openTerm("center:1#1", "cross_center:5/event")).not.toBe(before);
    expect(run.ledger.counted("closed")).toBeGreaterThan(0);
  });

  test("an owner that has lost its data leaves its topics alone until somebody decides: adopt or cancel", () => {
    const run = scenario();
    run.startAll();
    for (const id of ["one", "two"]) run.open(id);
    run.settle();
    run.kill("cross_center:5");
    run.cluster.stopped("cross_center-5", true);
    run.world.run(1000);
    run.cluster.restart("cross_center-5");
    run.world.run(10_000);
    // What it does not have it neither publishes nor deletes.
    expect(run.openAt("one")).toEqual(ALL.filter((id) => id !== "cross_center:5"));
    expect(
      run
        .life("cross_center:5")
        .node.node.alarms.all()
        .map((alarm) => alarm.name),
    ).toEqual(["orphan:activity/cross_center:5/one", "orphan:activity/cross_center:5/two"]);
    const owner = run.life("cross_center:5");
    run.workload.rescue(owner, { id: "one", verb: "adopt" });
    run.workload.rescue(owner, { id: "two", verb: "cancel" });
    run.world.run(2000);
    run.settle();
    run.checks.openTermsAgree();
    run.checks.replicasAreEqual();
    expect(run.openAt("one").length).toBe(ALL.length);
    expect(run.openAt("two")).toEqual([]);
  });
});
