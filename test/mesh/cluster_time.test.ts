import { describe, expect, test } from "#test";
import { ClusterTime } from "#mesh/cluster_time.ts";
import { FakeClock, FakeLink } from "./harness.ts";

function clockAt(wallMs: number): FakeClock {
  const clock = new FakeClock();
  clock.wallOffsetMs = wallMs;
  return clock;
}

/** `offsetMs`: to the monotonic clock, which starts at 0. */
function above(peer: string, offsetMs: number | undefined): FakeLink {
  const link = new FakeLink(peer, "above");
  link.clusterOffsetMs = offsetMs;
  return link;
}

describe("ClusterTime", () => {
  test("is the own wall clock until something was heard", () => {
    const time = new ClusterTime({ clock: clockAt(5000), isSource: false });
    expect(time.nowMs()).toEqual(5000);
    time.observe(above("cross_gateway:1", undefined));
    expect(time.nowMs()).toEqual(5000);
  });

  test("is what the link above says, in whole milliseconds, and goes on with the own clock", () => {
    const clock = clockAt(5000);
    const time = new ClusterTime({ clock, isSource: false });
    time.observe(above("cross_gateway:1", 5250.4));
    expect(time.nowMs()).toEqual(5250);
    clock.advance(1000);
    expect(time.nowMs()).toEqual(6250);
  });

  test("does not listen to what is below or beside", () => {
    const time = new ClusterTime({ clock: clockAt(5000), isSource: false });
    for (const relation of ["below", "peer"] as const) {
      const link = new FakeLink("cross_gateway:2", relation);
      link.clusterOffsetMs = 99;
      time.observe(link);
    }
    expect(time.nowMs()).toEqual(5000);
  });

  test("a source is its own clock, whatever it hears", () => {
    const time = new ClusterTime({ clock: clockAt(5000), isSource: true });
    time.observe(above("cross_gateway:1", 5250));
    expect(time.nowMs()).toEqual(5000);
  });

  test("goes on when the own wall clock is set, linked or cut off", () => {
    const clock = clockAt(5000);
    const time = new ClusterTime({ clock, isSource: false });
    const link = above("cross_gateway:1", 5250);
    time.observe(link);
    clock.wallOffsetMs += 3_600_000;
    clock.advance(100);
    expect(time.nowMs()).toEqual(5350);
    link.isUp = false;
    clock.wallOffsetMs = -3_600_000;
    clock.advance(100);
    expect(time.nowMs()).toEqual(5450);
  });

  test("is kept while cut off", () => {
    const time = new ClusterTime({ clock: clockAt(5000), isSource: false });
    const link = above("cross_gateway:1", 5250);
    time.observe(link);
    link.isUp = false;
    expect(time.nowMs()).toEqual(5250);
  });

  test("does not jump to and fro between two cross gateways whose clocks differ", () => {
    const time = new ClusterTime({ clock: clockAt(5000), isSource: false });
    const first = above("cross_gateway:1", 5000);
    const second = above("cross_gateway:2", 7000);
    const seen: number[] = [];
    for (const link of [second, first, second, first, second]) {
      time.observe(link);
      seen.push(time.nowMs());
    }
    expect(seen).toEqual([7000, 5000, 5000, 5000, 5000]);
    first.isUp = false;
    time.observe(second);
    expect(time.nowMs()).toEqual(7000);
  });

  test("follows its link when that measures anew, also over a new link to the same node", () => {
    const time = new ClusterTime({ clock: clockAt(5000), isSource: false });
    const link = above("cross_gateway:1", 5010);
    time.observe(link);
    link.clusterOffsetMs = 5020;
    time.observe(link);
    expect(time.nowMs()).toEqual(5020);
    time.observe(above("cross_gateway:1", 5030));
    expect(time.nowMs()).toEqual(5030);
  });
});
