/**
 * What is durable of the terms of all owners, in the order in which it was committed, judged as it is written down:
 * phases in order and once, groups that stay, settlements that stay, rewards with how far they were issued, scores in
 * which every report counts once.
 */

import type { ActivityContent } from "#activity/content.ts";
import { TERM_PHASES } from "#activity/term.ts";
import type { HistoryEntry } from "#activity/term.ts";
import type { Ledger } from "./ledger.ts";
import { SCORE_BASE } from "./terms_kinds.ts";

/** A term, whatever became of it. */
export interface BookTerm {
  readonly activity: string;
  readonly kind: string;
  readonly term: string;
  /** As JSON. */
  readonly groups: string;
  phases: readonly HistoryEntry["phase"][];
  /** By player: the sum of the points of its reports. */
  readonly scores: Map<string, number>;
}

export interface BookSettlement {
  readonly activity: string;
  readonly term: string;
  readonly group: string;
  readonly ranking: string;
  readonly digest: string;
  readonly entries: number;
  rewarded: number;
  /** In the order of the ranking: who, and which shard is its home. */
  readonly places: readonly { readonly player: string; readonly score: number; readonly shard: number }[];
}

export class TermBook {
  readonly terms = new Map<string, BookTerm>();
  readonly settlements = new Map<string, BookSettlement>();
  /** "topic epoch.revision.hash" */
  readonly versions = new Set<string>();
  readonly #last = new Map<string, ActivityContent | undefined>();
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Undefined: a tombstone. True when a term has begun. */
  commits(topic: string, version: string, content: ActivityContent | undefined): boolean {
    this.versions.add(`${topic} ${version}`);
    const before = this.#last.get(topic);
    this.#last.set(topic, content);
    const term = content?.term;
    if (content === undefined || term === undefined) return false;
    const phases = content.history.flatMap((entry) => (entry.term === term.id ? [entry.phase] : []));
    const known = this.terms.get(term.id);
    if (known !== undefined) {
      this.#goesOn(known, { topic, content, phases, before });
      return false;
    }
    if (before?.term !== undefined && before.phase !== "closed" && before.phase !== "cancelled") {
      this.#wrong(`${topic} begins term ${term.id} while ${before.term.id} is in ${before.phase}`);
    }
    if (phases.length !== 1) this.#wrong(`${topic} begins term ${term.id} with the phases ${phases.join(" ")}`);
    if (content.termCount <= (before?.termCount ?? 0)) {
      this.#wrong(`${topic} begins term number ${content.termCount} after ${before?.termCount ?? 0}`);
    }
    const { id, kind } = content;
    const groups = JSON.stringify(term.groups ?? null);
    this.terms.set(term.id, { activity: id, kind, term: term.id, groups, phases, scores: new Map() });
    this.#ledger.count("terms");
    return true;
  }

  /** What the hooks of a term have left in the same commit as its phases. */
  leaves(activity: string, term: string, entered: readonly string[]): void {
    const known = this.terms.get(term);
    const phases = known?.phases ?? [];
    if (entered.join() === phases.join()) return;
    this.#wrong(`hooks of ${activity} ${term} have entered ${entered.join(" ")}, its phases are ${phases.join(" ")}`);
  }

  /** All players of a term with their scores, and how many reports the state has counted. */
  scores(term: string, scores: ReadonlyMap<string, number>, taken: number): void {
    const known = this.terms.get(term);
    if (known === undefined) return;
    let counted = 0;
    for (const [player, score] of scores) {
      const digits = digitsOf(score);
      counted += digits.reduce((sum, digit) => sum + digit, 0);
      if (digits.some((digit) => digit > 1)) {
        this.#wrong(`a report of ${player} counts more than once in term ${term}: ${digits.join(" ")}`);
      }
      const before = digitsOf(known.scores.get(player) ?? 0);
      if (before.some((digit, index) => digit > (digits[index] ?? 0))) {
        this.#wrong(`${player} has lost a report in term ${term}: ${digits.join(" ")} after ${before.join(" ")}`);
      }
      known.scores.set(player, score);
    }
    for (const player of known.scores.keys()) {
      if (!scores.has(player)) this.#wrong(`${player} has gone from the ranking of term ${term}`);
    }
    if (counted !== taken) this.#wrong(`term ${term} has counted ${taken} reports, its ranking has ${counted}`);
  }

