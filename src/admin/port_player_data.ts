/**
 * What the admin port answers about players' data, and what it asks for. Types, and how the ledger tells
 * what operators change by hand.
 */

import type { LedgerPage } from "#player/ledger_table.ts";
import type { ItemChange, ItemCount } from "#player/player_change.ts";
import type { PlayerView } from "#player/player_record.ts";
import type { KnownPlayer } from "#player/player_table.ts";
import type { NodeId } from "#wire/role.ts";
import { CHANGE_KEY_LENGTH_MAX } from "#player/player_change.ts";

/** Of every change that an operator makes by hand. */
export const ADMIN_REASON = "admin";
/** Keys of modules and of operators are not to meet. */
export const ADMIN_KEY_PREFIX = "admin:";
export const ADMIN_KEY_LENGTH_MAX = CHANGE_KEY_LENGTH_MAX - ADMIN_KEY_PREFIX.length;

export interface PlayerDataQuery {
  readonly player: string;
  /** Undefined: every shard that is reachable. */
  readonly shard: number | undefined;
}

/** A player as one shard has it. */
export interface PlayerDataRow extends KnownPlayer, Omit<PlayerView, "player"> {
  readonly shard: number;
}

/** A shard whose data nobody could tell. */
export interface UnreadableShard {
  readonly shard: number;
  readonly reason: string;
}

export interface PlayerDataFound {
  /** Of the shards that know the player, by number. */
  readonly data: readonly PlayerDataRow[];
  /** They may know the player too. */
  readonly unreadable: readonly UnreadableShard[];
}

export interface PlayerLedgerQuery {
  readonly player: string;
  /** Undefined: the only one that knows the player. */
  readonly shard: number | undefined;
  readonly before: number | undefined;
  readonly limit: number;
}

export interface PlayerLedger extends LedgerPage {
  readonly shard: number;
}

export interface PlayerChangeRequest {
  readonly player: string;
  readonly shard: number;
  /** Of this change: the same again does nothing. */
  readonly key: string;
  readonly items: readonly ItemChange[];
  readonly profile: Readonly<Record<string, unknown>> | undefined;
  readonly capacity: number | undefined;
  readonly ifVersion: number | undefined;
}

export interface PlayerChanged {
  readonly shard: number;
  /** The user node that has made it. */
  readonly node: NodeId;
  readonly version: number;
  readonly items: readonly ItemCount[];
  readonly made: readonly { readonly id: string; readonly item: string }[];
}
