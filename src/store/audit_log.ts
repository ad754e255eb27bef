/**
 * Audit trail: who asked for which change, when, and what came of it. Rows are only appended; the oldest go when there
 * are more than AUDIT_ROWS_MAX. Never holds secrets: `who` is the name of a token, not the token.
 */

import type { MigrationSet } from "./migrations.ts";
import { integerOf, textOf } from "./row.ts";
import type { Row, Store, Tx } from "./store.ts";

export interface AuditEntry {
  readonly atMs: number;
  /** Name of the token. */
  readonly who: string;
  readonly remote: string;
  /** e.g. "open_activity" */
  readonly verb: string;
  /** What it was done to, e.g. "activity/cross_center:1/boss". */
  readonly subject: string;
  /** "ok", or why not. */
  readonly outcome: string;
  /** The reason that was given; empty when none was. */
  readonly why: string;
}

export interface AuditRecord extends AuditEntry {
  /** Grows with every entry. */
  readonly number: number;
}

export interface AuditPage {
  /** The newest first. */
  readonly records: readonly AuditRecord[];
  /** Give it as `before` for the next page; undefined at the end. */
  readonly next: number | undefined;
}

export const AUDIT_ROWS_MAX = 1_000_000;
export const AUDIT_PAGE_MAX = 200;
/** Longer texts are cut, with an ellipsis. */
export const AUDIT_TEXT_MAX = 512;

export const AUDIT_MIGRATIONS: MigrationSet = {
  name: "audit",
  migrations: [
    {
      name: "trail",
      statements: [
        `CREATE TABLE audit (
          number BIGINT PRIMARY KEY,
          at_ms BIGINT NOT NULL,
          who TEXT NOT NULL,
          remote TEXT NOT NULL,
          verb TEXT NOT NULL,
          subject TEXT NOT NULL,
          outcome TEXT NOT NULL
        )`,
      ],
    },
    { name: "why", statements: ["ALTER TABLE audit ADD COLUMN why TEXT NOT NULL DEFAULT ''"] },
  ],
};

export class AuditLog {
  readonly #store: Store;
  readonly #rowsMax: number;

  constructor(options: { readonly store: Store; readonly rowsMax?: number }) {
    this.#store = options.store;
    this.#rowsMax = options.rowsMax ?? AUDIT_ROWS_MAX;
  }

  /** Answers the entry's number. On disk when it resolves. */
  append(entry: AuditEntry): Promise<number> {
    return this.#store.transaction((tx) => this.appendIn(tx, entry));
  }

  /** The same within a transaction of the caller's, so that the change and its record stand or fall together. */
  async appendIn(tx: Tx, entry: AuditEntry): Promise<number> {
    const last = await tx.get("SELECT MAX(number) AS number FROM audit");
    const number = last === undefined || last["number"] === null ? 1 : integerOf(last, "number") + 1;
    await tx.run(
      "INSERT INTO audit (number, at_ms, who, remote, verb, subject, outcome, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      [
        number,
        Math.trunc(entry.atMs),
        auditText(entry.who),
        auditText(entry.remote),
        auditText(entry.verb),
        auditText(entry.subject),
        auditText(entry.outcome),
        auditText(entry.why),
      ],
    );
    await tx.run("DELETE FROM audit WHERE number <= ?", [number - this.#rowsMax]);
    return number;
  }

  /** Records with a number below `before`, at most `limit` and at most AUDIT_PAGE_MAX. */
  page(
    options: { readonly before?: number | undefined; readonly limit?: number | undefined } = {},
  ): Promise<AuditPage> {
    const limit = Math.max(1, Math.min(options.limit ?? AUDIT_PAGE_MAX, AUDIT_PAGE_MAX));
    const before = options.before ?? Number.MAX_SAFE_INTEGER;
    return this.#store.transaction(async (tx) => {
      const rows = await tx.all("SELECT * FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?", [
        before,
        limit + 1,
      ]);
      const records = rows.slice(0, limit).map(recordOf);
      return { records, next: rows.length > limit ? records.at(-1)?.number : undefined };
    });
  }
}

function recordOf(row: Row): AuditRecord {
  return {
    number: integerOf(row, "number"),
    atMs: integerOf(row, "at_ms"),
    who: textOf(row, "who"),
    remote: textOf(row, "remote"),
    verb: textOf(row, "verb"),
    subject: textOf(row, "subject"),
    outcome: textOf(row, "outcome"),
    why: textOf(row, "why"),
  };
}

/** The text as a trail keeps it. */
export function auditText(text: string): string {
  return text.length <= AUDIT_TEXT_MAX ? text : `${text.slice(0, AUDIT_TEXT_MAX - 1)}…`;
}
