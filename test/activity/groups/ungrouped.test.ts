import type { Held } from "#activity/activity_table.ts";
import type { OwnedTopics } from "#activity/owned_topics.ts";
import { LOOK_DELAY_MS, UngroupedWatch } from "#activity/groups/ungrouped.ts";
import { Alarms } from "#base/alarms.ts";
import { SLICE_MS } from "#base/slices.ts";
import { describe, expect, test } from "#test";
import { ManualClock } from "../../store/manual_clock.ts";
import { opened, scheduled, settle, silentLog } from "../fixture.ts";
import { KnownFacts } from "../known_facts.ts";

/** An open term whose groups have only shard 1. */
function held(id: string): Held {
  const content = opened(
    scheduled({ id, groups: { kind: "bands", bands: [{ fromDay: 1 }], targetSize: 2, leastSize: 1 } }),
    {
      term: "0".repeat(32),
      atMs: 1,
    },
  );
  if (content.term === undefined) throw new Error("no term");
  const term = { ...content.term, groups: [{ name: "one", shards: [1] }] };
  const version = { epoch: 1, revision: 1, hash: "" };
  return {
    id,
    kind: "live",
    content: { ...content, term } as typeof content,
    version,
    bytes: new Uint8Array(0),
    changedAtMs: 0,
  };
}

function ground(ids: readonly string[]) {
  const clock = new ManualClock();
  const shards = new KnownFacts();
  for (const shard of [1, 2]) shards.opened(shard, 0);
  const all = new Map(ids.map((id) => [id, held(id)]));
  const alarms = new Alarms({ clock, log: silentLog });
  const topics = { all: () => [...all.values()], get: (id: string) => all.get(id) } as unknown as OwnedTopics;
  const watch = new UngroupedWatch({ topics, shards, clock, alarms, nowMs: () => clock.wallMs() });
  const names = (): string[] => alarms.all().map(({ name }) => name);
  return { clock, shards, all, watch, names };
}

describe("UngroupedWatch", () => {
  test("a look that takes its time polls for I/O on the way, and what is deleted meanwhile is no alarm", async () => {
    const { clock, shards, all, watch, names } = ground(["a", "b", "c"]);
    const living = shards.living.bind(shards);
    shards.living = () => {
      clock.advance(SLICE_MS);
      return living();
    };
    clock.holdsPolls = true;
    watch.changed();
    clock.advance(LOOK_DELAY_MS);
    await settle();
    const seen = [names()];
    all.delete("b");
    clock.poll();
    await settle();
    seen.push(names());
    expect(seen).toEqual([["ungrouped:a"], ["ungrouped:a", "ungrouped:c"]]);
    watch.stop();
  });

  test("a change during a look is looked at after it", async () => {
    const { clock, shards, all, watch, names } = ground(["a"]);
    const living = shards.living.bind(shards);
    shards.living = () => {
      clock.advance(SLICE_MS);
      return living();
    };
    all.set("b", held("b"));
    clock.holdsPolls = true;
    watch.changed();
    clock.advance(LOOK_DELAY_MS);
    await settle();
    all.set("0", held("0"));
    watch.changed();
    clock.advance(LOOK_DELAY_MS);
    for (let poll = 0; poll < 4; poll += 1) {
      clock.poll();
      await settle();
      clock.advance(LOOK_DELAY_MS);
      await settle();
    }
    expect(names().toSorted()).toEqual(["ungrouped:0", "ungrouped:a", "ungrouped:b"]);
    watch.stop();
    expect(clock.pending).toBe(0);
  });
});
