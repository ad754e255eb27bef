/** What a cluster file says of shards reaches the nodes that have to know, or to tell. */

import { describe, expect, test } from "#test";
import { ShardContract } from "#activity/shards/shard_contract.ts";
import { nodeId } from "#wire/role.ts";
import { runNode } from "../../src/run.ts";
import { planOf, WHOLE } from "../config/parsed.ts";
import { PLAN, setup } from "./run_ground.ts";

const FILE = `${WHOLE}[[shard]]
number = 3
opened_at = 2026-11-01T10:00:00+08:00
time_zone = "Asia/Shanghai"
[[shard]]
number = 4
merged_into = 3
[[shard]]
number = 5
cross_center = 5
`;
const OPENED_MS = Date.parse("2026-11-01T02:00:00Z");
const { shards } = planOf(FILE, "gateway:3");

describe("runNode: shards of the file", () => {
  test("a gateway tells its own and those that were merged into it", async () => {
    const { runtime, world } = setup({});
    const self = { id: nodeId("gateway", 3), role: "gateway", number: 3, shard: 3 } as const;
    const listen = { host: "127.0.0.1", port: 0 };
    const started = await runNode({ ...PLAN, self, listen, shards }, runtime);
    if (started.kind !== "ok") throw new Error(started.lines.join());
    const { node } = started.running;
    const asked = node.endpoint.caller.call(ShardContract.facts, {}, { to: { key: node.self.key } });
    world.clock.run(1);
    expect(await asked).toEqual({
      facts: [
        { shard: 3, openedAtMs: OPENED_MS, timeZone: "Asia/Shanghai", mergedInto: undefined, mergedAtMs: undefined },
        { shard: 4, openedAtMs: undefined, timeZone: undefined, mergedInto: 3, mergedAtMs: undefined },
      ],
    });
    await started.running.stop("asked");
  });

  test("a cross_center takes from its own those of which something is said", async () => {
    const { runtime } = setup({});
    const started = await runNode({ ...PLAN, shards }, runtime);
    if (started.kind !== "ok") throw new Error(started.lines.join());
    expect(started.running.node.shards?.facts()).toEqual([
      { shard: 3, openedAtMs: OPENED_MS, timeZone: "Asia/Shanghai", mergedInto: undefined, mergedAtMs: undefined },
      { shard: 4, openedAtMs: undefined, timeZone: undefined, mergedInto: 3, mergedAtMs: undefined },
    ]);
    await started.running.stop("asked");
  });
});
