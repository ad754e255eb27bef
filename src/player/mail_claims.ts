/**
 * Takes what is in a mail into the bag of its player, once: the mail lies in the shard's center, the bag here. The key of
 * the change is the mail's; it is kept until the center has written down that the mail was claimed, and for
 * MAIL_KEY_KEPT_MS after that. So it does not matter which of the two dies when.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { Mail } from "#delivery/reward.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import { StoreError } from "#store/store.ts";
import { MAIL_KEY_KEPT_MS, settleKey, unsettledKeys } from "./ledger_table.ts";
import type { ClaimOutcome } from "./player_change.ts";
import type { PlayerData } from "./player_data.ts";

/** How often it is looked for claims that the center has not written down. */
export const SETTLE_MS = 30_000;
/** Looked at in one go. */
export const SETTLED_MAX = 100;
const MAIL_PREFIX = "mail:";
/** Of a center that is there. */
const REFUSALS: ReadonlySet<CallErrorCode> = new Set(["FAILED", "INVALID"]);

/** The center, as a claim needs it. Both reject with CallError. */
export interface MailBox {
  mail(player: string, id: string): Promise<Mail | undefined>;
  claimed(player: string, id: string): Promise<void>;
}

export interface MailClaimsOptions {
  readonly data: PlayerData;
  readonly mails: MailBox;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly log: Log;
}

export class MailClaims {
  readonly #options: MailClaimsOptions;
  #timer: Timer | undefined;
  #settling: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: MailClaimsOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(SETTLE_MS, () => {
      this.#settling = this.settleAll().finally(() => this.start());
    });
  }

  /** Resolves when nothing is being settled any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#settling;
  }

  /** Rejects with PlayerDataError, or with CallError when the center can't be asked: then nothing was taken. */
  async claim(player: string, id: string): Promise<ClaimOutcome> {
    const { data, mails, clusterMs } = this.#options;
    const before = await data.kept(player, MAIL_PREFIX + id);
    if (before !== undefined) {
      await this.#settle(player, id);
      return before.kind === "ok" ? { ...before, repeated: true } : before;
    }
    const mail = await mails.mail(player, id);
    if (mail === undefined) return { kind: "no_mail" };
    if (mail.expiresAtMs !== undefined && mail.expiresAtMs <= clusterMs()) return { kind: "expired" };
    const change = { key: id, reason: "mail", items: mail.items };
    const outcome = await data.change(player, change, { keyPrefix: MAIL_PREFIX, isKeptUntilSettled: true });
    if (outcome.kind === "ok") await this.#settle(player, id);
    return outcome;
  }

  /** Tells the center of claims that it may not know. Never rejects. */
  async settleAll(): Promise<void> {
    const { data, log } = this.#options;
    try {
      let after: { readonly player: string; readonly key: string } | undefined;
      while (!this.#isStopped) {
        const page = { after, limit: SETTLED_MAX };
        const keys = await data.commits.add((tx) => unsettledKeys(tx, page));
        for (const { player, key } of keys) {
          if (this.#isStopped) return;
          const settled = await this.#settle(player, key.slice(MAIL_PREFIX.length));
          // The center is not there: the others can wait as well. One that it refuses keeps nobody.
          if (settled === "not now") return;
        }
        after = keys.at(-1);
        if (keys.length < SETTLED_MAX) return;
      }
    } catch (error) {
      if (!this.#isStopped) log.warn("claims not settled", { error: messageOf(error) });
    }
  }

  async #settle(player: string, id: string): Promise<"settled" | "refused" | "not now"> {
    const { data, mails, clusterMs } = this.#options;
    try {
      await mails.claimed(player, id);
    } catch (error) {
      if (isCallError(error)) return REFUSALS.has(error.code) ? "refused" : "not now";
      throw error;
    }
    const of = { player, key: MAIL_PREFIX + id, expiresAtMs: clusterMs() + MAIL_KEY_KEPT_MS };
    try {
      await data.commits.add((tx) => settleKey(tx, of));
    } catch (error) {
      // What was taken is taken; the key stays for now.
      if (error instanceof StoreError) return "not now";
      throw error;
    }
    return "settled";
  }
}
