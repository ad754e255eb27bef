import { describe, expect, test } from "#test";
import { sleep } from "#base/clock.ts";
import { seededRandom } from "#base/random.ts";
import { FAULT_KINDS, FaultInjector, planFaults } from "#module/simulator/sim_faults.ts";
import { SimWorld } from "#module/simulator/sim_world.ts";
import { drain } from "../../sim/drain.ts";
import { Recorder, adopt, connected, makeWorld, pattern } from "./recorder.ts";

function exactWorld(): SimWorld {
  return new SimWorld({ seed: 1, drain, timerLateMaxMs: 0 });
}

describe("SimWorld", () => {
  test("runs timers in the order of their times, and never a cancelled one", () => {
    const world = exactWorld();
    const { clock } = world.host("a").start();
    const seen: string[] = [];
    clock.after(30, () => seen.push("30"));
    clock.after(10, () => seen.push("10"));
    clock.after(20, () => seen.push("20")).cancel();
    clock.after(10, () => seen.push("10 again"));
    world.run(25);
    expect(seen).toEqual(["10", "10 again"]);
    expect(world.nowMs).toBe(25);
    world.run(25);
    expect(seen).toEqual(["10", "10 again", "30"]);
  });

  test("settles promise jobs and soon callbacks before the next event", () => {
    const world = exactWorld();
    const { clock } = world.host("a").start();
    const seen: string[] = [];
    const chain = async (): Promise<void> => {
      for (let index = 0; index < 100; index += 1) await Promise.resolve();
      seen.push("chain");
      clock.soon(() => seen.push("soon of chain"));
    };
    clock.after(10, () => {
      seen.push("first");
      void chain();
      clock.soon(() => seen.push("soon"));
    });
    clock.after(10, () => seen.push("second"));
    world.run(10);
    expect(seen.slice(0, 1).concat(seen.slice(1, 4).toSorted(), seen.slice(4))).toEqual([
      "first",
      "chain",
      "soon",
      "soon of chain",
      "second",
    ]);
  });

  test("soon works from outside any event", () => {
    const world = exactWorld();
    const seen: string[] = [];
    world
      .host("a")
      .start()
      .clock.soon(() => seen.push("soon"));
    world.run(0);
    expect(seen).toEqual(["soon"]);
  });

  test("afterPoll comes after the I/O that is due", () => {
    const { world, a, b } = connected({ network: { latencyMinMs: 0, latencyMaxMs: 0, jitterMaxMs: 0 } });
    const seen: string[] = [];
    b.data = () => seen.push("data");
    a.conn?.write(pattern(1));
    world.host("b").process?.clock.afterPoll(() => seen.push("poll"));
    world.run(1);
    expect(seen).toEqual(["data", "poll"]);
  });

  test("a thawed process sees its due timers first, then I/O, then polls; nothing while frozen", () => {
    const { world, a, b } = connected();
    const process = world.host("b").process;
    const seen: string[] = [];
    b.data = () => seen.push("data");
    process?.clock.afterPoll(() => seen.push("poll"));
    process?.freeze();
    a.conn?.write(pattern(1));
    process?.clock.after(500, () => seen.push("timer 500"));
    process?.clock.after(200, () => {
      seen.push("timer 200");
      process.clock.afterPoll(() => seen.push("poll of timer"));
      process.clock.after(0, () => seen.push("late timer"));
    });
    world.run(1000);
    expect(seen).toEqual([]);
    const beforeMs = process?.clock.nowMs() ?? 0;
    process?.thaw();
    world.run(10);
    expect(seen).toEqual(["timer 200", "timer 500", "data", "poll", "poll of timer", "late timer"]);
    expect((process?.clock.nowMs() ?? 0) - beforeMs).toBeCloseTo(10);
  });

  test("nothing of an ended process runs: timers, I/O, promises that wait for them", () => {
    const { world, network, a, b } = connected();
    const host = world.host("b");
    const clock = host.process?.clock;
    const seen: string[] = [];
    clock?.after(5, () => seen.push("timer"));
    if (clock !== undefined) void sleep(clock, 5).then(() => seen.push("promise"));
    a.conn?.write(pattern(10));
    network.kill(host);
    clock?.after(1, () => seen.push("new timer"));
    clock?.soon(() => seen.push("soon"));
    clock?.afterPoll(() => seen.push("poll"));
    world.run(1000);
    expect(seen).toEqual([]);
    expect(b.bytes).toEqual([]);
    expect(b.events).toEqual([]);
    expect(b.conn?.write(pattern(1))).toBe(-1);
    expect(host.process).toBeUndefined();
    expect(host.start().life).toBe(2);
  });

  test("machines disagree about the calendar, not about how time passes", () => {
    const world = exactWorld();
    const a = world.host("a").start();
    const b = world.host("b", { wallSkewMs: -7000 }).start();
    const before = [a.clock.nowMs(), b.clock.nowMs()];
    expect(a.clock.wallMs() - b.clock.wallMs()).toBe(7000);
    world.run(1234);
    expect(a.clock.nowMs() - (before[0] ?? 0)).toBeCloseTo(1234);
    expect(b.clock.nowMs() - (before[1] ?? 0)).toBeCloseTo(1234);
    world.host("b").wallSkewMs += 500;
    expect(a.clock.wallMs() - b.clock.wallMs()).toBe(6500);
  });

  test("a fault in a callback ends the run, or goes to who asked for it", () => {
    const world = exactWorld();
    world
      .host("a")
      .start()
      .clock.after(1, () => {
        throw new Error("broken");
      });
    expect(() => world.run(10)).toThrow("broken");
    const seen: string[] = [];
    const kind = new SimWorld({
      seed: 1,
      drain,
      onFault: (who, fault) => seen.push(`${who} ${String(fault)}`),
    });
    kind
      .host("a")
      .start()
      .clock.after(1, () => {
        throw new Error("broken");
      });
    kind.run(10);
    expect(seen).toEqual(["a Error: broken"]);
  });

  test("runs with a drain that takes a promise", async () => {
    const world = new SimWorld({
      seed: 1,
      drain: async () => {
        for (let index = 0; index < 20; index += 1) await Promise.resolve();
      },
    });
    const { clock } = world.host("a").start();
    let isDone = false;
    const work = async (): Promise<void> => {
      for (let index = 0; index < 3; index += 1) await sleep(clock, 10);
      isDone = true;
    };
    void work();
    expect(await world.runUntilAsync(() => isDone, 1000)).toBe(true);
    expect(world.nowMs).toBeLessThan(40);
    expect(() => world.run(1)).toThrow("drain");
  });
});