  /** True: this report is in the ranking, for good. */
  hasCounted(term: string, player: string, number: number): boolean {
    return digitsOf(this.terms.get(term)?.scores.get(player) ?? 0)[number] === 1;
  }

  /** A settlement that is new in the book takes `places`; one that is known has to be the same. */
  settles(found: Omit<BookSettlement, "places">, places: () => BookSettlement["places"]): void {
    const { term, group, ranking, digest, entries, rewarded } = found;
    const key = `${term}/${group}/${ranking}`;
    const known = this.settlements.get(key);
    if (known === undefined) {
      const made: BookSettlement = { ...found, places: places() };
      this.settlements.set(key, made);
      this.#ledger.count("settlements");
      if (made.places.length !== entries)
        this.#wrong(`${key} is settled with ${entries} entries, it has ${made.places.length}`);
      return;
    }
    if (known.digest !== digest || known.entries !== entries) this.#wrong(`the settlement of ${key} has changed`);
    if (rewarded < known.rewarded) this.#wrong(`${key} was rewarded up to ${known.rewarded}, now to ${rewarded}`);
    known.rewarded = rewarded;
  }

  /** Rewards of a ranking in the outbox, one per place. */
  issues(key: string, count: number): void {
    const known = this.settlements.get(key);
    if (known?.rewarded !== count)
      this.#wrong(`${key} is rewarded up to ${known?.rewarded ?? 0}, its outbox has ${count}`);
  }

  #goesOn(
    known: BookTerm,
    now: {
      readonly topic: string;
      readonly content: ActivityContent;
      readonly phases: BookTerm["phases"];
      readonly before: ActivityContent | undefined;
    },
  ): void {
    const { topic, content, phases } = now;
    const groups = JSON.stringify(content.term?.groups ?? null);
    if (known.activity !== content.id) this.#wrong(`${topic} has the term ${known.term} of ${known.activity}`);
    if (groups !== known.groups)
      this.#wrong(`the groups of ${topic} ${known.term} were ${known.groups}, are ${groups}`);
    const added = phases.slice(known.phases.length);
    if (phases.slice(0, known.phases.length).join() !== known.phases.join() || added.length > 1) {
      this.#wrong(`${topic} ${known.term} went from ${known.phases.join(" ")} to ${phases.join(" ")}`);
    }
    const [from, to] = [known.phases.at(-1), added[0]];
    if (from !== undefined && to !== undefined && !isLegal(content, from, to)) {
      this.#wrong(`${topic} ${known.term} went from ${from} to ${to}`);
    }
    if (to !== undefined) this.#ledger.count(`entered:${to}`);
    known.phases = phases;
  }

  #wrong(text: string): void {
    this.#ledger.violation(text);
  }
}

/** Nothing that follows `open` is left out; what comes before it may be. */
function isLegal({ phases }: ActivityContent, from: HistoryEntry["phase"], to: HistoryEntry["phase"]): boolean {
  if (from === "cancelled") return false;
  if (to === "cancelled") return ["preview", "signup", "open", "settling"].includes(from);
  const isBefore = TERM_PHASES.indexOf(from) < TERM_PHASES.indexOf("open");
  if (isBefore) return TERM_PHASES.indexOf(to) > TERM_PHASES.indexOf(from) && to !== "closed";
  return phases[phases.indexOf(from) + 1] === to;
}

function digitsOf(score: number): number[] {
  const digits: number[] = [];
  for (let left = score; left > 0; left = Math.floor(left / SCORE_BASE)) digits.push(left % SCORE_BASE);
  return digits;
}
