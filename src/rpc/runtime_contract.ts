/**
 * The runtime's own methods that every node serves: what it is, what is wrong with it, where it would send
 * a frame, which versions it holds. Served while draining too.
 */

import type { BaseIssue, BaseSchema } from "valibot";
import * as v from "valibot";
import { contract } from "./contract.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { isRole, parseNodeId } from "#wire/role.ts";

/** A property that is always there and may be undefined, which MessagePack leaves out. */
function maybe<const S extends BaseSchema<unknown, unknown, BaseIssue<unknown>>>(
  schema: S,
): v.OptionalSchema<S, () => undefined> {
  return v.optional(schema, () => undefined);
}

export const nodeIdSchema = v.custom<NodeId>(
  (input) => typeof input === "string" && parseNodeId(input) !== undefined,
  "is no node id: allowed is role:number",
);
const role = v.custom<Role>((input) => typeof input === "string" && isRole(input), "is no role");

export const linkStatusSchema = v.object({
  peer: nodeIdSchema,
  relation: v.picklist(["above", "below", "peer"]),
  address: v.string(),
  state: v.picklist(["dialing", "handshaking", "up", "backing_off", "closed"]),
  sinceMs: v.number(),
  attempt: v.number(),
  lastError: maybe(v.string()),
  nextRetryMs: maybe(v.number()),
  rttMs: maybe(v.number()),
  queuedSize: v.number(),
  boot: maybe(v.string()),
});

export const appliedSchema = v.object({ topic: v.string(), version: v.string(), appliedAtMs: v.number() });

export const descriptionSchema = v.object({
  id: nodeIdSchema,
  role,
  shard: v.number(),
  boot: v.string(),
  release: v.string(),
  startedAtMs: v.number(),
  uptimeMs: v.number(),
  draining: v.boolean(),
  policy: maybe(v.string()),
  links: v.array(linkStatusSchema),
  applied: v.array(appliedSchema),
  modules: v.array(v.string()),
  logins: v.number(),
  counters: v.record(v.string(), v.number()),
});

export const healthSchema = v.object({
  id: nodeIdSchema,
  ok: v.boolean(),
  problems: v.array(v.object({ name: v.string(), detail: v.string(), sinceMs: v.number() })),
});

export const nodeRowSchema = v.object({
  id: nodeIdSchema,
  role,
  shard: v.number(),
  boot: v.string(),
  startedAtMs: v.number(),
  gateway: nodeIdSchema,
  current: v.boolean(),
  behindSinceMs: maybe(v.number()),
});

export const explainHopSchema = v.object({
  at: nodeIdSchema,
  next: maybe(nodeIdSchema),
  state: v.string(),
  link: maybe(linkStatusSchema),
});

export const routeSchema = v.object({
  target: nodeIdSchema,
  shard: v.number(),
  via: v.array(nodeIdSchema),
  distance: v.number(),
});

const empty = v.strictObject({});
const u32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));

export const RuntimeContract = contract("kuafu", {
  describe: { id: 1, idempotent: true, whileDraining: true, request: empty, reply: descriptionSchema },
  health: { id: 2, idempotent: true, whileDraining: true, request: empty, reply: healthSchema },
  /** Where this node would send a frame from `from` to `to`, and in which state that link is. */
  hop: {
    id: 3,
    idempotent: true,
    whileDraining: true,
    request: v.strictObject({
      from: nodeIdSchema,
      to: nodeIdSchema,
      /** The hop before this one, unless the frame begins here. */
      previous: v.optional(nodeIdSchema),
    }),
    reply: explainHopSchema,
  },
  routes: {
    id: 4,
    idempotent: true,
    whileDraining: true,
    request: empty,
    reply: v.object({ routes: v.array(routeSchema) }),
  },
  /** The registry as this node sees it: whole on the cross tier. */
  nodes: {
    id: 5,
    idempotent: true,
    whileDraining: true,
    request: empty,
    reply: v.object({ nodes: v.array(nodeRowSchema) }),
  },
  /** One state topic: what is held here, and what each link has said of it. */
  topic: {
    id: 6,
    idempotent: true,
    whileDraining: true,
    request: v.strictObject({ topic: v.string() }),
    reply: v.object({
      version: maybe(v.string()),
      appliedAtMs: maybe(v.number()),
      links: v.array(
        v.object({ peer: nodeIdSchema, heard: maybe(v.string()), said: maybe(v.string()), waiting: v.boolean() }),
      ),
    }),
  },
  /** The bytes of a state topic that is held here: for an owner that adopts an orphan. */
  topicBytes: {
    id: 7,
    idempotent: true,
    whileDraining: true,
    request: v.strictObject({ topic: v.string() }),
    reply: v.object({
      held: maybe(
        v.object({
          epoch: u32,
          revision: u32,
          hash: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)),
          bytes: v.instance(Uint8Array),
        }),
      ),
    }),
  },
  applied: {
    id: 8,
    idempotent: true,
    whileDraining: true,
    request: empty,
    reply: v.object({ applied: v.array(appliedSchema) }),
  },
});