/** A run with traffic and faults; returns its trace. */
function busyRun(seed: number): { digest: string; faults: number; bytes: number } {
  const { world, network } = makeWorld({ seed, network: { bufferSizeMin: 200, bufferSizeMax: 2000 } });
  const names = ["a", "b", "c", "d"];
  const begin = (name: string): void => {
    const process = world.host(name).start();
    const transport = network.transport(process);
    transport.listen({ host: name, port: 7 }, () => new Recorder(world));
    const talk = (): void => {
      const peer = new Recorder(world);
      const target = names[Math.floor(process.random.unit() * names.length)] ?? "a";
      transport.dial({ host: target, port: 7 }, adopt(peer));
      process.clock.after(50, () => {
        peer.conn?.write(process.random.bytes(3000));
        process.clock.after(200, () => peer.conn?.terminate());
      });
      process.clock.after(100 + process.random.unit() * 300, talk);
    };
    talk();
  };
  const injector = new FaultInjector({
    world,
    network,
    actions: {
      stopped: () => {},
      start: (name) => {
        if (world.host(name).process === undefined) begin(name);
      },
    },
  });
  for (const name of names) begin(name);
  injector.schedule(
    planFaults({
      random: seededRandom(seed),
      hosts: names,
      pairs: [
        ["a", "b"],
        ["b", "c"],
        ["c", "d"],
      ],
      fromMs: 1000,
      untilMs: 20_000,
      budget: 30,
      shortMaxMs: 500,
      longMaxMs: 5000,
    }),
  );
  world.run(20_000);
  injector.healAll();
  world.run(5000);
  for (const host of world.hosts) expect(host.process?.isFrozen).toBe(false);
  for (const from of names) for (const to of names) expect(network.path(from, to).isCut).toBe(false);
  return { digest: world.trace.digest, faults: injector.total, bytes: network.byteCount };
}

describe("Simulation", () => {
  test("the same seed gives the same trace, another seed another one", () => {
    const digests = new Set<string>();
    for (let seed = 1; seed <= 10; seed += 1) {
      const first = busyRun(seed);
      const second = busyRun(seed);
      expect(second).toEqual(first);
      expect(first.faults).toBeGreaterThan(5);
      expect(first.bytes).toBeGreaterThan(10_000);
      digests.add(first.digest);
    }
    expect(digests.size).toBe(10);
  });

  test("draws faults of every kind within the time and the budget", () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const plan = planFaults({
        random: seededRandom(seed),
        hosts: ["a", "b"],
        pairs: [["a", "b"]],
        fromMs: 100,
        untilMs: 1000,
        budget: 8,
        shortMaxMs: 50,
        longMaxMs: 2000,
      });
      expect(plan.length).toBe(8);
      for (const { atMs, durationMs, fault } of plan) {
        kinds.add(fault.kind);
        expect(atMs).toBeGreaterThanOrEqual(100);
        expect(atMs + durationMs).toBeLessThanOrEqual(1000);
      }
    }
    expect([...kinds].toSorted()).toEqual([...FAULT_KINDS].toSorted());
  });
});
