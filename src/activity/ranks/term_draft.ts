/**
 * What one transaction makes of the rankings of one term: a draft of each ranking that it touches, written as one row
 * per subject, applied to the rankings in memory after the commit. Knows no phases and runs no hooks.
 */

import type { Tx } from "#store/store.ts";
import type { ActivityContent } from "../content.ts";
import type { RankScope, RankingHandle } from "../kind_hooks.ts";
import { TOP_MAX } from "../kind_hooks.ts";
import { RankDraft } from "./rank_draft.ts";
import { noteTerm, writeEntries } from "./rank_table.ts";
import type { Standing } from "../reports/report_outcome.ts";
import type { TermOf } from "../reports/report_table.ts";
import { groupsOf } from "../groups/term_groups.ts";
import type { TermBoard } from "./term_board.ts";

/** Whose change it is. */
export interface ChangeBy {
  readonly atMs: number;
  /** 0: of no shard. */
  readonly shard: number;
  /** Who has said so: whoever else is ranked by it keeps the shard that he has. */
  readonly player: string | undefined;
  /** The group that is meant where none is named. */
  readonly group: string | undefined;
}

export class TermDraft {
  readonly content: ActivityContent;
  readonly board: TermBoard;
  /** A ranking was too full for another subject. */
  isFull = false;
  #hasNoted = false;
  readonly #isFrozen: boolean;
  readonly #entriesMax: number | undefined;
  readonly #drafts = new Map<string, { readonly group: string; readonly ranking: string; readonly draft: RankDraft }>();

  constructor(options: {
    readonly content: ActivityContent;
    readonly board: TermBoard;
    /** Its rankings are settled: they may only be read. */
    readonly isFrozen: boolean;
    readonly entriesMax?: number | undefined;
  }) {
    this.content = options.content;
    this.board = options.board;
    this.#isFrozen = options.isFrozen;
    this.#entriesMax = options.entriesMax;
  }

  /** The rankings as a hook sees them. */
  scope(by: ChangeBy): RankScope {
    return { ranking: (name, group) => this.#handle(name, group ?? by.group ?? this.#onlyGroup(name), by) };
  }

  /** Throws TypeError for a ranking or a group that is not there. */
  draft(group: string, ranking: string): RankDraft {
    const key = `${group}/${ranking}`;
    const known = this.#drafts.get(key);
    if (known !== undefined) return known.draft;
    const names = groupsOf(this.content).map(({ name }) => name);
    if (!names.includes(group)) {
      throw new TypeError(`Cannot rank in group ${JSON.stringify(group)}: allowed is ${names.join(", ")}`);
    }
    const base = this.board.ranking(group, ranking);
    const full = (): void => {
      this.isFull = true;
    };
    const draft = new RankDraft({ name: ranking, base, entriesMax: this.#entriesMax, full });
    this.#drafts.set(key, { group, ranking, draft });
    return draft;
  }

  /** Where a subject stands in each ranking of a group that it is in. */
  standings(group: string, subject: string): readonly Standing[] {
    return this.board.names.flatMap((ranking) => {
      const draft = this.draft(group, ranking);
      const score = draft.get(subject)?.score;
      const place = draft.placeOf(subject);
      return score === undefined || place === undefined ? [] : [{ ranking, score, place }];
    });
  }

  /** What was changed until now stays, whatever `undo` does later. */
  keep(): void {
    for (const { draft } of this.#drafts.values()) draft.keep();
  }

  /** Back to the last `keep`. */
  undo(): void {
    for (const { draft } of this.#drafts.values()) draft.undo();
  }

  /** Writes the note that the term has data, once. */
  async note(tx: Tx, of: TermOf): Promise<void> {
    if (this.board.isNoted || this.#hasNoted) return;
    await noteTerm(tx, of, this.content.id);
    this.#hasNoted = true;
  }

  async write(tx: Tx, of: TermOf): Promise<void> {
    for (const { group, ranking, draft } of this.#drafts.values()) {
      const entries = draft.changed();
      if (entries.length === 0) continue;
      await this.note(tx, of);
      await writeEntries(tx, { ...of, group, ranking }, entries);
    }
  }

  /** After the commit. Throws what a kind's order throws: the board is to be read again then. */
  apply(): void {
    if (this.#hasNoted) this.board.isNoted = true;
    for (const { draft } of this.#drafts.values()) draft.apply();
  }

  #handle(name: string, group: string, by: ChangeBy): RankingHandle {
    const draft = this.draft(group, name);
    const writable = (): RankDraft => {
      if (this.#isFrozen)
        throw new TypeError(`Cannot rank in ${name}: it is settled, since the term is not open any more`);
      return draft;
    };
    return {
      add: (subject, delta) => writable().add(subject, delta, by),
      set: (subject, score) => writable().set(subject, score, by),
      get: (subject) => draft.get(subject)?.score,
      placeOf: (subject) => draft.placeOf(subject),
      top: (count) => {
        const entries = [...draft.entries().take(Math.min(TOP_MAX, Math.max(0, Math.trunc(count))))];
        return entries.map(({ subject, score }) => ({ subject, score }));
      },
    };
  }

  #onlyGroup(name: string): string {
    const groups = groupsOf(this.content);
    const [only] = groups;
    if (only !== undefined && groups.length === 1) return only.name;
    const names = groups.map((group) => group.name).join(", ");
    throw new TypeError(`Cannot tell which group's ranking ${name} is meant: name one of ${names}`);
  }
}
