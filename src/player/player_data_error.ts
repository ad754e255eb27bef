/**
 * Why a player's data could not be used. Nothing was saved then.
 */

import type { StoreError } from "#store/store.ts";

export type PlayerDataErrorCode =
  /** It was not there in time. */
  | "deadline"
  /** Other nodes take the player over again and again. */
  | "fenced"
  | "overloaded"
  /** The node is stopping. */
  | "closed"
  /** This node may not use the data that it has found. */
  | "refused"
  /** The disk, or the database on it. */
  | "store";

export class PlayerDataError extends Error {
  override readonly name = "PlayerDataError";
  readonly code: PlayerDataErrorCode;

  constructor(code: PlayerDataErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  static of(error: StoreError): PlayerDataError {
    const code = error.code === "overloaded" || error.code === "closed" ? error.code : "store";
    return new PlayerDataError(code, error.message, error);
  }
}
