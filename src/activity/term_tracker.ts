/**
 * Decides, for one activity on one node, what its modules hear: `opened` and `closed` in turn, each once per term and
 * life of the process. Pure: contents and times in, events out.
 *
 * A term that was opened here is closed before another one opens, also when this node slept through its end. A term
 * of which nothing was opened here is never closed here. A term that has ended here does not open again, whatever is
 * said later: a term id is never used twice. Bound: the last TERMS_REMEMBERED_MAX ended terms are remembered.
 */

import type { NodeId } from "#wire/role.ts";
import type { ActivityEvent, OpenedEvent, TermEvent } from "./activity_event.ts";
import { eventOf } from "./activity_event.ts";
import type { ActivityContent } from "./content.ts";
import { isPastDue } from "./phases.ts";

const TERMS_REMEMBERED_MAX = 64;

export class TermTracker {
  readonly #owner: NodeId;
  #open: OpenedEvent | undefined;
  /** Oldest first. */
  readonly #ended: string[] = [];

  constructor(owner: NodeId) {
    this.#owner = owner;
  }

  /** What is open here. */
  get open(): OpenedEvent | undefined {
    return this.#open;
  }

  hasEnded(term: string): boolean {
    return this.#ended.includes(term);
  }

  /**
   * `content` is what is known now, undefined when the activity is gone; `nowMs` is the cluster's time. Asked again
   * with the same content it says nothing, or that the end has come.
   */
  update(
    content: ActivityContent | undefined,
    times: { readonly nowMs: number; readonly nodeStartedMs: number },
  ): readonly TermEvent[] {
    const events: TermEvent[] = [];
    const isOver = content === undefined || isPastDue(content, times.nowMs);
    const current = !isOver && content.phase === "open" ? content.term : undefined;
    const before = this.#open;
    if (before !== undefined && before.term !== current?.id) {
      this.#open = undefined;
      this.#ended.push(before.term);
      if (this.#ended.length > TERMS_REMEMBERED_MAX) this.#ended.shift();
      const { resumed: _, ...event } = before;
      const closedAtMs = closedAt(before, content) ?? Math.trunc(times.nowMs);
      events.push({ kind: "closed", event: { ...event, closedAtMs } });
    }
    if (content !== undefined && current !== undefined && this.#open === undefined && !this.hasEnded(current.id)) {
      const resumed = current.openedAtMs < times.nodeStartedMs;
      this.#open = { ...eventOf(content, { owner: this.#owner, term: current }), resumed };
      events.push({ kind: "opened", event: this.#open });
    }
    return events;
  }
}

function closedAt(term: ActivityEvent, content: ActivityContent | undefined): number | undefined {
  if (content === undefined) return undefined;
  if (content.phase === "closed" && content.term.id === term.term) return content.term.closedAtMs;
  const entry = content.history.find((past) => past.term === term.term && past.phase === "closed");
  if (entry !== undefined) return entry.atMs;
  return content.term?.id === term.term ? content.endsAtMs : undefined;
}
