/**
 * What a `cross_center` serves to the shards about the terms that it owns: reports, joins, and where who stands. The
 * shard that asks is that of the node which called, as its links have proved it; nothing in a body says it. Everyday
 * outcomes come back in the reply; a store that fails makes the call FAILED, and the same key asks again.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { ACTIVITY_ID } from "../content.ts";
import { SUBJECT } from "../ranks/rank_order.ts";
import { PLACES_MAX } from "../ranks/rank_lookup.ts";
import { PHASES } from "../term.ts";

/** Of a report: unique in the term. */
export const REPORT_KEY = /^[\w.:-]{1,64}$/;

const activity = v.pipe(v.string(), v.regex(ACTIVITY_ID, `allowed is ${ACTIVITY_ID.source}`));
const player = v.pipe(v.string(), v.regex(SUBJECT, `allowed is ${SUBJECT.source}`));
const term = v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "allowed are 32 hex digits")));
const ranking = v.pipe(v.string(), v.maxLength(64));
const group = v.optional(v.pipe(v.string(), v.maxLength(64)));
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const detail = v.string();
const phase = v.picklist(PHASES);
const issues = v.array(v.object({ path: v.string(), message: v.string() }));
const placed = v.object({
  place: v.number(),
  subject: v.string(),
  score: v.number(),
  atMs: v.number(),
  shard: v.number(),
});

const refused = [
  v.object({ kind: v.literal("no_group"), detail }),
  v.object({ kind: v.literal("invalid"), detail, issues }),
  v.object({ kind: v.literal("not_found"), detail }),
] as const;

const outcome = v.variant("kind", [
  v.object({
    kind: v.literal("ok"),
    reply: v.optional(v.unknown(), () => undefined),
    group: v.string(),
    standings: v.array(v.object({ ranking: v.string(), score: v.number(), place: v.number() })),
  }),
  v.object({ kind: v.literal("not_open"), phase, allowed: v.array(phase) }),
  v.object({ kind: v.literal("stopped"), detail }),
  v.object({ kind: v.literal("not_joined"), detail }),
  v.object({ kind: v.literal("refused"), detail }),
  v.object({ kind: v.literal("overloaded"), detail }),
  ...refused,
]);

export const ReportContract = contract("report", {
  report: {
    id: 70,
    idempotent: true,
    request: v.strictObject({
      activity,
      term,
      player,
      key: v.pipe(v.string(), v.regex(REPORT_KEY, `allowed is ${REPORT_KEY.source}`)),
      body: v.optional(v.unknown()),
    }),
    reply: outcome,
  },
  join: { id: 71, idempotent: true, request: v.strictObject({ activity, term, player }), reply: outcome },
  standing: {
    id: 72,
    idempotent: true,
    request: v.strictObject({ activity, ranking, group, player }),
    reply: v.variant("kind", [
      v.object({
        kind: v.literal("ok"),
        group: v.string(),
        /** Subjects in the ranking. */
        count: v.number(),
        /** Left out: it is not ranked. */
        standing: v.optional(placed, () => undefined),
      }),
      ...refused,
    ]),
  },
  /** From place `offset` + 1 on. */
  top: {
    id: 73,
    idempotent: true,
    request: v.strictObject({
      activity,
      ranking,
      group,
      offset: v.optional(whole),
      count: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PLACES_MAX)),
    }),
    reply: v.variant("kind", [
      v.object({
        kind: v.literal("ok"),
        term: v.string(),
        group: v.string(),
        groups: v.array(v.string()),
        count: v.number(),
        /** What it was frozen as, 64 hex digits; left out while it may change. */
        settled: v.optional(v.string(), () => undefined),
        places: v.array(placed),
      }),
      ...refused,
    ]),
  },
});
