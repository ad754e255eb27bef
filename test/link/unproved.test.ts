import { describe, expect, test } from "#test";
import { GREETING_MS_MIN, UNPROVED_MAX, UNPROVED_PER_ADDRESS_MAX, limitedAddress } from "#link/unproved.ts";
import { hello } from "./bad_ground.ts";
import { GATEWAY, World } from "./harness.ts";

describe("limitedAddress: what is counted together", () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ["10.1.2.3:40000", "10.1.2.3"],
    ["10.1.2.3:40001", "10.1.2.3"],
    ["127.0.0.1:40000", undefined],
    ["127.9.9.9:40000", undefined],
    ["[::1]:40000", undefined],
    ["[::ffff:127.0.0.1]:40000", undefined],
    ["[::ffff:10.1.2.3]:40000", "10.1.2.3"],
    ["[2001:db8:1:2:3:4:5:6]:40000", "2001:db8:1:2"],
    ["[2001:DB8:1:2::9]:40000", "2001:db8:1:2"],
    ["[2001:db8::9]:40000", "2001:db8:0:0"],
    ["[fe80::1%eth0]:40000", "fe80:0:0:0"],
    ["[::]:40000", "0:0:0:0"],
    ["unknown", undefined],
    ["", undefined],
  ];
  for (const [remote, address] of cases) {
    test(`of ${JSON.stringify(remote)} it is ${address ?? "nothing"}`, () => {
      expect(limitedAddress(remote)).toBe(address);
    });
  }
});

describe("Acceptor: conns of one address that have not proved the key", () => {
  test("are few: the next one is refused by name, and one of another address is not", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    world.net.remoteOf = () => "10.9.9.9:1000";
    const strangers = Array.from({ length: UNPROVED_PER_ADDRESS_MAX + 3 }, () => world.net.stranger(gateway.address));
    world.clock.run(100);
    expect(strangers.map((stranger) => stranger.isClosed)).toEqual([
      ...Array.from({ length: UNPROVED_PER_ADDRESS_MAX }, () => false),
      true,
      true,
      true,
    ]);
    expect(gateway.counters.get("link.refused:too_many_links")).toBe(3);
    world.net.remoteOf = () => "10.9.9.8:1000";
    const center = world.node({ role: "center", number: 1 });
    center.hub.dial({ role: "gateway", number: 1 }, gateway.address);
    world.clock.run(100);
    expect(center.hub.link(GATEWAY)?.isUp).toBe(true);
  });

  test("give way to a newcomer of their own address after a second, and not to one of another", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    world.net.remoteOf = () => "10.9.9.9:1000";
    const strangers = Array.from({ length: UNPROVED_PER_ADDRESS_MAX }, () => world.net.stranger(gateway.address));
    world.clock.run(GREETING_MS_MIN + 100);
    world.net.remoteOf = () => "10.9.9.8:1000";
    world.net.stranger(gateway.address);
    world.clock.run(10);
    expect(strangers.filter((stranger) => stranger.isClosed).length).toBe(0);
    world.net.remoteOf = () => "10.9.9.9:1001";
    const newcomer = world.net.stranger(gateway.address);
    world.clock.run(10);
    expect(strangers.map((stranger) => stranger.isClosed).indexOf(true)).toBe(0);
    expect(strangers.filter((stranger) => stranger.isClosed).length).toBe(1);
    expect(newcomer.isClosed).toBe(false);
  });

  test("that were refused and do not leave give way as well", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    world.net.remoteOf = () => "10.9.9.9:1000";
    const strangers = Array.from({ length: UNPROVED_PER_ADDRESS_MAX }, () => world.net.stranger(gateway.address));
    world.clock.run(GREETING_MS_MIN - 50);
    for (const stranger of strangers) stranger.write(hello({ cluster: "another" }));
    world.clock.run(100);
    expect(gateway.counters.get("link.refused:bad_cluster")).toBe(UNPROVED_PER_ADDRESS_MAX);
    const newcomer = world.net.stranger(gateway.address);
    world.clock.run(10);
    expect(strangers.filter((stranger) => stranger.isClosed).length).toBe(1);
    expect(newcomer.isClosed).toBe(false);
    expect(gateway.counters.get("link.refused:too_many_links")).toBe(0);
  });

  test("have no limit of their own on loopback", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    world.net.remoteOf = () => "127.0.0.1:1000";
    const strangers = Array.from({ length: UNPROVED_MAX }, () => world.net.stranger(gateway.address));
    world.clock.run(100);
    expect(strangers.filter((stranger) => stranger.isClosed).length).toBe(0);
  });

  test("are places that come free: a thousand strangers in a row leave nothing behind", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 });
    world.net.remoteOf = () => "10.9.9.9:1000";
    for (let stranger = 0; stranger < 1_000; stranger += 1) {
      const one = world.net.stranger(gateway.address);
      world.clock.run(2);
      one.conn?.terminate();
      world.clock.run(2);
    }
    expect(gateway.counters.get("link.refused:too_many_links")).toBe(0);
    expect(gateway.counters.get("link.closed:peer_closed")).toBe(1_000);
  });
});

describe("Fifty nodes behind one address that all start at once", () => {
  test("are all linked within two seconds: who finds no place tries again", () => {
    const world = new World();
    const gateway = world.node({ role: "cross_gateway", number: 1 });
    world.net.remoteOf = (dial) => `10.9.9.9:${1000 + dial}`;
    world.net.latencyMs = 5;
    const nodes = Array.from({ length: 50 }, (_, index) => world.node({ role: "cross_map", number: index + 1 }));
    for (const node of nodes) node.hub.dial({ role: "cross_gateway", number: 1 }, gateway.address);
    const startMs = world.clock.nowMs();
    world.clock.runUntil(() => gateway.hub.links().length === 50, 10_000);
    expect(world.clock.nowMs() - startMs).toBeLessThan(2_000);
    expect(gateway.counters.get("link.refused:too_many_links")).toBeGreaterThan(0);
  });
});
