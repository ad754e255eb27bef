/**
 * What modules may ask of their shard's players' data: reading, changing, the ledger, and mails. How it is answered is in
 * player_desk.ts.
 */

import type { MailRecord } from "#delivery/mail_table.ts";
import type { LedgerPage } from "#player/ledger_table.ts";
import type { ChangeOutcome, ClaimOutcome, PlayerChange } from "#player/player_change.ts";
import type { PlayerView } from "#player/player_record.ts";

export interface MailList {
  /** Oldest first. */
  readonly mails: readonly MailRecord[];
  /** Give it as `after` for the next page; undefined at the end. */
  readonly next: string | undefined;
}

/** All reject with CallError: then nothing was changed, or it is not known and may be asked again with the same key. */
export interface PlayerAccess {
  read(player: string): Promise<PlayerView>;
  /** Throws TypeError for what can't be a change. `ok` means that it is on the disk. */
  change(player: string, change: PlayerChange): Promise<ChangeOutcome>;
  /** What has changed, the newest first. `limit`: at most LEDGER_PAGE_MAX, which it is if not given. */
  ledger(player: string, query?: { readonly before?: number; readonly limit?: number }): Promise<LedgerPage>;
  /** What rewards have brought, from the shard's center. */
  mails(player: string, query?: { readonly after?: string; readonly limit?: number }): Promise<MailList>;
  /** Takes what is in a mail into the bag; once, however often it is asked. */
  claimMail(player: string, mail: string): Promise<ClaimOutcome>;
}
