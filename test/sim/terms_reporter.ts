/**
 * What the shards report in the terms simulation: each report is asked until it has a final answer, over restarts and
 * partitions, as a real reporter asks that has written it down; some are asked again afterwards.
 */

import type { ReportOutcome } from "#module/shard_activity.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Life } from "./sim_cluster.ts";
import { REPORTS_MAX, isRefused } from "./terms_kinds.ts";
import type { Listener, TermsWorld } from "./terms_world.ts";

const RETRY_MS = 700;
const CALL_MS = 2500;
const PLAYERS_PER_SHARD = 5;
/** Of reports that were answered. */
const AGAIN_SHARE = 0.2;

interface Report {
  readonly activity: string;
  readonly kind: string;
  readonly term: string;
  readonly shard: number;
  readonly player: string;
  readonly number: number;
}

export class TermsReporter {
  readonly #terms: TermsWorld;
  /** By term and player: reports that were begun. */
  readonly #counts = new Map<string, number>();
  readonly #joined = new Set<string>();
  #isRunning = true;

  constructor(terms: TermsWorld) {
    this.#terms = terms;
  }

  start(everyMs: number): void {
    const { world } = this.#terms.cluster;
    const again = (): void => {
      if (!this.#isRunning) return;
      this.#begin();
      world.after(this.#terms.random.unit() * 2 * everyMs, again);
    };
    again();
  }

  /** Begins nothing new, and asks for nothing again. */
  stop(): void {
    this.#isRunning = false;
  }

  /** One of a shard's players has done something in what is open there. */
  #begin(): void {
    const shard = this.#terms.pick(this.#terms.livingShards()) ?? 1;
    const life = this.#terms.awake(`center:${shard}`);
    const open = life?.node.node.replica.open() ?? [];
    const found = this.#terms.pick(open.filter(({ kind }) => kind === "contest" || kind === "sprint"));
    if (life === undefined || found === undefined) return;
    const { id: activity, kind, term } = found;
    const home = this.#terms.pick([shard, ...this.#mergedInto(shard)]) ?? shard;
    const player = `s${home}p${Math.floor(this.#terms.random.unit() * PLAYERS_PER_SHARD)}`;
    const key = `${term}/${player}`;
    const number = this.#counts.get(key) ?? 0;
    if (number >= REPORTS_MAX) return;
    this.#counts.set(key, number + 1);
    this.#terms.ledger.count("reports");
    this.#ask({ activity, kind, term, shard: home, player, number });
  }

  #mergedInto(shard: number): number[] {
    return this.#terms.facts.flatMap((one) => (one.mergedInto === shard ? [one.shard] : []));
  }

  #ask(report: Report): void {
    if (!this.#isRunning) return;
    const life = this.#terms.awake(`center:${this.#terms.homeOf(report.shard)}`);
    const listener = life === undefined ? undefined : this.#terms.listeners.get(life.name)?.get(report.kind);
    if (life === undefined || listener === undefined) return this.#later(report);
    let isAnswered = false;
    life.process.deliver(() => {
      this.#call(listener, report).then(
        (outcome) => {
          isAnswered = true;
          this.#heard(report, outcome);
        },
        (error: unknown) => {
          isAnswered = true;
          this.#failed(report, life, error);
        },
      );
    });
    life.process.onEnd(() => {
      if (!isAnswered) this.#later(report);
    });
  }

  async #call(listener: Listener, report: Report): Promise<ReportOutcome> {
    const { activity, term, player, number } = report;
    if (report.kind === "sprint" && !this.#joined.has(`${term}/${player}`)) {
      const joined = await listener.join({ activity, term, player }, { timeoutMs: CALL_MS });
      if (joined.kind !== "ok") return joined;
      this.#joined.add(`${term}/${player}`);
    }
    const body = { number };
    return await listener.report({ activity, term, player, key: `${player}:${number}`, body }, { timeoutMs: CALL_MS });
  }

  #heard(report: Report, outcome: ReportOutcome): void {
    const { ledger, book } = this.#terms;
    const { term, player, number, activity } = report;
    const what = `report ${number} of ${player} to ${activity} ${term}`;
    ledger.count(`report:${outcome.kind}`);
    switch (outcome.kind) {
      case "ok":
        if (!book.hasCounted(term, player, number)) ledger.violation(`${what} is answered ok and was not counted`);
        if (isRefused(number)) ledger.violation(`${what} is answered ok, its kind refuses it`);
        if (this.#terms.random.unit() < AGAIN_SHARE) this.#later(report);
        break;
      case "refused":
        if (!isRefused(number)) ledger.violation(`${what} is refused: ${outcome.detail}`);
        break;
      case "not_open":
        // Over, or of a node that has heard less than its reporter.
        if (outcome.phase === "scheduled" || outcome.phase === "preview") this.#later(report);
        break;
      case "no_group":
        break;
      case "not_found":
      case "overloaded":
        this.#later(report);
        break;
      case "not_joined":
      case "stopped":
      case "invalid":
        ledger.violation(`${what} is answered ${outcome.kind}: ${outcome.detail}`);
        break;
    }
  }

  #failed(report: Report, life: Life, error: unknown): void {
    if (!isCallError(error)) {
      this.#terms.ledger.violation(`${life.name} cannot report: ${String(error)}`);
      return;
    }
    this.#terms.ledger.count(`report:${error.code}`);
    this.#later(report);
  }

  #later(report: Report): void {
    if (!this.#isRunning) return;
    const { random, cluster } = this.#terms;
    cluster.world.after(RETRY_MS * (0.5 + random.unit()), () => this.#ask(report));
  }
}
