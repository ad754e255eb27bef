import { describe, expect, test } from "#test";
import type { Clock } from "#base/clock.ts";
import type { PeerLink } from "#link/link_port.ts";
import { GatewayWatch } from "#mesh/gateway_watch.ts";
import { SimWorld } from "#module/simulator/sim_world.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { drain } from "../sim/drain.ts";
import { node } from "./harness.ts";

function watching(): {
  world: SimWorld;
  clock: Clock;
  watch: GatewayWatch;
  exits: string[];
  link: (boot: string, heartbeatMs?: number) => PeerLink & { receivedSize: number };
} {
  const world = new SimWorld({ seed: 1, drain, timerLateMaxMs: 0 });
  const { clock } = world.host("center-1").start();
  const exits: string[] = [];
  const watch = new GatewayWatch({
    clock,
    intervalMs: 1000,
    hurry: () => {},
    exit: (reason) => exits.push(`${reason} at ${world.nowMs}`),
  });
  const link = (boot: string, heartbeatMs = 1000): PeerLink & { receivedSize: number } =>
    ({ peer: node("gateway:1", { boot }), receivedSize: 0, heartbeatMs }) as PeerLink & { receivedSize: number };
  return { world, clock, watch, exits, link };
}

describe("GatewayWatch", () => {
  test("gives a gateway up at the fourth tick of its own after the last byte", () => {
    const { world, watch, exits, link } = watching();
    const up = link("aa");
    watch.up(up);
    world.run(500);
    up.receivedSize = 10;
    world.run(10_000);
    expect(exits).toEqual(["gateway_dead at 5000"]);
  });

  test("counts bytes that came before the link ended, until the next tick", () => {
    const { world, watch, exits, link } = watching();
    const up = link("aa");
    watch.up(up);
    world.run(500);
    up.receivedSize = 10;
    world.run(400);
    watch.down();
    world.run(10_000);
    expect(exits).toEqual(["gateway_dead at 5000"]);
  });

  test("counts the welcome itself: the tick right after it is not one of silence", () => {
    const { world, watch, exits, link } = watching();
    world.run(900);
    watch.up(link("aa"));
    world.run(10_000);
    expect(exits).toEqual(["gateway_dead at 5000"]);
  });

  test("forgets the silence when the same boot welcomes it, and exits at another", () => {
    const { world, watch, exits, link } = watching();
    watch.up(link("aa"));
    world.run(3500);
    watch.down();
    watch.up(link("aa"));
    world.run(1000);
    expect(exits).toEqual([]);
    watch.down();
    watch.up(link("bb"));
    expect(exits).toEqual(["gateway_restarted at 4500"]);
  });

  test("does not blame its gateway for having stood still itself", () => {
    const { world, watch, exits, link } = watching();
    const up = link("aa");
    watch.up(up);
    const process = world.host("center-1").process;
    world.run(1500);
    process?.freeze();
    world.run(60_000);
    process?.thaw();
    up.receivedSize = 10;
    world.run(3000);
    expect(exits).toEqual([]);
  });

  test("counts a tick only if I/O was polled since the one before", () => {
    const clock = new FakeClock();
    const exits: string[] = [];
    const watch = new GatewayWatch({
      clock,
      intervalMs: 1000,
      hurry: () => {},
      exit: (reason) => exits.push(`${reason} at ${clock.nowMs()}`),
    });
    watch.up({ peer: node("gateway:1", { boot: "aa" }), receivedSize: 0, heartbeatMs: 1000 } as PeerLink);
    clock.run(500);
    clock.polls = false;
    clock.run(60_000);
    expect(exits).toEqual([]);
    clock.polls = true;
    clock.run(10_000);
    expect(exits).toEqual(["gateway_dead at 64000"]);
  });

  test("gives a gateway that beats more slowly four of its intervals, not of its own", () => {
    const { world, watch, exits, link } = watching();
    const up = link("aa", 5000);
    watch.up(up);
    for (let beat = 0; beat < 4; beat += 1) {
      up.receivedSize += 10;
      world.run(5000);
    }
    expect(exits).toEqual([]);
    watch.down();
    world.run(60_000);
    expect(exits).toEqual(["gateway_dead at 36000"]);
  });

  test("is quiet after it was stopped, and before the first welcome", () => {
    const { world, watch, exits, link } = watching();
    world.run(20_000);
    expect(exits).toEqual([]);
    watch.up(link("aa"));
    watch.stop();
    world.run(20_000);
    expect(exits).toEqual([]);
  });
});
