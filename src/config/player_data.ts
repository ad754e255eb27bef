/**
 * The table `[player_data]` of the cluster file: how long the `user` nodes keep what they do not need to serve players.
 */

import * as v from "valibot";
import { CHANGE_KEY_KEPT_MS, LEDGER_KEPT_MS } from "#player/ledger_table.ts";
import type { PlayerDataConfig } from "./types.ts";

const DAY_MS = 24 * 3_600_000;
const LEDGER_DAYS_MAX = 3_650;
const KEY_DAYS_MAX = 365;

export const playerDataTable = v.object({
  ledger_days: days(LEDGER_KEPT_MS, LEDGER_DAYS_MAX),
  key_days: days(CHANGE_KEY_KEPT_MS, KEY_DAYS_MAX),
});
export type RawPlayerData = v.InferOutput<typeof playerDataTable>;

/** Without the table as with an empty one. */
export function playerDataConfig(raw: RawPlayerData | undefined): PlayerDataConfig {
  const { ledger_days: ledger, key_days: key } = raw ?? v.parse(playerDataTable, {});
  return { ledgerKeptMs: ledger * DAY_MS, keyKeptMs: key * DAY_MS };
}

function days(normalMs: number, most: number) {
  const wanted = `a whole number of days from 1 to ${most}`;
  return v.optional(
    v.pipe(v.number(wanted), v.integer(wanted), v.minValue(1, wanted), v.maxValue(most, wanted)),
    normalMs / DAY_MS,
  );
}
