/**
 * What the fake admin port says about players.
 */

import type { DoorRow, PlayerAt, SessionsOverview } from "#admin/port_players.ts";
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

export const LOST: PlayerAt = {
  gateway: DOOR.gateway,
  shard: 1,
  session: "5f0c7c1e2a9b4d3f8e6a7b5c4d3e2f10",
  sinceMs: 1_700_000_000_000,
  lostSinceMs: 1_700_000_060_000,
  map: nodeId("map", 101),
  place: undefined,
};

export const WAITING: PlayerAt = {
  ...LOST,
  session: undefined,
  sinceMs: undefined,
  lostSinceMs: undefined,
  map: undefined,
  place: 7,
};

export const SESSIONS: SessionsOverview = { doors: [DOOR], silent: [nodeId("gateway", 2)] };
