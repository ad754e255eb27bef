import { describe, expect, test } from "#test";
import { UNPROVED_MAX } from "#link/unproved.ts";
import { GATEWAY, World } from "./harness.ts";

describe("Acceptor: strangers that open conns and say nothing", () => {
  test("keep no node out: who has had a second to begin gives way to a newcomer", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    const strangers = Array.from({ length: UNPROVED_MAX }, () => world.net.stranger(gateway.address));
    world.clock.run(1_100);
    const center = world.node({ role: "center", number: 1 });
    center.hub.dial({ role: "gateway", number: 1 }, gateway.address);
    world.clock.run(100);
    expect(center.hub.link(GATEWAY)?.isUp).toBe(true);
    expect(strangers.filter((stranger) => stranger.isClosed).length).toBe(1);
    expect(gateway.counters.get("link.refused:too_many_links")).toBe(0);
  });

  test("give way in the order in which they came, and no more of them than there are newcomers", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    const strangers = Array.from({ length: UNPROVED_MAX }, () => world.net.stranger(gateway.address));
    world.clock.run(1_100);
    for (let newcomer = 0; newcomer < 3; newcomer += 1) world.net.stranger(gateway.address);
    world.clock.run(10);
    expect(strangers.map((stranger) => stranger.isClosed).lastIndexOf(true)).toBe(2);
    expect(strangers.filter((stranger) => stranger.isClosed).length).toBe(3);
  });

  test("a newcomer is refused while all others have just come", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    const strangers = Array.from({ length: UNPROVED_MAX + 1 }, () => world.net.stranger(gateway.address));
    world.clock.run(100);
    expect(strangers.map((stranger) => stranger.isClosed).indexOf(true)).toBe(UNPROVED_MAX);
    expect(gateway.counters.get("link.refused:too_many_links")).toBe(1);
  });
});
