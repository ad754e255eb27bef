/**
 * What a shard's gateway and the nodes behind it say to each other for players: requests that players make, and what is
 * pushed to them. The gateway alone knows who a player is: what a client says of itself is never believed.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { nodeIdSchema } from "#rpc/runtime_contract.ts";

/** For requests of players that a node is executing when it is about to stop. */
export const LEAVE_MS_MAX = 1_500;
/** Type of a push, for the client to tell them apart. */
export const PUSH_TYPE = /^[a-z][a-z0-9_.]{0,63}$/;
/** Players that one push may name. */
export const PUSHED_MAX = 1_000;
/** Of calls that failed for want of a node, a link, room or time, and not by a bug. */
export const STUCK_CODES = ["NO_ROUTE", "LINK_LOST", "DEADLINE", "OVERLOADED", "DRAINING"] as const;

const player = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const session = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const type = v.pipe(v.string(), v.regex(PUSH_TYPE));

export const PlayerContract = contract("player", {
  /**
   * Served by `gateway`: the node of its shard that asks is about to stop. It gets no more requests of players; answered when
   * none is under way there, or after LEAVE_MS_MAX.
   */
  leave: { id: 49, idempotent: true, whileDraining: true, request: v.strictObject({}), reply: v.strictObject({}) },
  /** Served by `user`, `center` and `map`; only their own shard's gateway may ask. `method` is the id of a contract's method. */
  request: {
    id: 50,
    request: v.strictObject({
      ...{ session, player, method: v.number(), body: v.unknown() },
      /** When the gateway has asked, in cluster time: a node that stood still meanwhile refuses it. */
      askedAtMs: v.number(),
    }),
    reply: v.variant("kind", [
      v.object({ kind: v.literal("reply"), body: v.unknown() }),
      /** It was not executed. */
      v.object({
        kind: v.literal("refused"),
        code: v.picklist(["NO_ROUTE", "UNKNOWN_METHOD", "INVALID"]),
        detail: v.string(),
      }),
      /** A call that its handler needed has ended so. Nobody knows what the handler had done before. */
      v.object({ kind: v.literal("stuck"), code: v.picklist(STUCK_CODES), detail: v.string() }),
    ]),
  },
  /** Served by `gateway`. Without `players`: everybody of the shard. Answers how many sessions it went to. */
  push: {
    id: 51,
    request: v.strictObject({
      players: v.optional(v.pipe(v.array(player), v.maxLength(PUSHED_MAX))),
      type,
      body: v.unknown(),
    }),
    reply: v.object({ told: v.number() }),
  },
  /** Served by `gateway`. `map`: the node that the player is in. */
  whereis: {
    id: 52,
    idempotent: true,
    request: v.strictObject({ player }),
    reply: v.object({ session: v.optional(session), map: v.optional(nodeIdSchema) }),
  },
  /**
   * Served by `gateway`, for nodes of its shard. With `session` only that one of the player enters. Fails when the map could
   * not be told. Not idempotent, nor is `leaveMap`: repeated late they would undo what came after.
   */
  enterMap: {
    id: 53,
    request: v.strictObject({ player, session: v.optional(session), map: nodeIdSchema }),
    reply: v.object({ kind: v.picklist(["ok", "no_session", "no_such_map"]) }),
  },
  /** Served by `gateway`, for nodes of its shard. Without `map`: whichever the player is in. */
  leaveMap: {
    id: 54,
    request: v.strictObject({ player, session: v.optional(session), map: v.optional(nodeIdSchema) }),
    reply: v.object({ left: v.boolean() }),
  },
});
