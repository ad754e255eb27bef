/**
 * Durable hooks, on a center: what a module asks to hear of once for each term and phase, over all lives of the process.
 * They follow the phase history that comes with each content, so that a shard which slept through a term hears of it
 * afterwards, in order. A hook runs until it has resolved once, and is then written down: at least once, and never again.
 *
 *   waiting -> running -> done              running -> waiting (it failed: again after a pause, alarm)
 *
 * One hook of a module, kind and phase runs at a time. What was over before this store was new is not told.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import { messageOf } from "#base/log.ts";
import type { Store } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { OnceKey } from "./once_table.ts";
import { readOnce, writeOnce } from "./once_table.ts";
import type { ActivityReplica, ReplicaRow } from "./replica.ts";
import type { HistoryEntry, TermPhase } from "./term.ts";

export const ONCE_RETRY_FIRST_MS = 1_000;
export const ONCE_RETRY_MAX_MS = 60_000;
/** One that takes longer is an alarm; it is waited for all the same. */
export const ONCE_SLOW_MS = 60_000;

/** A phase that a term has entered. */
export interface OnceEvent {
  /** Id of the activity. */
  readonly id: string;
  readonly kind: string;
  readonly owner: NodeId;
  readonly term: string;
  readonly termNumber: number;
  readonly phase: TermPhase | "cancelled";
  /** When it began, in cluster time. */
  readonly atMs: number;
  /** As it is now: it may have been edited since the term. */
  readonly config: unknown;
  /** The term is in this phase now. */
  readonly isCurrent: boolean;
}

export interface OnceHook {
  readonly module: string;
  readonly kind: string;
  readonly phase: TermPhase | "cancelled";
  readonly run: (event: OnceEvent) => void | Promise<void>;
}

export interface OnceHooksOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly replica: ActivityReplica;
  readonly alarms: Alarms;
}

interface Waiting {
  readonly hook: OnceHook;
  isRunning: boolean;
  /** It is looked for what is to be done soon, once for all that has just been applied. */
  isDue: boolean;
  failures: number;
  retry: Timer | undefined;
  slow: Timer | undefined;
}

export class OnceHooks {
  readonly #options: OnceHooksOptions;
  readonly #hooks: Waiting[] = [];
  readonly #done = new Set<string>();
  #sinceMs = 0;
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: OnceHooksOptions) {
    this.#options = options;
  }

  /** Before the start, or after it. */
  add(hook: OnceHook): void {
    const waiting: Waiting = { hook, isRunning: false, isDue: false, slow: undefined, failures: 0, retry: undefined };
    this.#hooks.push(waiting);
    const listen = { module: hook.module, kind: hook.kind };
    this.#options.replica.listen({ ...listen, applied: () => this.#lookSoon(waiting) });
  }

  /** Reads what was done in earlier lives. Throws StoreError. */
  async start(): Promise<void> {
    const { store, clusterMs } = this.#options;
    const { sinceMs, done } = await store.transaction((tx) => readOnce(tx, Math.trunc(clusterMs())));
    if (this.#state !== "new") return;
    this.#sinceMs = sinceMs;
    for (const key of done) this.#done.add(textOf(key));
    this.#state = "running";
    for (const waiting of this.#hooks) this.#look(waiting);
  }

  /** What runs is not waited for: it was not written down, and runs again in the next life. */
  stop(): void {
    this.#state = "stopped";
    for (const { retry, slow } of this.#hooks) {
      retry?.cancel();
      slow?.cancel();
    }
  }

  #lookSoon(waiting: Waiting): void {
    if (waiting.isDue) return;
    waiting.isDue = true;
    this.#options.clock.soon(() => {
      waiting.isDue = false;
      this.#look(waiting);
    });
  }

  #look(waiting: Waiting): void {
    if (this.#state !== "running" || waiting.isRunning || waiting.retry !== undefined) return;
    const next = this.#next(waiting.hook);
    if (next === undefined) return;
    waiting.isRunning = true;
    void this.#run(waiting, next);
  }

  /** The earliest that was not done. */
  #next(hook: OnceHook): { readonly row: ReplicaRow; readonly entry: HistoryEntry } | undefined {
    const all = this.#options.replica.view().flatMap((row) => {
      const { content } = row;
      if (content === undefined || content.kind !== hook.kind) return [];
      return content.history
        .filter((entry) => entry.phase === hook.phase && !this.#done.has(textOf(keyOf(hook, row.topic, entry))))
        .filter((entry) => entry.atMs >= this.#sinceMs || entry.term === content.term?.id)
        .map((entry) => ({ row, entry }));
    });
    return all.toSorted((a, b) => a.entry.atMs - b.entry.atMs)[0];
  }

  /** Never rejects. */
  async #run(
    waiting: Waiting,
    { row, entry }: { readonly row: ReplicaRow; readonly entry: HistoryEntry },
  ): Promise<void> {
    const { store, clock, clusterMs, alarms } = this.#options;
    const { hook } = waiting;
    const key = keyOf(hook, row.topic, entry);
    waiting.slow = clock.after(ONCE_SLOW_MS, () => {
      alarms.raise(`hook_slow:${hook.module}`, { activity: row.id, phase: entry.phase, term: entry.term });
    });
    try {
      await hook.run(eventOf(row, entry));
      await store.transaction((tx) => writeOnce(tx, key, Math.trunc(clusterMs())));
      this.#done.add(textOf(key));
      waiting.failures = 0;
    } catch (error) {
      if (this.#state === "running") this.#failed(waiting, error);
    }
    waiting.slow.cancel();
    alarms.clear(`hook_slow:${hook.module}`);
    waiting.isRunning = false;
    this.#look(waiting);
  }

  #failed(waiting: Waiting, error: unknown): void {
    const { clock, alarms } = this.#options;
    const { hook } = waiting;
    alarms.raise(`module_fault:${hook.module}`, { at: `once ${hook.phase}`, error: messageOf(error) });
    const delayMs = Math.min(ONCE_RETRY_MAX_MS, ONCE_RETRY_FIRST_MS * 2 ** waiting.failures);
    waiting.failures = Math.min(waiting.failures + 1, 16);
    waiting.retry = clock.after(delayMs, () => {
      waiting.retry = undefined;
      this.#look(waiting);
    });
  }
}

function eventOf({ id, owner, content }: ReplicaRow, entry: HistoryEntry): OnceEvent {
  const { term, number: termNumber, phase, atMs } = entry;
  return {
    id,
    kind: content?.kind ?? "",
    owner,
    term,
    termNumber,
    phase,
    atMs,
    config: content?.config,
    isCurrent: content?.term?.id === term && content.phase === phase,
  };
}

function keyOf(hook: OnceHook, topic: string, { term, phase }: HistoryEntry): OnceKey {
  return { module: hook.module, topic, term, phase };
}

function textOf({ module, topic, term, phase }: OnceKey): string {
  return `${module} ${topic} ${term} ${phase}`;
}
