/**
 * The inbox of a shard's center, as what it serves: takes rewards, says what it has of which term, shows mails, and
 * forgets what nobody can send any more. Decides nothing about rewards itself.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import { Slices } from "#base/slices.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId, parseNodeId } from "#wire/role.ts";
import { DeliveryContract, TERMS_ASKED_MAX } from "./delivery_contract.ts";
import type { AppliedTerm } from "./inbox_table.ts";
import { appliedTerm, applyRewards, FORGOTTEN_ROWS_MAX, forgetTerm, oldTerms, owners } from "./inbox_table.ts";
import { KEY_SUM_NONE } from "./key_sum.ts";
import { EXPIRED_KEPT_MS, forgetExpired, mailById, mailsOf, markClaimed } from "./mail_table.ts";

export const INBOX_SWEEP_MS = 3_600_000;
/** Batches of mails that one sweep forgets, and TERMS_ASKED_MAX terms of each owner; the rest is the next one's. */
export const SWEPT_MAX = 500;
const KEPT_TIMEOUT_MS = 5_000;

export interface InboxOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The cluster's wall clock. */
  readonly clusterMs: () => number;
  readonly digest: Digest;
  readonly log: Log;
  readonly counters: Counters;
  readonly endpoint: Pick<Endpoint, "server" | "caller">;
}

export class Inbox {
  readonly #options: InboxOptions;
  #timer: Timer | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(options: InboxOptions) {
    this.#options = options;
    const { store, clusterMs, digest, counters } = options;
    const { server } = options.endpoint;
    server.serve(DeliveryContract.deliver, async ({ rows }, { source }) => {
      const atMs = clusterMs();
      const done = await store.transaction((tx) => applyRewards(tx, { owner: source, rows, atMs, digest }));
      counters.add("delivery.applied", done.applied);
      counters.add("delivery.known", done.acknowledged.length - done.applied);
      counters.add("delivery.refused", done.refused.length);
      return { acknowledged: [...done.acknowledged], refused: [...done.refused], applied: done.applied };
    });
    server.serve(DeliveryContract.compare, async ({ terms }) => {
      const words = await store.transaction(async (tx) => {
        const found = [];
        for (const of of terms) {
          const { applied, keySum } = (await appliedTerm(tx, of)) ?? { applied: 0, keySum: KEY_SUM_NONE };
          found.push({ applied, keySum });
        }
        return found;
      });
      return { terms: words };
    });
    server.serve(DeliveryContract.mails, async (query) => {
      const { mails, next } = await store.transaction((tx) => mailsOf(tx, query));
      return { mails: mails.map((mail) => ({ ...mail, items: [...mail.items] })), next };
    });
    server.serve(DeliveryContract.mail, async (of) => {
      const mail = await store.transaction((tx) => mailById(tx, of));
      return { mail: mail === undefined ? undefined : { ...mail, items: [...mail.items] } };
    });
    server.serve(DeliveryContract.claimed, async (of) => {
      await store.transaction((tx) => markClaimed(tx, { ...of, atMs: clusterMs() }));
      counters.add("delivery.claimed");
      return {};
    });
  }

  start(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(INBOX_SWEEP_MS, () => {
      this.#sweeping = this.sweep();
      this.start();
    });
  }

  /** Resolves when nothing is being forgotten any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#sweeping;
  }

  /** Forgets old keys whose owners have forgotten them, and mails that have expired. Never rejects for the store. */
  async sweep(): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#forgetMails();
      await this.#forgetTerms();
    } catch (error) {
      if (!(error instanceof StoreError) && !isCallError(error)) throw error;
      if (!this.#isStopped) log.warn("inbox not swept", { error: messageOf(error) });
    }
  }

  async #forgetMails(): Promise<void> {
    const { store, clock, clusterMs } = this.#options;
    const slices = new Slices(clock);
    for (let batch = 0; batch < SWEPT_MAX && !this.#isStopped; batch += 1) {
      const beforeMs = clusterMs() - EXPIRED_KEPT_MS;
      const count = await store.transaction((tx) => forgetExpired(tx, { beforeMs, limit: FORGOTTEN_ROWS_MAX }));
      if (count < FORGOTTEN_ROWS_MAX) return;
      await slices.pause();
    }
  }

  async #forgetTerms(): Promise<void> {
    const { store, clock, clusterMs } = this.#options;
    const slices = new Slices(clock);
    for (const owner of await store.transaction(owners)) {
      const query = { owner, nowMs: clusterMs(), limit: TERMS_ASKED_MAX };
      const terms = await store.transaction((tx) => oldTerms(tx, query));
      for (const term of await this.#forgottenBy(owner, terms)) {
        for (let more = true; more && !this.#isStopped;) {
          more = await store.transaction((tx) => forgetTerm(tx, term));
          await slices.pause();
        }
      }
    }
  }

  /** Those that their owner says it does not have. One that can't be asked keeps all of them. */
  async #forgottenBy(owner: string, terms: readonly AppliedTerm[]): Promise<readonly AppliedTerm[]> {
    if (terms.length === 0 || parseNodeId(owner) === undefined) return [];
    const request = { terms: terms.map(({ shard, activity, term }) => ({ shard, activity, term })) };
    try {
      const options = { to: { key: keyOfId(owner as NodeId) }, timeoutMs: KEPT_TIMEOUT_MS };
      const { kept } = await this.#options.endpoint.caller.call(DeliveryContract.kept, request, options);
      return terms.filter((_, index) => kept[index] === false);
    } catch (error) {
      if (!isCallError(error)) throw error;
      return [];
    }
  }
}
