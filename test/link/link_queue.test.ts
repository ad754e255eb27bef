/** The send queue of a link that is up, against a slow reader and against the budget of the process. */

import { describe, expect, test } from "#test";
import { SendBudget } from "#link/send_budget.ts";
import { CENTER, GATEWAY, World, cast, castOfSize } from "./harness.ts";

const CENTER_1 = { role: "center", number: 1 } as const;
const GATEWAY_1 = { role: "gateway", number: 1 } as const;

describe("Link queue", () => {
  test("refuses what may be refused beyond 8 MiB, and is closed as slow_consumer beyond 32", () => {
    const world = new World();
    const { gateway, center } = world.linked();
    world.clock.run(5);
    for (const conn of world.net.conns) conn.isDeaf = true;
    const link = center.link(GATEWAY);
    const frame = castOfSize(1024 * 1024 - 64);
    const results = Array.from({ length: 12 }, () => link.send(frame, 0, "may"));
    expect(results.filter((result) => result === "ok").length).toBe(8);
    expect(results.at(-1)).toBe("overloaded");
    expect(link.isUp).toBe(true);
    const must = Array.from({ length: 30 }, () => link.send(frame, 0, "must"));
    expect(must.filter((result) => result === "ok").length).toBe(24);
    expect(must.at(-1)).toBe("closed");
    expect(center.record.downs).toEqual(["slow_consumer"]);
    expect(gateway.record.frames).toEqual([]);
  });

  test("of a slow reader drains when it reads again, in order and complete", () => {
    const world = new World();
    world.net.capacity = 3_000;
    world.net.remoteOf = () => "10.0.0.2:40000";
    const { gateway, center } = world.linked();
    const gatewayEnd = world.net.conns.find((conn) => conn.remote === "10.0.0.2:40000");
    const sent = Array.from({ length: 300 }, (_, index) => `${index} ${"x".repeat((index * 37) % 400)}`);
    gatewayEnd?.pause();
    for (const text of sent) expect(center.link(GATEWAY).send(cast(text), 0, "may")).toBe("ok");
    world.clock.run(1_500);
    expect(gateway.record.texts).toEqual([]);
    gatewayEnd?.resume();
    world.clock.run(500);
    expect(gateway.record.texts).toEqual(sent);
    expect(center.hub.status()[0]?.queuedSize).toBe(0);
  });

  test("that may hold nothing ends its link before anybody was told of it", () => {
    const world = new World();
    const gateway = world.node(GATEWAY_1, { budget: new SendBudget(10) });
    const center = world.node(CENTER_1);
    center.hub.dial(GATEWAY_1, gateway.address);
    world.clock.run(20);
    expect(gateway.counters.get("link.closed:over_budget")).toBeGreaterThan(0);
    expect(gateway.record.heard).toEqual([]);
  });

  test("that is the largest gives way when the process holds too much, and the others stay", () => {
    const world = new World();
    const budget = new SendBudget(100_000);
    const { gateway, center } = world.linked({ budget });
    const map = world.node({ role: "map", number: 101 });
    world.connect(map, gateway);
    world.clock.run(5);
    for (const conn of world.net.conns) conn.isDeaf = true;
    world.net.capacity = 0;
    expect(gateway.link(map.self.key).send(castOfSize(30_000), 0, "may")).toBe("ok");
    expect(gateway.link(CENTER).send(castOfSize(60_000), 0, "may")).toBe("ok");
    expect(gateway.link(map.self.key).send(castOfSize(20_000), 0, "may")).toBe("ok");
    expect(gateway.record.heard.at(-1)).toBe("down center:1 over_budget");
    expect(gateway.hub.links().map((link) => link.peer.id)).toEqual([map.self.id]);
    expect(gateway.counters.get("link.closed:over_budget")).toBe(1);
    // Now it is the one that sends that is the largest.
    expect(gateway.link(map.self.key).send(castOfSize(60_000), 0, "may")).toBe("closed");
    expect(budget.usedSize).toBe(0);
    expect(center.record.heard).toEqual(["up gateway:1"]);
  });
});
