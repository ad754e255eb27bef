/**
 * What the fake admin port says about players.
 */

import type { DoorRow, SessionsOverview } from "#admin/port_players.ts";
import { nodeId } from "#wire/role.ts";

export const DOOR: DoorRow = {
  gateway: nodeId("gateway", 1),
  shard: 1,
  conns: 5,
  sessions: 4,
  lost: 1,
  queued: 2,
  maintenance: false,
};

export const SESSIONS: SessionsOverview = { doors: [DOOR], silent: [nodeId("gateway", 2)] };
