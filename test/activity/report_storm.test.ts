import { NO_SHARDS } from "#activity/groups/term_groups.ts";
import { ActivityOwner, CHANGES_WAITING_MAX } from "#activity/owner.ts";
import type { Log } from "#base/log.ts";
import { describe, expect, test } from "#test";
import { nodeKey } from "#wire/role.ts";
import { SELF, kinds, makeWorld, silentLog } from "./fixture.ts";
import { seededRandom } from "#base/random.ts";
import { digest } from "../wire/digest.ts";

describe("ActivityOwner: more reports at once than can wait", () => {
  test("are told at the 1st, 2nd, 4th, 8th … and come again, without a line for each", async () => {
    const world = await makeWorld();
    const { clock, store, alarms } = world;
    const counts: unknown[] = [];
    const log: Log = {
      ...silentLog,
      warn: (phrase, data) => {
        if (phrase === "report not answered") counts.push(data?.["count"]);
      },
    };
    const owner = new ActivityOwner({
      ...{ self: SELF, store, clock, digest, log, alarms, kinds, shards: NO_SHARDS, random: seededRandom(1) },
      clusterMs: () => clock.wallMs(),
      publish: () => "ok",
      forget: () => undefined,
    });
    await owner.start();
    const claims = [{ epoch: 1, revision: 1, hash: "ab".repeat(8) }];
    const storm = Array.from({ length: CHANGES_WAITING_MAX + 1000 }, (_, index) =>
      owner.reported({ topic: `activity/cross_center:1/lost${index}`, reporter: nodeKey("center", 3), claims }),
    );
    await Promise.all(storm);
    expect(owner.orphans().length).toBe(CHANGES_WAITING_MAX);
    expect(counts).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
  });
});
