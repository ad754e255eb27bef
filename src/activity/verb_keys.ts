/**
 * Keys of verbs that were carried out: the same verb under the same key again is answered as it was the first time.
 * Written in the transaction of the change itself. Functions over a transaction.
 */

import { packBody, unpackBody } from "#wire/body.ts";
import { bytesOf, textOf } from "#store/row.ts";
import type { Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";

/** How long a key is remembered. */
export const KEY_KEPT_MS = 30 * 24 * 3600 * 1000;
export const VERB_KEY = /^[A-Za-z0-9_.:-]{1,64}$/;

/** One verb of one activity, with what it was asked with. */
export interface KeyedVerb {
  readonly owner: NodeId;
  readonly key: string;
  /** Equal for equal requests only. */
  readonly request: string;
}

export type FoundKey =
  | { readonly kind: "new" }
  | { readonly kind: "done"; readonly answer: unknown }
  /** The key was used for another request. */
  | { readonly kind: "taken"; readonly request: string };

export async function findKey(tx: Tx, verb: KeyedVerb): Promise<FoundKey> {
  const row = await tx.get("SELECT request, answer FROM activity_verb WHERE owner = ? AND verb_key = ?", [
    verb.owner,
    verb.key,
  ]);
  if (row === undefined) return { kind: "new" };
  const request = textOf(row, "request");
  if (request !== verb.request) return { kind: "taken", request };
  return { kind: "done", answer: unpackBody(bytesOf(row, "answer")) };
}

export async function keepKey(
  tx: Tx,
  verb: KeyedVerb,
  done: { readonly answer: unknown; readonly atMs: number },
): Promise<void> {
  await tx.run("INSERT INTO activity_verb (owner, verb_key, request, answer, at_ms) VALUES (?, ?, ?, ?, ?)", [
    verb.owner,
    verb.key,
    verb.request,
    packBody(done.answer).slice(),
    Math.trunc(done.atMs),
  ]);
}

export async function dropOldKeys(tx: Tx, owner: NodeId, nowMs: number): Promise<void> {
  await tx.run("DELETE FROM activity_verb WHERE owner = ? AND at_ms < ?", [owner, Math.trunc(nowMs - KEY_KEPT_MS)]);
}
