/**
 * Many rows with few statements, in the portable SQL that every store takes: inserts of ROWS_PER_STATEMENT rows, and
 * lists of values for IN. The texts are few, so that a store keeps them prepared.
 */

import type { SqlValue, Tx } from "#store/store.ts";

export const ROWS_PER_STATEMENT = 64;

export class SqlBatch {
  readonly #one: string;
  readonly #many: string;

  /** `insert` up to VALUES; `end`: what follows the values. */
  constructor(insert: string, columns: number, end = "") {
    const row = `(${Array.from({ length: columns }, () => "?").join(", ")})`;
    this.#one = `${insert} VALUES ${row} ${end}`;
    this.#many = `${insert} VALUES ${Array.from({ length: ROWS_PER_STATEMENT }, () => row).join(", ")} ${end}`;
  }

  async run(tx: Tx, rows: readonly (readonly SqlValue[])[]): Promise<void> {
    let next = 0;
    for (; next + ROWS_PER_STATEMENT <= rows.length; next += ROWS_PER_STATEMENT) {
      await tx.run(this.#many, rows.slice(next, next + ROWS_PER_STATEMENT).flat());
    }
    for (const row of rows.slice(next)) await tx.run(this.#one, row);
  }
}

const MARKS_MANY = Array.from({ length: ROWS_PER_STATEMENT }, () => "?").join(", ");

/** For `column IN (marks)`. The last one of a chunk is repeated until it is full. */
export function inChunks(
  values: readonly string[],
): readonly { readonly marks: string; readonly values: readonly string[] }[] {
  const [first] = values;
  if (first === undefined) return [];
  if (values.length === 1) return [{ marks: "?", values }];
  const chunks = [];
  for (let from = 0; from < values.length; from += ROWS_PER_STATEMENT) {
    const chunk = values.slice(from, from + ROWS_PER_STATEMENT);
    const padding = Array.from({ length: ROWS_PER_STATEMENT - chunk.length }, () => chunk[0] ?? first);
    chunks.push({ marks: MARKS_MANY, values: [...chunk, ...padding] });
  }
  return chunks;
}
