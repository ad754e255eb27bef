/**
 * Kinds as a module declares them, for owners in tests, and an owner on them with rewards that go into a list.
 */

import type { ActivityKinds } from "#activity/outcome.ts";
import type { Asked } from "#activity/reports/report_taker.ts";
import type { ReportOutcome } from "#activity/reports/report_outcome.ts";
import type { ActivityOwner } from "#activity/owner.ts";
import { highest, lowest } from "#activity/ranks/rank_order.ts";
import { Refusal } from "#activity/reports/refusal.ts";
import type { ActivityKind } from "#module/activity_kind.ts";
import { activity } from "#module/activity_kind.ts";
import { enterPhaseOf, hooksOf, parseKindConfig } from "#module/kind_code.ts";
import * as v from "valibot";

export function kindsOf(...kinds: readonly ActivityKind[]): ActivityKinds {
  const named = (name: string): ActivityKind | undefined => kinds.find((kind) => kind.name === name);
  return {
    get names() {
      return kinds.map(({ name }) => name);
    },
    parseConfig: (name, input) => {
      const kind = named(name);
      return kind === undefined ? undefined : parseKindConfig(kind, input);
    },
    phases: (name) => named(name)?.phases,
    enter: async (entry) => {
      const kind = named(entry.content.kind);
      return kind === undefined ? undefined : await enterPhaseOf(kind, entry);
    },
    hooks: (name) => {
      const kind = named(name);
      return kind === undefined ? undefined : hooksOf(kind);
    },
  };
}

/** How a test makes a kind fail. */
export class Breaker {
  /** Players whose report, or place, throws. */
  readonly players = new Set<string>();
  reports = 0;

  check(player: string): void {
    this.reports += 1;
    if (this.players.has(player)) throw new Error("no dice");
  }
}

/** Counts in its state what it has taken; damage adds up, the fastest time counts. */
export function bossKind(breaker = new Breaker(), name = "boss") {
  return activity(name, {
    config: v.object({ hp: v.number() }),
    state: v.object({ taken: v.optional(v.number(), 0) }),
    phases: ["preview", "open", "settling", "reward", "show", "closed"],
    report: v.object({ damage: v.number(), timeMs: v.optional(v.number()) }),
    rank: { damage: highest, speed: lowest },
    onReport: (term, { player, body }) => {
      term.state.taken += 1;
      term.ranking("damage").add(player, body.damage);
      breaker.check(player);
      if (body.damage < 0) throw new Refusal("damage is below zero");
      const { timeMs } = body;
      const best = term.ranking("speed").get(player);
      if (timeMs !== undefined && (best === undefined || timeMs < best)) term.ranking("speed").set(player, timeMs);
      return { taken: term.state.taken };
    },
    reward: (_, { ranking, player, place }) => {
      breaker.check(player);
      if (ranking === "speed" && place > 1) return undefined;
      const mail = { title: `${ranking} ${place}`, text: "well done", items: [{ item: "gold", count: 10 }] };
      return { tier: place === 1 ? "first" : "others", mail };
    },
  });
}

/** Only those who have signed up may report; nobody whose name begins with "x" may. */
export const cupKind = activity("cup", {
  config: v.object({}),
  phases: ["signup", "open", "closed"],
  report: v.number(),
  rank: { points: highest },
  onJoin: (_, { player }) => {
    if (player.startsWith("x")) throw new Refusal("no strangers");
    return { welcome: player };
  },
  onReport: (term, { player, body }) => term.ranking("points").set(player, body),
});

export interface Asking {
  readonly shard?: number;
  readonly key?: string;
  readonly activity?: string;
  readonly term?: string;
}

let keys = 0;

/** A report of damage under a key of its own. */
export function hit(player: string, damage: unknown, asking: Asking = {}): Asked & { readonly kind: "report" } {
  const { shard = 1, key = `key:${(keys += 1)}`, activity: id = "boss", term } = asking;
  const body = typeof damage === "number" ? { damage } : damage;
  return { kind: "report", shard, request: { activity: id, term, player, key, body } };
}

export async function takeAll(owner: ActivityOwner, asked: readonly Asked[]): Promise<readonly ReportOutcome[]> {
  return await Promise.all(asked.map((one) => owner.reports.take(one)));
}

/** "player:score", from the first place on. */
export async function topOf(owner: ActivityOwner, ranking = "damage", id = "boss"): Promise<readonly string[]> {
  const top = await owner.rankings.top({ activity: id, ranking, shard: 0, offset: 0, count: 100 });
  if (top.kind !== "ok") throw new Error(`${top.kind}: ${top.detail}`);
  return top.places.map(({ subject, score }) => `${subject}:${score}`);
}
