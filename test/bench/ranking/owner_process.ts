/**
 * An owner of one activity on a store on the disk, in a process of its own: takes reports as its contract hands them
 * over, at a fixed rate, and is asked for ranks meanwhile. Answers how long the look-ups took and what it cost.
 *
 *   owner_process.ts FILE
 */

import { NO_SHARDS } from "#activity/groups/term_groups.ts";
import { Alarms } from "#base/alarms.ts";
import { ActivityOwner } from "#activity/owner.ts";
import { highest } from "#activity/ranks/rank_order.ts";
import { ACTIVITY_MIGRATIONS } from "#activity/activity_table.ts";
import { activity } from "#module/activity_kind.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { migrate } from "#store/migrations.ts";
import * as v from "valibot";
import { kindsOf } from "../../activity/ranked_kinds.ts";
import { answers } from "../answers.ts";
import { QUIET, makeIdentity } from "../bench_node.ts";
import { Histogram } from "../stats.ts";

export interface Load {
  readonly players: number;
  readonly reportsPerS: number;
  readonly lookupsPerS: number;
  readonly seconds: number;
}

export interface Measured {
  readonly answered: number;
  readonly seconds: number;
  /** Percentiles in microseconds: of the look-up itself, and from the time at which it was due. */
  readonly lookup: { readonly p50: number; readonly p99: number };
  readonly due: { readonly p50: number; readonly p99: number };
  readonly reportMs: { readonly p50: number; readonly p99: number };
  readonly cpuShare: number;
  readonly residentMiB: number;
}

const boss = activity("boss", {
  config: v.object({}),
  report: v.object({ damage: v.number() }),
  rank: { damage: highest },
  onReport: (term, { player, body }) => term.ranking("damage").add(player, body.damage),
});
const TICK_MS = 1;
const FILLED_AT_ONCE = 4_000;

let reports = 0;

function report(owner: ActivityOwner, player: string): ReturnType<ActivityOwner["reports"]["take"]> {
  reports += 1;
  const request = { activity: "boss", player, key: `r${reports}`, body: { damage: 1 + (reports % 997) } };
  return owner.reports.take({ kind: "report", shard: 1 + (reports % 100), request });
}

async function start(file: string): Promise<ActivityOwner> {
  const store = openSqliteStore({ path: file, clock: bunClock });
  await migrate(store, [ACTIVITY_MIGRATIONS], bunDigest);
  const owner = new ActivityOwner({
    self: makeIdentity("cross_center", 1, 0),
    store,
    clock: bunClock,
    clusterMs: () => bunClock.wallMs(),
    random: bunRandom,
    digest: bunDigest,
    log: QUIET,
    alarms: new Alarms({ clock: bunClock, log: QUIET }),
    kinds: kindsOf(boss),
    shards: NO_SHARDS,
    publish: () => "ok",
    forget: () => undefined,
  });
  await owner.start();
  await owner.create({ id: "boss", kind: "boss", config: {}, open: true });
  return owner;
}

async function fill(owner: ActivityOwner, players: number): Promise<void> {
  for (let from = 0; from < players; from += FILLED_AT_ONCE) {
    const count = Math.min(FILLED_AT_ONCE, players - from);
    await Promise.all(Array.from({ length: count }, (_, index) => report(owner, `player_${from + index}`)));
  }
}

async function measure(owner: ActivityOwner, load: Load): Promise<Measured> {
  const lookup = new Histogram();
  const due = new Histogram();
  const answered = new Histogram();
  const player = (): string => `player_${Math.floor(Math.random() * load.players)}`;
  const before = process.cpuUsage();
  const startMs = performance.now();
  let reported = 0;
  let looked = 0;
  const waiting = new Set<Promise<void>>();
  const timed = async (atMs: number): Promise<void> => {
    const outcome = await report(owner, player());
    if (outcome.kind === "overloaded") return;
    if (outcome.kind !== "ok") throw new Error(`a report was answered ${outcome.kind}`);
    answered.add((performance.now() - atMs) * 1000);
  };
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const passedS = (performance.now() - startMs) / 1000;
      for (; reported < passedS * load.reportsPerS; reported += 1) {
        const one = timed(performance.now());
        waiting.add(one);
        void one.then(() => waiting.delete(one));
      }
      for (; looked < passedS * load.lookupsPerS; looked += 1) {
        const question = { activity: "boss", ranking: "damage", subject: player(), shard: 1 };
        const fromMs = performance.now();
        const found = owner.rankings.standing(question);
        const toMs = performance.now();
        if (found instanceof Promise || found.kind !== "ok") throw new Error("a look-up found nothing in memory");
        lookup.add((toMs - fromMs) * 1000);
        due.add((toMs - startMs - (looked / load.lookupsPerS) * 1000) * 1000);
      }
      if (passedS < load.seconds) return;
      clearInterval(timer);
      resolve();
    }, TICK_MS);
  });
  await Promise.all(waiting);
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  return {
    answered: answered.count,
    seconds,
    lookup: { p50: lookup.percentile(50), p99: lookup.percentile(99) },
    due: { p50: due.percentile(50), p99: due.percentile(99) },
    reportMs: { p50: answered.percentile(50) / 1000, p99: answered.percentile(99) / 1000 },
    cpuShare: (user + system) / 1e6 / seconds,
    residentMiB: process.memoryUsage.rss() / 2 ** 20,
  };
}

const [file = ":memory:"] = process.argv.slice(2);
const owner = await start(file);

answers<{ readonly what: "fill" | "measure"; readonly load: Load }>(async ({ what, load }) => {
  if (what === "fill") return await fill(owner, load.players);
  return await measure(owner, load);
});
