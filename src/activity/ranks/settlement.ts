/**
 * Settlement: what freezes the rankings of a term, once and for all. A ranking's lines, in its order, have one digest;
 * it is kept for (term, group, ranking), and another ranking for the same key is refused.
 *
 *   line = place \t subject \t score \t atMs \t sequence \t shard \n
 */

import type { Digest } from "#base/digest.ts";
import { toHex } from "#base/digest.ts";
import type { Tx } from "#store/store.ts";
import type { ActivityContent } from "../content.ts";
import { KindFault } from "../kind_fault.ts";
import type { RankEntry } from "./rank_order.ts";
import type { TermOf } from "../reports/report_table.ts";
import { readSettled, writeSettled } from "./settlement_table.ts";
import type { SettledRanking } from "./settlement_table.ts";
import { TERM_PHASES } from "../term.ts";
import type { TermDraft } from "./term_draft.ts";
import { groupsOf } from "../groups/term_groups.ts";

const ENCODER = new TextEncoder();
/** Lines that are encoded together. */
const LINES_PER_PART = 1000;

/** The ranking is not the one that was frozen. The activity stops; its alarm is `settlement_conflict:<activity>`. */
export class SettlementConflict extends KindFault {}

/** Its rankings do not change any more. */
export function isSettled(content: ActivityContent): boolean {
  const { phase } = content;
  if (phase === "scheduled") return false;
  return phase === "cancelled" || TERM_PHASES.indexOf(phase) > TERM_PHASES.indexOf("open");
}

/** It enters the first phase of its term in which its rankings do not change any more. */
export function settlesNow(content: ActivityContent, before: ActivityContent | undefined): boolean {
  if (content.phase === "cancelled" || !isSettled(content)) return false;
  return before?.term?.id !== content.term?.id || before === undefined || !isSettled(before);
}

export function digestOf(
  digest: Digest,
  entries: Iterable<RankEntry>,
): { readonly digest: string; readonly count: number } {
  const parts: Uint8Array[] = [];
  let lines = "";
  let count = 0;
  for (const { subject, score, atMs, sequence, shard } of entries) {
    count += 1;
    lines += `${count}\t${subject}\t${score}\t${atMs}\t${sequence}\t${shard}\n`;
    if (count % LINES_PER_PART === 0) {
      parts.push(ENCODER.encode(lines));
      lines = "";
    }
  }
  parts.push(ENCODER.encode(lines));
  return { digest: toHex(digest.sha256(...parts)), count };
}

/** Freezes all rankings of a term as the draft has them. Throws SettlementConflict. */
export async function settle(
  tx: Tx,
  of: TermOf,
  with_: { readonly draft: TermDraft; readonly digest: Digest; readonly atMs: number },
): Promise<void> {
  const { draft, digest, atMs } = with_;
  const { board, content } = draft;
  if (board.names.length === 0) return;
  const known = await readSettled(tx, of);
  await draft.note(tx, of);
  for (const { name: group } of groupsOf(content)) {
    for (const ranking of board.names) {
      const found = digestOf(digest, draft.draft(group, ranking).entries());
      const frozen = known.find((one) => one.group === group && one.ranking === ranking);
      if (frozen !== undefined) refuseOther(content, frozen, found);
      const settled = { group, ranking, digest: found.digest, entries: found.count, rewarded: 0 };
      await writeSettled(tx, of, settled, atMs);
    }
  }
}

/** Throws SettlementConflict. */
export function refuseOther(
  content: ActivityContent,
  frozen: SettledRanking,
  found: { readonly digest: string; readonly count: number },
): void {
  if (found.digest === frozen.digest && found.count === frozen.entries) return;
  const { group, ranking, digest, entries } = frozen;
  throw new SettlementConflict(
    `Cannot go on with ${content.id}: ranking ${ranking} of group ${group} was settled with ${entries} entries and digest ` +
      `${digest.slice(0, 16)}, found ${found.count} entries and digest ${found.digest.slice(0, 16)}`,
  );
}
