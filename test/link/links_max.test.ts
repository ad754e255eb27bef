import { describe, expect, test } from "#test";
import { GATEWAY, World } from "./harness.ts";

describe("LinkRegistry: more links than a gateway may have", () => {
  test("are refused by name, and tried again until there is room", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 }, { linksMax: 2 });
    const [first, second, third] = [1, 2, 3].map((number) => world.node({ role: "user", number: 100 + number }));
    if (first === undefined || second === undefined || third === undefined) throw new Error("three nodes");
    world.connect(first, gateway);
    world.connect(second, gateway);
    third.hub.dial({ role: "gateway", number: 1 }, gateway.address);
    world.clock.run(5_000);
    expect(third.hub.link(GATEWAY)).toBeUndefined();
    expect(third.record.refusals[0]?.refusal.reason).toBe("too_many_links");
    expect(gateway.counters.get("link.refused:too_many_links")).toBeGreaterThan(0);
    expect(gateway.record.heard).toEqual(["up user:101", "up user:102"]);
    first.hub.close();
    world.clock.runUntil(() => third.hub.link(GATEWAY) !== undefined);
    expect(gateway.record.heard).toEqual(["up user:101", "up user:102", "down user:101 peer_closed", "up user:103"]);
  });

  test("a new link of a node that has one already is none too many", () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 }, { linksMax: 1 });
    const user = world.node({ role: "user", number: 101, boot: "aa".repeat(16) });
    world.connect(user, gateway);
    const again = world.node({ role: "user", number: 101, boot: "aa".repeat(16) });
    again.hub.dial({ role: "gateway", number: 1 }, gateway.address);
    world.clock.runUntil(() => again.hub.link(GATEWAY) !== undefined);
    expect(gateway.counters.get("link.refused:too_many_links")).toBe(0);
  });
});
