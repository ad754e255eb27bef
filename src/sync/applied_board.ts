/**
 * A gateway's board of what its nodes have applied: their digests from heartbeats beside its own. Gives the word for
 * `applied/<gateway>`, at most once per interval and only when it says something new. Pure; time is an argument.
 */

import { equalBytes } from "#base/digest.ts";
import { ATTACHED_MAX } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import type { AppliedException } from "./applied.ts";
import { encodeApplied } from "./applied.ts";

interface Row {
  digest: bigint;
  /** Wall clock since when it differs from ours; undefined while it does not. */
  sinceMs: number | undefined;
}

export class AppliedBoard {
  readonly #intervalMs: number;
  readonly #rows = new Map<NodeKey, Row>();
  #digest = 0n;
  #lastWord: Uint8Array | undefined;
  #lastWordMs = Number.NEGATIVE_INFINITY;

  constructor(options: { readonly intervalMs: number }) {
    this.#intervalMs = options.intervalMs;
  }

  /** A node is attached; until its first heartbeat it counts as holding nothing. */
  join(node: NodeKey, wallMs: number): void {
    this.#rows.set(node, { digest: 0n, sinceMs: this.#digest === 0n ? undefined : wallMs });
  }

  leave(node: NodeKey): void {
    this.#rows.delete(node);
  }

  /** A heartbeat said what the node has applied. Nodes that did not join are ignored. */
  heard(node: NodeKey, appliedDigest: bigint, wallMs: number): void {
    const row = this.#rows.get(node);
    if (row === undefined) return;
    row.digest = appliedDigest;
    this.#judge(row, wallMs);
  }

  /** What this gateway holds itself; to be told when it changes. */
  own(appliedDigest: bigint, wallMs: number): void {
    if (appliedDigest === this.#digest) return;
    this.#digest = appliedDigest;
    for (const row of this.#rows.values()) this.#judge(row, wallMs);
  }

  /** By node. */
  exceptions(): AppliedException[] {
    const out: AppliedException[] = [];
    for (const [node, { digest, sinceMs }] of this.#rows)
      if (sinceMs !== undefined) out.push({ node, digest, sinceMs });
    return out.toSorted((a, b) => a.node - b.node).slice(0, ATTACHED_MAX);
  }

  /** The body to say now, or undefined when it is too early or nothing has changed. `nowMs` is monotonic. */
  word(nowMs: number): Uint8Array | undefined {
    if (nowMs - this.#lastWordMs < this.#intervalMs) return undefined;
    const word = encodeApplied({ digest: this.#digest, exceptions: this.exceptions() });
    if (this.#lastWord !== undefined && equalBytes(word, this.#lastWord)) return undefined;
    this.#lastWord = word;
    this.#lastWordMs = nowMs;
    return word;
  }

  #judge(row: Row, wallMs: number): void {
    if (row.digest === this.#digest) row.sinceMs = undefined;
    else row.sinceMs ??= wallMs;
  }
}
