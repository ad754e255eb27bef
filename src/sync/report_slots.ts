/**
 * Reports that wait for one link: one slot per topic, in which the highest version wins and two contents of one
 * version are both kept, since the owner can see from the pair alone that it must take a new epoch.
 * Bound: TOPICS_MAX slots; a report beyond it is refused and comes again by the standing comparison.
 */

import { TOPICS_MAX } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import type { Report, Version } from "#wire/sync_message.ts";
import { compareOrder } from "./version.ts";

const CLAIMS_MAX = 2;

export class ReportSlots {
  readonly #slots = new Map<string, Report>();

  get size(): number {
    return this.#slots.size;
  }

  has(topic: string): boolean {
    return this.#slots.has(topic);
  }

  /** False when there was no room. */
  add(report: Report): boolean {
    const old = this.#slots.get(report.topic);
    if (old === undefined && this.#slots.size >= TOPICS_MAX) return false;
    let merged = old;
    for (const claim of report.claims) merged = merge(merged, report.topic, report.reporter, claim);
    if (merged !== undefined) this.#slots.set(report.topic, merged);
    return true;
  }

  /** At most `count`, oldest first; they are no longer here afterwards. */
  take(count: number): Report[] {
    const out: Report[] = [];
    for (const [topic, report] of this.#slots) {
      if (out.length === count) break;
      out.push(report);
      this.#slots.delete(topic);
    }
    return out;
  }
}

function merge(slot: Report | undefined, topic: string, reporter: NodeKey, claim: Version): Report {
  const first = slot?.claims[0];
  if (slot === undefined || first === undefined) return { topic, reporter, claims: [claim] };
  const order = compareOrder(claim, first);
  if (order > 0) return { topic, reporter, claims: [claim] };
  if (order < 0 || slot.claims.length === CLAIMS_MAX || slot.claims.some((known) => known.hash === claim.hash))
    return slot;
  return { ...slot, claims: [first, claim] };
}
