import { describe, expect, test } from "#test";
import { module } from "#module/module.ts";
import type { ModuleNode } from "#module/module_node.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { World } from "../link/harness.ts";
import { settle } from "../mesh/harness.ts";
import { nodeOn } from "./node_on.ts";
import { SlowStore, emptyStore } from "./stores.ts";

describe("Node: stop", () => {
  test("a second stop ends when the first has ended", async () => {
    const world = new World();
    const { node } = nodeOn(world, "gateway:3");
    await node.start();
    // Something is being executed that takes a while.
    const held = Promise.withResolvers<never>();
    node.endpoint.server.serve({ ...RuntimeContract.health, id: 2000, name: "test.wait" }, () => held.promise);
    const asked = node.endpoint.caller.call(
      { ...RuntimeContract.health, id: 2000 },
      {},
      { to: { key: node.self.key } },
    );
    asked.catch(() => {});
    world.clock.run(1);
    expect(node.endpoint.server.executingCount).toBe(1);
    const ended: string[] = [];
    const first = node.stop("first").then(() => ended.push("first"));
    const second = node.stop("second").then(() => ended.push("second"));
    await settle();
    world.clock.run(1000);
    await settle();
    expect(ended).toEqual([]);
    for (let second_ = 0; second_ < 10; second_ += 1) {
      world.clock.run(1000);
      await settle();
    }
    await Promise.all([first, second]);
    expect(ended).toEqual(["first", "second"]);
  });

  test("while it starts: what it owns does not begin to run, nothing listens, and no timer is left", async () => {
    const world = new World();
    const store = new SlowStore(await emptyStore(world));
    const { node } = nodeOn(world, "cross_center:5", { store });
    const starting = node.start();
    await settle();
    const stopping = node.stop("asked to");
    world.clock.run(10_000);
    await settle();
    store.letGo();
    await starting;
    await stopping;
    world.clock.run(10_000);
    await settle();
    expect(await codeOf(node.activities?.owner.open("boss"))).toBe("closed");
    expect(world.clock.timerCount).toBe(0);
  });

  test("close alone leaves no timer either, of what it owns or of its modules", async () => {
    const world = new World();
    const fired: string[] = [];
    let own: ModuleNode | undefined;
    const timers = module("timers", {}, (given) => {
      own = given;
      given.after(60_000, () => fired.push("set before"));
    });
    const { node } = nodeOn(world, "cross_center:5", { store: await emptyStore(world), modules: [timers] });
    await node.start();
    const request = { id: "boss", kind: "plain", config: {}, open: true, endsAtMs: world.clock.wallMs() + 50_000 };
    expect(await node.activities?.owner.create(request)).toMatchObject({ kind: "ok" });
    node.close();
    own?.after(10, () => fired.push("set after"));
    expect(world.clock.timerCount).toBe(0);
    world.clock.run(100_000);
    expect(fired).toEqual([]);
  });
});

async function codeOf(running: Promise<unknown> | undefined): Promise<unknown> {
  try {
    return await running;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}
