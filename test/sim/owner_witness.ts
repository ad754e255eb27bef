/**
 * Looks at what each transaction of an owner leaves on its disk, inside that transaction, and enters it into the book
 * when it is committed. Reads no more than the tables that the transaction has written.
 */

import type { ActivityContent } from "#activity/content.ts";
import { decodeContent } from "#activity/content.ts";
import { activityTopic } from "#activity/activity_topic.ts";
import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Row, Tx } from "#store/store.ts";
import { versionText } from "#sync/version.ts";
import { unpackBody } from "#wire/body.ts";
import type { NodeId } from "#wire/role.ts";
import type { BookSettlement, TermBook } from "./term_book.ts";

interface Topic {
  readonly topic: string;
  readonly version: string;
  readonly content: ActivityContent | undefined;
}

interface Left {
  readonly entered: readonly string[];
  readonly taken: number;
}

export class OwnerWitness {
  readonly #owner: NodeId;
  readonly #book: TermBook;
  readonly #begins: (content: ActivityContent) => void;
  readonly #versions = new Map<string, string>();

  /** `begins` hears of each term that was committed for the first time. */
  constructor(options: {
    readonly owner: NodeId;
    readonly book: TermBook;
    readonly begins: (content: ActivityContent) => void;
  }) {
    this.#owner = options.owner;
    this.#book = options.book;
    this.#begins = options.begins;
  }

  /** Answers what is to be done when it is committed. */
  async look(tx: Tx, tables: ReadonlySet<string>): Promise<() => void> {
    const isPhase = tables.has("activity") || tables.has("activity_term");
    const isScore = tables.has("activity_report") || tables.has("activity_rank") || tables.has("activity_settlement");
    const isReward = tables.has("outbox") || tables.has("activity_settlement");
    const topics = isPhase ? await this.#topics(tx) : [];
    const left = isPhase || isScore ? await this.#left(tx) : new Map<string, Left>();
    const scores = isScore ? await this.#scores(tx) : new Map<string, ReadonlyMap<string, number>>();
    const settlements = isReward ? await this.#settlements(tx) : [];
    const issued = isReward ? await this.#issued(tx) : new Map<string, number>();
    return () => {
      for (const { topic, version, content } of topics) {
        this.#versions.set(topic, version);
        if (this.#book.commits(topic, version, content) && content !== undefined) this.#begins(content);
        const term = content?.term?.id;
        if (content === undefined || term === undefined) continue;
        this.#book.leaves(content.id, term, left.get(term)?.entered ?? []);
      }
      if (isScore) {
        for (const [term, { taken, entered }] of left) {
          // The ranking of a term whose data were dropped is gone before its state is.
          if (entered.includes("closed") || entered.includes("cancelled")) continue;
          this.#book.scores(term, scores.get(term) ?? new Map(), taken);
        }
      }
      for (const { places, ...found } of settlements) this.#book.settles(found, () => places);
      if (isReward) {
        for (const { term, group, ranking } of settlements) {
          const key = `${term}/${group}/${ranking}`;
          this.#book.issues(key, issued.get(key) ?? 0);
        }
      }
    };
  }

  /** Those that are other than before. */
  async #topics(tx: Tx): Promise<readonly Topic[]> {
    const rows = await tx.all("SELECT * FROM activity WHERE owner = ? ORDER BY id", [this.#owner]);
    return rows.flatMap((row): Topic[] => {
      const id = textOf(row, "id");
      const topic = activityTopic(this.#owner, id);
      const version = versionText({
        epoch: integerOf(row, "epoch"),
        revision: integerOf(row, "revision"),
        hash: textOf(row, "hash"),
      });
      if (this.#versions.get(topic) === version) return [];
      if (integerOf(row, "tombstone") === 1) return [{ topic, version, content: undefined }];
      const decoded = decodeContent(bytesOf(row, "bytes"), id);
      if (decoded.kind === "bad") throw new Error(`Cannot read ${topic}: ${decoded.detail}`);
      return [{ topic, version, content: decoded.content }];
    });
  }

  async #left(tx: Tx): Promise<Map<string, Left>> {
    const rows = await tx.all("SELECT term, state FROM activity_term WHERE owner = ?", [this.#owner]);
    return new Map(rows.map((row) => [textOf(row, "term"), unpackBody(bytesOf(row, "state")) as Left]));
  }

  async #scores(tx: Tx): Promise<Map<string, Map<string, number>>> {
    const rows = await tx.all("SELECT term, subject, score FROM activity_rank WHERE owner = ? AND ranking = 'points'", [
      this.#owner,
    ]);
    const terms = new Map<string, Map<string, number>>();
    for (const row of rows) {
      const term = textOf(row, "term");
      const players = terms.get(term) ?? new Map<string, number>();
      terms.set(term, players);
      const player = textOf(row, "subject");
      players.set(player, (players.get(player) ?? 0) + Number(row["score"]));
    }
    return terms;
  }

  async #settlements(tx: Tx): Promise<readonly BookSettlement[]> {
    const rows = await tx.all(
      `SELECT s.*, d.activity FROM activity_settlement s JOIN activity_term_data d ON d.owner = s.owner AND d.term = s.term
       WHERE s.owner = ?`,
      [this.#owner],
    );
    const out: BookSettlement[] = [];
    for (const row of rows) {
      const [term, group, ranking] = [textOf(row, "term"), textOf(row, "group_name"), textOf(row, "ranking")];
      const isNew = !this.#book.settlements.has(`${term}/${group}/${ranking}`);
      out.push({
        activity: textOf(row, "activity"),
        ...{ term, group, ranking },
        digest: textOf(row, "digest"),
        entries: integerOf(row, "entries"),
        rewarded: integerOf(row, "rewarded"),
        places: isNew ? await this.#places(tx, [this.#owner, term, group, ranking]) : [],
      });
    }
    return out;
  }

  async #places(tx: Tx, of: readonly string[]): Promise<BookSettlement["places"]> {
    const order = of[3] === "points" ? "DESC" : "ASC";
    const rows: readonly Row[] = await tx.all(
      `SELECT subject, score, shard FROM activity_rank
       WHERE owner = ? AND term = ? AND group_name = ? AND ranking = ? ORDER BY score ${order}, sequence, subject`,
      of,
    );
    return rows.map((row) => ({
      player: textOf(row, "subject"),
      score: Number(row["score"]),
      shard: integerOf(row, "shard"),
    }));
  }

  /** By ranking: players with the reward of their place. */
  async #issued(tx: Tx): Promise<Map<string, number>> {
    const rows = await tx.all(
      `SELECT term, group_name, ranking, COUNT(*) AS count FROM outbox WHERE owner = ? AND tier = 'place'
       GROUP BY term, group_name, ranking`,
      [this.#owner],
    );
    return new Map(
      rows.map((row) => [
        `${textOf(row, "term")}/${textOf(row, "group_name")}/${textOf(row, "ranking")}`,
        integerOf(row, "count"),
      ]),
    );
  }
}
