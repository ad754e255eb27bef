/**
 * What an owner answers about its outbox: to shards that want to forget, and to operators who look, replay and release.
 * A replay can double nothing, and a release gives only what is held a mail. Work on many rewards goes in transactions
 * of a bounded size, so that one request never stands in the way of the others.
 */

import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import { Slices } from "#base/slices.ts";
import type { AnswerOf, HeardRequestOf } from "#rpc/contract.ts";
import type { Store, Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { DeliveryContract } from "./delivery_contract.ts";
import { DELIVERIES_MAX, REPLAYED_MAX } from "./delivery_contract.ts";
import type { Lane } from "./lane.ts";
import type { RewardFilter } from "./outbox_again.ts";
import { countRewards, isKept, releaseHeld, sendAgain } from "./outbox_again.ts";
import { readHeld, readStanding, readTerms, termByShard } from "./outbox_overview.ts";
import type { TermCounts, TermOfShard } from "./outbox_terms.ts";
import { readTerm } from "./outbox_terms.ts";
import { checkMail } from "./reward.ts";
import type { Sender } from "./sender.ts";

type Deliveries = AnswerOf<typeof DeliveryContract.deliveries>;
type Changed = AnswerOf<typeof DeliveryContract.resend>;

export interface DeliveryDeskOptions {
  readonly owner: NodeId;
  readonly store: Store;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly digest: Digest;
  readonly sender: Pick<Sender, "lane" | "homeOf" | "wake">;
  /** Default: REPLAYED_MAX. */
  readonly replayedMax?: number;
}

export class DeliveryDesk {
  readonly #options: DeliveryDeskOptions;

  constructor(options: DeliveryDeskOptions) {
    this.#options = options;
  }

  /** Which of these terms the outbox still knows. */
  async kept(terms: readonly TermOfShard[]): Promise<{ kept: boolean[] }> {
    const { store, owner } = this.#options;
    return store.transaction(async (tx) => {
      const kept: boolean[] = [];
      for (const of of terms) {
        const { pending, held, acknowledged } = await readTerm(tx, owner, of);
        kept.push(pending + held + acknowledged > 0);
      }
      return { kept };
    });
  }

  async deliveries(filter: HeardRequestOf<typeof DeliveryContract.deliveries>): Promise<Deliveries> {
    const { store, owner } = this.#options;
    return store.transaction(async (tx) => {
      const { pending, held, pendingSinceMs } = await readStanding(tx, owner);
      const terms = await readTerms(tx, owner, { filter, limit: DELIVERIES_MAX + 1 });
      const heldRewards = filter.state === "held" ? await readHeld(tx, owner, { filter, limit: DELIVERIES_MAX }) : [];
      return {
        pending,
        held,
        pendingSinceMs,
        more: terms.length > DELIVERIES_MAX,
        deliveries: terms.slice(0, DELIVERIES_MAX).map((term) => this.#delivery(term)),
        heldRewards: [...heldRewards],
      };
    });
  }

  /** Acknowledged rewards are sent once more; what was forgotten in part is left alone. */
  async resend(request: HeardRequestOf<typeof DeliveryContract.resend>): Promise<Changed> {
    const { owner, clusterMs, digest } = this.#options;
    const { dryRun = false, ackedUntilMs = Math.trunc(clusterMs()), ...filter } = request;
    const { activity, term } = filter;
    const terms = await this.#byShard(activity, term);
    const wanted = terms.filter(({ shard }) => filter.shard === undefined || filter.shard === shard);
    if (wanted.length === 0) return noSuchTerm(activity, term);
    const shards = wanted.filter((of) => isKept(of, clusterMs())).map(({ shard }) => shard);
    return this.#inTurns({
      ackedUntilMs,
      filters: shards.map((shard) => ({ ...filter, shard, ackedUntilMs })),
      dryRun,
      count: (tx, one) => countRewards(tx, owner, { filter: one, state: "acknowledged" }),
      change: (tx, one) => sendAgain(tx, owner, { filter: one, atMs: clusterMs(), digest }),
    });
  }

  /** All of them: a cluster has a bounded number of shards. */
  async #byShard(activity: string, term: string): Promise<readonly TermCounts[]> {
    const { store, owner } = this.#options;
    const found: TermCounts[] = [];
    for (;;) {
      const page = { activity, term, after: found.at(-1)?.shard ?? 0, limit: DELIVERIES_MAX };
      const some = await store.transaction((tx) => termByShard(tx, owner, page));
      found.push(...some);
      if (some.length < DELIVERIES_MAX) return found;
    }
  }

  async release(request: HeardRequestOf<typeof DeliveryContract.release>): Promise<Changed> {
    const { owner, store, clusterMs } = this.#options;
    const { dryRun = false, mail, ...filter } = request;
    const { activity, term } = filter;
    const checked = checkMail(mail);
    if (checked.kind === "bad") return { kind: "conflict", detail: checked.detail, allowed: [] };
    const terms = await store.transaction((tx) => readTerms(tx, owner, { filter: { activity, term }, limit: 1 }));
    if (terms.length === 0) return noSuchTerm(activity, term);
    return this.#inTurns({
      filters: [filter],
      dryRun,
      count: (tx, one) => countRewards(tx, owner, { filter: one, state: "held" }),
      change: (tx, one) => releaseHeld(tx, owner, { filter: one, mail: checked.bytes, atMs: clusterMs() }),
    });
  }

  /** Up to REPLAYED_MAX rewards, a bounded number per transaction. */
  async #inTurns(work: {
    readonly filters: readonly RewardFilter[];
    readonly ackedUntilMs?: number;
    readonly dryRun: boolean;
    readonly count: (tx: Tx, filter: RewardFilter) => Promise<number>;
    readonly change: (tx: Tx, filter: RewardFilter) => Promise<number>;
  }): Promise<Changed> {
    const { store, sender, clock, replayedMax = REPLAYED_MAX } = this.#options;
    const slices = new Slices(clock);
    let count = 0;
    for (const filter of work.filters) {
      if (work.dryRun) {
        count += await store.transaction((tx) => work.count(tx, filter));
        await slices.pause();
        continue;
      }
      while (count < replayedMax) {
        const changed = await store.transaction((tx) => work.change(tx, filter));
        count += changed;
        await slices.pause();
        if (changed === 0) break;
      }
    }
    if (count > 0 && !work.dryRun) sender.wake();
    const { ackedUntilMs } = work;
    return { kind: "ok", count, more: !work.dryRun && count >= replayedMax, ackedUntilMs };
  }

  #delivery(term: TermCounts): Deliveries["deliveries"][number] {
    const { sender } = this.#options;
    const home = sender.homeOf(term.shard);
    const lane = sender.lane(home);
    const { keySum: _, conflictedAtMs: _at, ...counts } = term;
    return {
      ...counts,
      home,
      lane: lane.state.kind,
      attempt: lane.attempt,
      retryAtMs: this.#retryAtMs(lane),
      why: term.pending === 0 ? undefined : whyPending(lane, home),
    };
  }

  /** Of the calendar, as the time of a lane is that of the process. */
  #retryAtMs({ state }: Lane): number | undefined {
    if (state.kind !== "backing_off") return undefined;
    const { clock, clusterMs } = this.#options;
    return Math.round(clusterMs() + state.untilMs - clock.nowMs());
  }
}

function whyPending({ state, lastError }: Lane, home: number): string {
  if (state.kind === "unreachable") return `the center of shard ${home} is not reachable`;
  return lastError ?? "it is being sent";
}

function noSuchTerm(activity: string, term: string): Changed {
  return { kind: "not_found", detail: `there are no rewards of term ${term} of activity "${activity}"` };
}
