/**
 * What others ask a gateway's door for players: how full it is, whether a player is there, to end a session, to begin and
 * end maintenance. Served by gateways that take players; the others do not know these methods.
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { nodeIdSchema } from "#rpc/runtime_contract.ts";
import type { Server } from "#rpc/server.ts";
import { DETAIL_LENGTH_MAX, NAME_LENGTH_MAX } from "./client_packets.ts";
import type { PlayerDoor } from "./player_door.ts";

/** Players on a white list that is set while it runs. */
export const WHITE_LIST_SET_MAX = 1_000;

const player = v.pipe(v.string(), v.minLength(1), v.maxLength(NAME_LENGTH_MAX));
const count = v.number();

export const DoorContract = contract("door", {
  status: {
    id: 45,
    idempotent: true,
    whileDraining: true,
    request: v.strictObject({}),
    reply: v.object({
      conns: count,
      sessions: count,
      lost: count,
      queued: count,
      maintenance: v.boolean(),
    }),
  },
  /** Without a session of that player nothing happens. */
  kick: {
    id: 46,
    idempotent: true,
    request: v.strictObject({ player, detail: v.pipe(v.string(), v.maxLength(DETAIL_LENGTH_MAX)) }),
    reply: v.strictObject({ kicked: v.boolean() }),
  },
  /** Until the gateway starts anew. Without a white list the one before stays. */
  maintenance: {
    id: 47,
    idempotent: true,
    request: v.strictObject({
      isOn: v.boolean(),
      whiteList: v.optional(v.pipe(v.array(player), v.maxLength(WHITE_LIST_SET_MAX))),
    }),
    reply: v.strictObject({ changed: v.boolean() }),
  },
  /** Without either the player is not there. `place`: in the queue, the first is 1. */
  find: {
    id: 48,
    idempotent: true,
    whileDraining: true,
    request: v.strictObject({ player }),
    reply: v.object({
      session: v.optional(
        v.object({ id: v.string(), sinceMs: count, lostSinceMs: v.optional(count), map: v.optional(nodeIdSchema) }),
      ),
      place: v.optional(count),
    }),
  },
});

export function serveDoor(door: PlayerDoor, server: Server): void {
  server.serve(DoorContract.status, () => door.status());
  server.serve(DoorContract.find, ({ player: name }) => door.find(name));
  server.serve(DoorContract.kick, ({ player: name, detail }) => ({ kicked: door.kick(name, detail) }));
  server.serve(DoorContract.maintenance, ({ isOn, whiteList }) => {
    const before = door.maintenance;
    door.setMaintenance({ isOn, whiteList: whiteList ?? before.whiteList });
    return { changed: before.isOn !== isOn || whiteList !== undefined };
  });
}
