/**
 * The rankings of an owner's terms in memory: read from the store before the first use, kept while the term runs, and
 * of terms that are over IDLE_BOARDS_MAX at most. What is here was committed; what was not is a TermDraft.
 */

import type { Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "../content.ts";
import type { KindHooks } from "../kind_hooks.ts";
import { isRunning } from "../phases.ts";
import { readRankings, readTerms } from "./rank_table.ts";
import type { RankOrder } from "./rank_order.ts";
import { TermBoard } from "./term_board.ts";
import { TermDraft } from "./term_draft.ts";

/** Boards of terms that do not run any more; the one that was asked for longest ago gives way. */
export const IDLE_BOARDS_MAX = 4;

export class TermRanks {
  readonly #owner: NodeId;
  readonly #hooks: (kind: string) => KindHooks | undefined;
  readonly #entriesMax: number | undefined;
  readonly #withData = new Map<string, string>();
  /** By activity; those that were asked for lately last. */
  readonly #boards = new Map<string, { readonly board: TermBoard; isIdle: boolean }>();

  constructor(options: {
    readonly owner: NodeId;
    readonly hooks: (kind: string) => KindHooks | undefined;
    /** Default: RANK_ENTRIES_MAX. */
    readonly entriesMax?: number | undefined;
  }) {
    this.#owner = options.owner;
    this.#hooks = options.hooks;
    this.#entriesMax = options.entriesMax;
  }

  /** The board of the activity's current term, if it is in memory. */
  held(content: ActivityContent): TermBoard | undefined {
    const held = this.#boards.get(content.id);
    return held?.board.term === content.term?.id ? held?.board : undefined;
  }

  /** The same, read when it is not. Throws StoreError, and what a kind's order throws. Undefined without a term. */
  async board(tx: Tx, content: ActivityContent): Promise<TermBoard | undefined> {
    const { id, term } = content;
    if (term === undefined) return undefined;
    const board = this.held(content) ?? (await this.#read(tx, content, term.id));
    this.#boards.delete(id);
    this.#boards.set(id, { board, isIdle: !isRunning(content) });
    this.#dropIdle();
    return board;
  }

  /** What the store has data of. Once, before anything else. Throws StoreError. */
  async start(tx: Tx): Promise<void> {
    for (const { term, activity } of await readTerms(tx, this.#owner)) this.#withData.set(term, activity);
  }

  /** Activities by the terms that have data in the store, as far as is known. */
  get withData(): ReadonlyMap<string, string> {
    return this.#withData;
  }

  /** A draft was committed. */
  noted(board: TermBoard, activity: string): void {
    if (board.isNoted) this.#withData.set(board.term, activity);
  }

  /** The store has nothing of that term any more. */
  dropped(term: string): void {
    this.#withData.delete(term);
  }

  async draft(tx: Tx, content: ActivityContent, how: { readonly isFrozen: boolean }): Promise<TermDraft | undefined> {
    const board = await this.board(tx, content);
    return board === undefined ? undefined : new TermDraft({ content, board, entriesMax: this.#entriesMax, ...how });
  }

  /** What is in memory may not be what is in the store: it is read again before the next use. */
  drop(activity: string): void {
    this.#boards.delete(activity);
  }

  async #read(tx: Tx, content: ActivityContent, term: string): Promise<TermBoard> {
    const board = new TermBoard(term, this.#hooks(content.kind)?.rankings ?? new Map<string, RankOrder>());
    board.isNoted = this.#withData.has(term);
    for (const { group, ranking, entries } of await readRankings(tx, { owner: this.#owner, term })) {
      // A newer code of the kind may have fewer.
      if (board.names.includes(ranking)) board.restore(group, ranking, entries);
    }
    return board;
  }

  #dropIdle(): void {
    const idle = [...this.#boards].filter(([, { isIdle }]) => isIdle);
    for (const [id] of idle.slice(0, Math.max(0, idle.length - IDLE_BOARDS_MAX))) this.#boards.delete(id);
  }
}
