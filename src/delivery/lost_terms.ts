/**
 * Compares what an owner's outbox says was acknowledged with what a shard's center says that it has got, and makes
 * pending again what the center has lost: it was restored from an older backup, or a merge left its inbox behind. Runs
 * within a lane's turn, so that nothing is on its way to that center meanwhile.
 */

import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import { Slices } from "#base/slices.ts";
import type { Caller } from "#rpc/caller.ts";
import type { Store } from "#store/store.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { judgeTerm, termName } from "./comparison.ts";
import { DeliveryContract, TERMS_ASKED_MAX } from "./delivery_contract.ts";
import { acknowledgedTerms, isKept, sendAgain } from "./outbox_again.ts";
import type { TermCounts } from "./outbox_terms.ts";
import { readTerm } from "./outbox_terms.ts";

const COMPARE_TIMEOUT_MS = 10_000;
/** Terms that one comparison names when they differ. */
const NAMED_MAX = 16;

export interface Compared {
  /** Terms that can't be judged yet. */
  readonly later: number;
  /** Terms that were made pending again. */
  readonly lost: number;
  /** Names of terms that differ although all of them was sent again. */
  readonly differing: readonly string[];
}

export interface LostTermsOptions {
  readonly owner: NodeId;
  readonly store: Store;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly digest: Digest;
  readonly log: Log;
  readonly counters: Counters;
  readonly caller: Pick<Caller, "call">;
}

export class LostTerms {
  readonly #options: LostTermsOptions;
  /** By home: what was sent again to this process of its center. */
  readonly #sentAgain = new Map<number, { readonly boot: string; readonly terms: Set<string> }>();

  constructor(options: LostTermsOptions) {
    this.#options = options;
  }

  /** Throws CallError or StoreError. */
  async compare(of: {
    readonly home: number;
    readonly center: { readonly key: NodeKey; readonly boot: string };
    readonly shards: readonly number[];
  }): Promise<Compared> {
    const { store, owner } = this.#options;
    const found = { later: 0, lost: 0, differing: [] as string[] };
    for (const shard of of.shards) {
      let after = { activity: "", term: "" };
      for (;;) {
        const page = { shard, after, limit: TERMS_ASKED_MAX };
        const terms = await store.transaction((tx) => acknowledgedTerms(tx, owner, page));
        const last = terms.at(-1);
        if (last === undefined) break;
        await this.#comparePage(terms, of, found);
        if (terms.length < TERMS_ASKED_MAX) break;
        after = last;
      }
    }
    return found;
  }

  async #comparePage(
    page: readonly TermCounts[],
    { home, center }: { readonly home: number; readonly center: { readonly key: NodeKey; readonly boot: string } },
    found: { later: number; lost: number; differing: string[] },
  ): Promise<void> {
    const { caller, clusterMs } = this.#options;
    const nowMs = clusterMs();
    const kept = page.filter((term) => isKept(term, nowMs));
    if (kept.length === 0) return;
    const request = { terms: kept.map(({ shard, activity, term }) => ({ shard, activity, term })) };
    const options = { to: { key: center.key }, timeoutMs: COMPARE_TIMEOUT_MS };
    const { terms: words } = await caller.call(DeliveryContract.compare, request, options);
    const before = this.#sentAgain.get(home);
    const sentAgain = before?.boot === center.boot ? before : { boot: center.boot, terms: new Set<string>() };
    this.#sentAgain.set(home, sentAgain);
    for (const [index, counts] of kept.entries()) {
      const word = words[index] ?? { applied: 0, keySum: "" };
      const name = termName(counts);
      switch (judgeTerm(counts, word, sentAgain.terms.has(name))) {
        case "equal":
        case "more":
          break;
        case "later":
          found.later += 1;
          break;
        case "differs":
          if (found.differing.length < NAMED_MAX) found.differing.push(name);
          break;
        case "lost":
          found.lost += 1;
          if (await this.#sendAgain(counts, word.applied)) sentAgain.terms.add(name);
          break;
      }
    }
  }

  /** False: what was judged has changed meanwhile, and is to be judged anew. */
  async #sendAgain(judged: TermCounts, applied: number): Promise<boolean> {
    const { store, owner, clock, digest, clusterMs, log, counters } = this.#options;
    const slices = new Slices(clock);
    const { shard, activity, term } = judged;
    let count = 0;
    for (;;) {
      const isFirst = count === 0;
      const changed = await store.transaction(async (tx) => {
        const now = await readTerm(tx, owner, judged);
        if (isFirst && (now.pending > 0 || now.keySum !== judged.keySum)) return undefined;
        return sendAgain(tx, owner, { filter: { activity, term, shard }, atMs: clusterMs(), digest });
      });
      if (changed === undefined) return false;
      if (changed === 0) break;
      count += changed;
      await slices.pause();
    }
    counters.add("delivery.sent_again", count);
    log.warn("rewards are sent again to a shard that lacks some", {
      shard,
      activity,
      term,
      acknowledged: judged.acknowledged,
      applied,
    });
    return true;
  }
}
