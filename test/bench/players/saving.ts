/**
 * What the run asks of the processes that save changes of bags, and what those answer.
 */

import type { Times } from "./load.ts";

/** Of PlayerData: so many changes at once, each begun when another one is saved. */
export interface SaveQuestion {
  readonly inFlight: number;
  readonly durationMs: number;
}

export interface Saved extends Times {
  /** How many changes each transaction had. */
  readonly batches: { readonly least: number; readonly median: number; readonly most: number };
}

/** Of the bare one: so many changes, `batch` of them in each transaction. */
export interface BareQuestion {
  readonly batch: number;
  readonly count: number;
}

export interface BareSaved {
  readonly elapsedMs: number;
}

/** A multiple of IN_FLIGHT_MANY: changes that are in flight are of different players. */
export const PLAYERS_ALONE = 1_024;
export const IN_FLIGHT_MANY = 256;
export const PLAYERS_THROUGH = 1_000;
