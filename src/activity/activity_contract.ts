/**
 * What a `cross_center` serves about the activities that it owns. Outcomes that are everyday come back in the
 * reply; a store that fails makes the call FAILED.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { nodeIdSchema } from "#rpc/runtime_contract.ts";
import { groupRuleSchema } from "./groups/groups_rule.ts";
import { scheduleSchema } from "./schedule/schedule.ts";
import { PHASES, TERM_PHASES } from "./term.ts";

const id = v.pipe(v.string(), v.regex(/^[a-z0-9_-]{1,64}$/, "allowed is [a-z0-9_-]{1,64}"));
const named = v.strictObject({ id });
const planned = v.object({ phase: v.picklist(TERM_PHASES), atMs: v.number() });
const timing = v.strictObject({
  previewMs: v.optional(v.number()),
  signupMs: v.optional(v.number()),
  showMs: v.optional(v.number()),
});
const asked = { id, key: v.optional(v.string()), dryRun: v.optional(v.boolean()) };

const view = v.object({
  id,
  kind: v.string(),
  owner: nodeIdSchema,
  phase: v.picklist(PHASES),
  term: v.optional(v.string(), () => undefined),
  termNumber: v.number(),
  openedAtMs: v.optional(v.number(), () => undefined),
  closedAtMs: v.optional(v.number(), () => undefined),
  endsAtMs: v.optional(v.number(), () => undefined),
  phases: v.array(v.picklist(TERM_PHASES)),
  schedule: scheduleSchema,
  timing: v.object({ previewMs: v.number(), signupMs: v.number(), showMs: v.number() }),
  /** Answers that were kept for a key may be of a release without groups. */
  groups: v.optional(groupRuleSchema, { kind: "all" }),
  series: v.optional(v.string(), () => undefined),
  termGroups: v.optional(v.array(v.object({ name: v.string(), shards: v.array(v.number()) })), () => undefined),
  ungrouped: v.optional(v.array(v.object({ shard: v.number(), reason: v.string() })), () => undefined),
  plan: v.array(planned),
  next: v.optional(planned, () => undefined),
  stopped: v.optional(v.string(), () => undefined),
  config: v.unknown(),
  version: v.string(),
});

const refused = [
  v.object({ kind: v.literal("not_found"), detail: v.string() }),
  v.object({ kind: v.literal("conflict"), detail: v.string(), allowed: v.array(v.string()) }),
  v.object({
    kind: v.literal("invalid"),
    detail: v.string(),
    issues: v.array(v.object({ path: v.string(), message: v.string() })),
  }),
] as const;
const outcome = v.variant("kind", [v.object({ kind: v.literal("ok"), value: view, changed: v.boolean() }), ...refused]);
const topicOutcome = v.variant("kind", [
  v.object({
    kind: v.literal("ok"),
    topic: v.string(),
    version: v.string(),
    /** Left out: what is left is a tombstone. */
    value: v.optional(view, () => undefined),
    changed: v.boolean(),
  }),
  ...refused,
]);

export const ActivityContract = contract("activity", {
  create: {
    id: 20,
    idempotent: true,
    request: v.strictObject({
      id,
      kind: v.string(),
      config: v.unknown(),
      endsAtMs: v.optional(v.number()),
      schedule: v.optional(scheduleSchema),
      timing: v.optional(timing),
      groups: v.optional(groupRuleSchema),
      open: v.optional(v.boolean()),
    }),
    reply: outcome,
  },
  /** `from` is the phase that the caller has seen: `next` of another one changes nothing. It goes with every `next`. */
  verb: {
    id: 21,
    idempotent: true,
    request: v.strictObject({
      ...asked,
      verb: v.picklist(["preview", "open", "next", "close", "recall", "reopen"]),
      from: v.optional(v.picklist(PHASES)),
    }),
    reply: outcome,
  },
  extend: { id: 22, idempotent: true, request: v.strictObject({ ...asked, closesAtMs: v.number() }), reply: outcome },
  remove: { id: 23, idempotent: true, request: named, reply: outcome },
  get: { id: 24, idempotent: true, request: named, reply: outcome },
  list: { id: 25, idempotent: true, request: v.strictObject({}), reply: v.object({ activities: v.array(view) }) },
  /** Takes the content of an orphan from a node that holds it. */
  adopt: { id: 26, idempotent: true, request: named, reply: topicOutcome },
  /** Ends a running term for good; gives an orphan up, with a tombstone of a higher epoch. */
  cancel: { id: 27, idempotent: true, request: v.strictObject(asked), reply: topicOutcome },
  /** Topics that nodes hold in this owner's name and that it does not have. */
  orphans: {
    id: 28,
    idempotent: true,
    request: v.strictObject({}),
    reply: v.object({
      orphans: v.array(v.object({ topic: v.string(), id: v.string(), version: v.string(), reporter: nodeIdSchema })),
    }),
  },
  /** The other owner of a topic is gone: speaks for it again, with a higher epoch. */
  resume: { id: 29, idempotent: true, request: named, reply: topicOutcome },
  /** `endsAtMs: null` takes the end away; what is left out stays. */
  edit: {
    id: 30,
    idempotent: true,
    request: v.strictObject({
      ...asked,
      config: v.optional(v.unknown()),
      endsAtMs: v.optional(v.nullable(v.number())),
      schedule: v.optional(scheduleSchema),
      timing: v.optional(timing),
      groups: v.optional(groupRuleSchema),
    }),
    reply: outcome,
  },
});
