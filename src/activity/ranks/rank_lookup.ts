/**
 * Questions about the rankings of an owner's current terms: where one subject stands, who is at which places. Answered
 * from memory; of a term that is not in memory the rankings are read first, in a turn of the owner's queue.
 */

import type { Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import { messageOf } from "#base/log.ts";
import { StoreError } from "#store/store.ts";
import type { ActivityContent } from "../content.ts";
import type { ActivityKinds } from "../outcome.ts";
import type { OwnedTopics } from "../owned_topics.ts";
import type { Ranking } from "./ranking.ts";
import { isSettled } from "./settlement.ts";
import { readSettled } from "./settlement_table.ts";
import type { TermBoard } from "./term_board.ts";
import { groupOf, groupsOf } from "../groups/term_groups.ts";
import type { TermRanks } from "./term_ranks.ts";

/** Places that one question may ask for. */
export const PLACES_MAX = 100;

export interface RankQuestion {
  readonly activity: string;
  readonly ranking: string;
  /** Undefined: the group of `shard`, or the only one. */
  readonly group?: string | undefined;
  /** The shard that asks; 0: none. */
  readonly shard: number;
}

export interface PlacedEntry {
  readonly place: number;
  readonly subject: string;
  readonly score: number;
  readonly atMs: number;
  readonly shard: number;
}

export type RankRefusal =
  | { readonly kind: "not_found"; readonly detail: string }
  | { readonly kind: "no_group"; readonly detail: string }
  | {
      readonly kind: "invalid";
      readonly detail: string;
      readonly issues: readonly { readonly path: string; readonly message: string }[];
    };

export type StandingOutcome =
  | { readonly kind: "ok"; readonly group: string; readonly count: number; readonly standing: PlacedEntry | undefined }
  | RankRefusal;

export type TopOutcome =
  | {
      readonly kind: "ok";
      readonly term: string;
      readonly group: string;
      readonly groups: readonly string[];
      readonly count: number;
      /** What it was frozen as, hex; undefined while it may change. */
      readonly settled: string | undefined;
      readonly places: readonly PlacedEntry[];
    }
  | RankRefusal;

interface Found {
  readonly kind: "found";
  readonly content: ActivityContent;
  readonly board: TermBoard;
  readonly group: string;
  readonly ranking: Ranking;
}

interface Loaded {
  readonly kind: "loaded";
  readonly content: ActivityContent;
  readonly board: TermBoard;
}

export interface RankLookupOptions {
  readonly owner: NodeId;
  readonly topics: OwnedTopics;
  readonly ranks: TermRanks;
  readonly kinds: ActivityKinds;
  /** One turn of the owner's queue. */
  readonly change: <T>(work: () => Promise<T>) => Promise<T>;
  /** Why there is no such activity. */
  readonly missing: (id: string) => string;
}

export class RankLookup {
  readonly #options: RankLookupOptions;
  /** Rankings that are being read, by activity. */
  readonly #loading = new Map<string, Promise<Loaded | RankRefusal>>();
  /** Of settled terms, by group and ranking: these do not change, and are read once. */
  readonly #digests = new WeakMap<TermBoard, Promise<ReadonlyMap<string, string>>>();

  constructor(options: RankLookupOptions) {
    this.#options = options;
  }

  /** Rejects with StoreError. */
  standing(question: RankQuestion & { readonly subject: string }): StandingOutcome | Promise<StandingOutcome> {
    return this.#ask(question, (found) => standingIn(found, question.subject));
  }

  /** Rejects with StoreError. */
  async top(question: RankQuestion & { readonly offset: number; readonly count: number }): Promise<TopOutcome> {
    const { offset, count } = question;
    const answer = await this.#ask(question, (found) => found);
    if (answer.kind !== "found") return answer;
    const { content, board, group, ranking } = answer;
    const places = ranking.slice(offset, Math.min(count, PLACES_MAX)).map((entry, index): PlacedEntry => {
      const { subject, score, atMs, shard } = entry;
      return { place: offset + index + 1, subject, score, atMs, shard };
    });
    const groups = groupsOf(content).map(({ name }) => name);
    const digests = isSettled(content) ? await this.#settled(board) : undefined;
    const settled = digests?.get(`${group}/${question.ranking}`);
    return { kind: "ok", term: board.term, group, groups, count: ranking.size, settled, places };
  }

  #ask<T>(question: RankQuestion, answer: (found: Found) => T): T | RankRefusal | Promise<T | RankRefusal> {
    const { topics, ranks, kinds, missing } = this.#options;
    const live = topics.get(question.activity);
    if (live?.kind !== "live") return { kind: "not_found", detail: missing(question.activity) };
    const { content } = live;
    const refused = refusalOf(question, content, kinds);
    if (refused !== undefined) return refused;
    const board = ranks.held(content);
    if (board !== undefined) return answer(foundIn(question, content, board));
    return this.#read(question, answer);
  }

  async #read<T>(question: RankQuestion, answer: (found: Found) => T): Promise<T | RankRefusal> {
    const { kinds } = this.#options;
    try {
      const loaded = await this.#load(question.activity);
      if (loaded.kind !== "loaded") return loaded;
      const { content, board } = loaded;
      return refusalOf(question, content, kinds) ?? answer(foundIn(question, content, board));
    } catch (error) {
      if (error instanceof StoreError) throw error;
      return { kind: "not_found", detail: `its kind cannot order the ranking: ${messageOf(error)}` };
    }
  }

  /** One turn for all who ask meanwhile: a cluster that asks after a restart would fill the owner's line. */
  #load(activity: string): Promise<Loaded | RankRefusal> {
    const { topics, ranks, change, missing } = this.#options;
    const known = this.#loading.get(activity);
    if (known !== undefined) return known;
    const loading = change(async (): Promise<Loaded | RankRefusal> => {
      const live = topics.get(activity);
      if (live?.kind !== "live") return { kind: "not_found", detail: missing(activity) };
      const { content } = live;
      const board = await topics.transaction((tx: Tx) => ranks.board(tx, content));
      return board === undefined ? noTerm(content) : { kind: "loaded", content, board };
    }).finally(() => this.#loading.delete(activity));
    this.#loading.set(activity, loading);
    return loading;
  }

  /** In its turn: beside a change of the owner's epoch it would take the owner for replaced. */
  #settled(board: TermBoard): Promise<ReadonlyMap<string, string>> {
    const known = this.#digests.get(board);
    if (known !== undefined) return known;
    const { owner, topics, change } = this.#options;
    const { term } = board;
    const reading = change(async () => {
      const settled = await topics.transaction((tx) => readSettled(tx, { owner, term }));
      return new Map(settled.map(({ group, ranking, digest }) => [`${group}/${ranking}`, digest]));
    });
    this.#digests.set(board, reading);
    reading.catch(() => this.#digests.delete(board));
    return reading;
  }
}

