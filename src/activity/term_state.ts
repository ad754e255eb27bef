/**
 * What the hooks of a kind have left of a term, on its owner: one row per term, written in the transaction of the
 * phase that the hook ran for. Functions over a transaction.
 */

import { BodyError, packBody, unpackBody } from "#wire/body.ts";
import { bytesOf } from "#store/row.ts";
import type { Tx } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";

/** Encoded size of one term's state. */
export const STATE_SIZE_MAX = 256 * 1024;

export interface TermKey {
  readonly owner: NodeId;
  readonly activity: string;
  readonly term: string;
}

/** Undefined when no hook of this term has left anything. Throws StoreError `corrupt` for what can't be read. */
export async function readState(tx: Tx, key: TermKey): Promise<unknown> {
  const row = await tx.get("SELECT state FROM activity_term WHERE owner = ? AND activity = ? AND term = ?", [
    key.owner,
    key.activity,
    key.term,
  ]);
  if (row === undefined) return undefined;
  try {
    return unpackBody(bytesOf(row, "state"));
  } catch (error) {
    if (!(error instanceof BodyError)) throw error;
    throw new StoreError("corrupt", `Cannot read state of term ${key.term} of ${key.activity}: ${error.message}`);
  }
}

/** Throws RangeError for a state above STATE_SIZE_MAX, BodyError for one that is no plain data. */
export async function writeState(tx: Tx, key: TermKey, state: unknown): Promise<void> {
  const bytes = packBody(state).slice();
  if (bytes.length > STATE_SIZE_MAX) {
    throw new RangeError(`Cannot keep state of ${key.activity}: ${bytes.length} bytes, limit is ${STATE_SIZE_MAX}`);
  }
  await tx.run(
    `INSERT INTO activity_term (owner, activity, term, state) VALUES (?, ?, ?, ?)
     ON CONFLICT (owner, activity, term) DO UPDATE SET state = excluded.state`,
    [key.owner, key.activity, key.term, bytes],
  );
}

/** Those of all terms of the activity but these. */
export async function dropOtherStates(
  tx: Tx,
  of: { readonly owner: NodeId; readonly activity: string; readonly keep: readonly string[] },
): Promise<void> {
  const [first = "", second = ""] = of.keep;
  await tx.run("DELETE FROM activity_term WHERE owner = ? AND activity = ? AND term <> ? AND term <> ?", [
    of.owner,
    of.activity,
    first,
    second,
  ]);
}
