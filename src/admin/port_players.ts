/**
 * What the admin port answers about players at the gateways' doors. Types only.
 */

import type { NodeId } from "#wire/role.ts";

/** The door of one gateway. */
export interface DoorRow {
  readonly gateway: NodeId;
  readonly shard: number;
  readonly conns: number;
  readonly sessions: number;
  /** Of the sessions, those that wait for their players to come back. */
  readonly lost: number;
  readonly queued: number;
  readonly maintenance: boolean;
}

export interface SessionsOverview {
  /** Gateways that take players. */
  readonly doors: readonly DoorRow[];
  /** Gateways that did not answer. */
  readonly silent: readonly NodeId[];
}

/** A player at the door of one gateway: with a session, or waiting for one, or both when another login waits. */
export interface PlayerAt {
  readonly gateway: NodeId;
  readonly shard: number;
  /** Of the session, for the log. Undefined: the player has none. */
  readonly session: string | undefined;
  /** Since when the session is, wall clock. */
  readonly sinceMs: number | undefined;
  /** Since when the session waits for its player to come back. Undefined: there is a connection, or no session. */
  readonly lostSinceMs: number | undefined;
  /** The map node that the player is in. */
  readonly map: NodeId | undefined;
  /** In the queue, the first is 1. Undefined: the player does not wait. */
  readonly place: number | undefined;
}

export interface PlayerWhereabouts {
  /** Empty: not online. */
  readonly at: readonly PlayerAt[];
  /** Gateways that did not answer: the player may be there. */
  readonly silent: readonly NodeId[];
}

export interface KickRequest {
  readonly player: string;
  /** Undefined: wherever the player is. */
  readonly shard: number | undefined;
  /** Told to the player. */
  readonly detail: string;
}

export interface MaintenanceRequest {
  readonly isOn: boolean;
  /** Undefined: every shard. */
  readonly shard: number | undefined;
  /** Undefined: the one before stays. */
  readonly whiteList: readonly string[] | undefined;
}

export interface DoorsChange {
  /** Where something changed. */
  readonly gateways: readonly NodeId[];
  /** Gateways that did not answer: it may have been done there. */
  readonly silent: readonly NodeId[];
}