function refusalOf(question: RankQuestion, content: ActivityContent, kinds: ActivityKinds): RankRefusal | undefined {
  if (content.term === undefined) return noTerm(content);
  const names = [...(kinds.hooks?.(content.kind)?.rankings.keys() ?? [])];
  if (!names.includes(question.ranking)) {
    return invalid("ranking", question.ranking, names.length === 0 ? "none, the kind has no rank" : names.join(", "));
  }
  const groups = groupsOf(content).map(({ name }) => name);
  if (question.group !== undefined && !groups.includes(question.group)) {
    return invalid("group", question.group, groups.join(", "));
  }
  if (groupNamed(question, content) !== undefined) return undefined;
  const who =
    question.shard === 0
      ? "no shard was named, and there are several groups"
      : `shard ${question.shard} is in no group`;
  const detail = `${who} of this term of "${content.id}": name one of ${groups.join(", ")}`;
  return { kind: "no_group", detail };
}

function groupNamed(question: RankQuestion, content: ActivityContent): string | undefined {
  const groups = groupsOf(content);
  const only = groups.length === 1 ? groups[0]?.name : undefined;
  if (question.group !== undefined) return question.group;
  return question.shard > 0 ? groupOf(content, question.shard) : only;
}

function foundIn(question: RankQuestion, content: ActivityContent, board: TermBoard): Found {
  const group = groupNamed(question, content) ?? "";
  return { kind: "found", content, board, group, ranking: board.ranking(group, question.ranking) };
}

function standingIn({ group, ranking }: Found, subject: string): StandingOutcome {
  const entry = ranking.get(subject);
  const place = ranking.placeOf(subject);
  if (entry === undefined || place === undefined)
    return { kind: "ok", group, count: ranking.size, standing: undefined };
  const { score, atMs, shard } = entry;
  return { kind: "ok", group, count: ranking.size, standing: { place, subject, score, atMs, shard } };
}

function noTerm(content: ActivityContent): RankRefusal {
  return { kind: "not_found", detail: `no term of "${content.id}" has begun` };
}

function invalid(path: string, found: string, allowed: string): RankRefusal {
  const message = `found ${JSON.stringify(found).slice(0, 80)}; allowed: ${allowed}`;
  return { kind: "invalid", detail: `Cannot look into ranking: ${path}: ${message}`, issues: [{ path, message }] };
}
