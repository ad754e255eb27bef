/**
 * What a shard's gateway and its other nodes say to each other about players' presence.
 * The gateway is the authority: it has the players. A node believes exactly what its gateway last told it.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";

/** Bindings that one reconcile page carries: so many fit into a frame with the longest names, of three bytes a unit. */
export const RECONCILE_PAGE_MAX = 2048;

const player = v.pipe(v.string(), v.minLength(1), v.maxLength(128));
const session = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));
const binding = v.strictObject({ player, session });

export const SessionContract = contract("session", {
  /** Served by `gateway`. The newest session of a player wins. */
  login: {
    id: 40,
    request: v.strictObject({ player }),
    reply: v.strictObject({ session }),
  },
  /** Served by `gateway`. Without a session of that name nothing happens. */
  logout: {
    id: 41,
    idempotent: true,
    request: v.strictObject({ player, session }),
    reply: v.strictObject({ ended: v.boolean() }),
  },
  /** Served by `user`, `center`, `map`. A `map` is told of those who are in it. */
  bind: { id: 42, idempotent: true, request: binding, reply: v.strictObject({}) },
  /** Served by `user`, `center`, `map`. Ends that session and no newer one. */
  unbind: { id: 43, idempotent: true, request: binding, reply: v.strictObject({}) },
  /** Served by `user`, `center`, `map`. All that the gateway believes, in pages; they take effect with the last. */
  reconcile: {
    id: 44,
    idempotent: true,
    request: v.strictObject({
      /** Drawn anew each time: pages of two runs do not belong together. */
      run: v.pipe(v.number(), v.integer(), v.minValue(0)),
      /** 0 to pages - 1, in order. */
      page: v.pipe(v.number(), v.integer(), v.minValue(0)),
      pages: v.pipe(v.number(), v.integer(), v.minValue(1)),
      bindings: v.pipe(v.array(binding), v.maxLength(RECONCILE_PAGE_MAX)),
    }),
    reply: v.strictObject({ logins: v.number() }),
  },
});
