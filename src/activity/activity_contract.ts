/**
 * What a `cross_center` serves about the activities that it owns. Outcomes that are everyday come back in the
 * reply; a store that fails makes the call FAILED.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { nodeIdSchema } from "#rpc/runtime_contract.ts";

const id = v.pipe(v.string(), v.regex(/^[a-z0-9_-]{1,64}$/, "allowed is [a-z0-9_-]{1,64}"));
const named = v.strictObject({ id });

const view = v.object({
  id,
  kind: v.string(),
  owner: nodeIdSchema,
  phase: v.picklist(["scheduled", "open", "closed"]),
  term: v.optional(v.string(), () => undefined),
  termNumber: v.number(),
  openedAtMs: v.optional(v.number(), () => undefined),
  closedAtMs: v.optional(v.number(), () => undefined),
  endsAtMs: v.optional(v.number(), () => undefined),
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
      open: v.optional(v.boolean()),
    }),
    reply: outcome,
  },
  open: { id: 21, idempotent: true, request: named, reply: outcome },
  close: { id: 22, idempotent: true, request: named, reply: outcome },
  remove: { id: 23, idempotent: true, request: named, reply: outcome },
  get: { id: 24, idempotent: true, request: named, reply: outcome },
  list: { id: 25, idempotent: true, request: v.strictObject({}), reply: v.object({ activities: v.array(view) }) },
  /** Takes the content of an orphan from a node that holds it. */
  adopt: { id: 26, idempotent: true, request: named, reply: topicOutcome },
  /** Gives an orphan up: a tombstone with a higher epoch. */
  cancel: { id: 27, idempotent: true, request: named, reply: topicOutcome },
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
});
