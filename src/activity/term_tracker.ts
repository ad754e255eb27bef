/**
 * Decides, for one activity on one node, what its modules hear: `opened` and `closed` in turn, each once per term and
 * life of the process, and `phase` for each phase that the owner says. Pure: contents and times in, events out.
 *
 * A term that was opened here is closed before another one opens, also when this node slept through its end. A term
 * of which nothing was opened here is never closed here. A term that has ended here does not open again, whatever is
 * said later: a term id is never used twice. Phases that passed while the node was cut off are not told one by one, but
 * the last phase of a term is told before another term's first. Bound: the last TERMS_REMEMBERED_MAX ended terms are remembered.
 */

import type { NodeId } from "#wire/role.ts";
import type { ActivityEvent, OpenedEvent, PhaseEvent, TermEvent } from "./activity_event.ts";
import { eventOf } from "./activity_event.ts";
import type { ActivityContent } from "./content.ts";
import { isPastDue } from "./phases.ts";
import type { HistoryEntry } from "./term.ts";
import { TERM_PHASES } from "./term.ts";

const TERMS_REMEMBERED_MAX = 64;

export class TermTracker {
  readonly #self: { readonly owner: NodeId; readonly shard: number };
  #open: OpenedEvent | undefined;
  /** Oldest first. */
  readonly #ended: string[] = [];
  /** The last phase that was told. */
  #told: PhaseEvent | undefined;

  /** `shard` is that of the node that listens; 0: none. */
  constructor(self: { readonly owner: NodeId; readonly shard: number }) {
    this.#self = self;
  }

  /** What is open here. */
  get open(): OpenedEvent | undefined {
    return this.#open;
  }

  /** The last phase that was told; undefined before the first. */
  get phase(): PhaseEvent | undefined {
    return this.#told;
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
    if (content !== undefined && current !== undefined && this.#open !== undefined) {
      this.#open = { ...eventOf(content, { ...this.#self, term: current }), resumed: this.#open.resumed };
    }
    if (content !== undefined && current !== undefined && this.#open === undefined && !this.hasEnded(current.id)) {
      const resumed = current.openedAtMs < times.nodeStartedMs;
      this.#open = { ...eventOf(content, { ...this.#self, term: current }), resumed };
      events.push({ kind: "opened", event: this.#open });
    }
    return content === undefined ? events : [...events, ...this.#phases(content)];
  }

  #phases(content: ActivityContent): readonly TermEvent[] {
    const { phase, term } = content;
    const before = this.#told;
    const termId = term?.id ?? before?.term;
    if (termId === undefined || (before?.term === termId && before.phase === phase)) return [];
    const events: TermEvent[] = [];
    const last = content.history.findLast((past) => past.term === before?.term);
    if (before !== undefined && before.term !== termId && last !== undefined && last.phase !== before.phase) {
      events.push({ kind: "phase", event: { ...before, phase: last.phase, sinceMs: last.atMs } });
    }
    this.#told = {
      id: content.id,
      kind: content.kind,
      owner: this.#self.owner,
      term: termId,
      termNumber: term?.number ?? content.termCount,
      config: content.config,
      phase,
      sinceMs: content.history.findLast((past) => past.term === termId && past.phase === phase)?.atMs ?? 0,
    };
    events.push({ kind: "phase", event: this.#told });
    return events;
  }
}

function closedAt(term: ActivityEvent, content: ActivityContent | undefined): number | undefined {
  if (content === undefined) return undefined;
  const current = content.term;
  if (current !== undefined && current.id === term.term && "closedAtMs" in current) return current.closedAtMs;
  const entry = content.history.find((past) => past.term === term.term && isAfterOpen(past.phase));
  if (entry !== undefined) return entry.atMs;
  return content.term?.id === term.term ? term.endsAtMs : undefined;
}

function isAfterOpen(phase: HistoryEntry["phase"]): boolean {
  return phase === "cancelled" || TERM_PHASES.indexOf(phase) > TERM_PHASES.indexOf("open");
}
