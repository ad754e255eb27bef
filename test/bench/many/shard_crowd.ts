/**
 * The workers of whole_shards.ts as one: they are asked together, and what they counted is added up.
 */

import { startWorker, type Worker } from "../worker.ts";
import type { Currency, LinkCount, ShardsQuestion } from "./whole_shards.ts";
import type { Tally } from "./link_traffic.ts";

const FIRST = 1001;
/** Processes; each keeps a core busy while something changes. */
const WORKERS = 2;
const BEATS = ["ping", "pong"];
const STEERING = ["want", "list", "relist", "report"];

/** A change that was asked for: the version that its owner has written. */
export interface Changed {
  readonly topic: string;
  readonly version: string;
}

/** What one change moved over the links. */
export interface Moved {
  /** Snapshots of the topic on a link, the least and the most. */
  readonly snapshots: readonly [number, number];
  /** Snapshots of other topics, on all links. */
  readonly others: number;
  /** Bytes of the topic's snapshots on a link, the most. */
  readonly size: number;
  /** The largest single one. */
  readonly snapshotSize: number;
  /** Lists, wants, relists and reports, both ways, on all links. */
  readonly steering: number;
  /** Links that were made anew meanwhile: each brings a list. */
  readonly relinks: number;
}

export class ShardCrowd {
  readonly shards: readonly number[];
  readonly #workers: readonly Worker[];

  constructor(options: { readonly script: string; readonly count: number; readonly port: number }) {
    const { script, count, port } = options;
    const each = Math.ceil(count / WORKERS);
    this.shards = Array.from({ length: count }, (_, index) => FIRST + index);
    this.#workers = Array.from({ length: WORKERS }, (_, index) => {
      const from = index * each;
      return startWorker(script, [FIRST + from, Math.min(each, count - from), port].map(String));
    });
  }

  async start(): Promise<void> {
    await this.#ask({ what: "start" });
  }

  async clear(): Promise<void> {
    await this.#ask({ what: "clear" });
  }

  /** Makes a change; answers when all nodes hold it and when all gateways have said so, both from the asking on. */
  async follow(change: () => Promise<Changed>): Promise<{ readonly heldMs: number; readonly saidMs: number }> {
    const askedAtMs = performance.timeOrigin + performance.now();
    const { topic, version } = await change();
    const seen = await this.#ask<Currency>({ what: "current", topic, version });
    if (new Set(seen.map(({ digest }) => digest)).size !== 1) {
      throw new Error(`Cannot go on: the shards differ after ${version} of ${topic}`);
    }
    const last = (of: (one: Currency) => number): number => Math.max(...seen.map(of)) - askedAtMs;
    return { heldMs: last((one) => one.heldAtMs), saidMs: last((one) => one.saidAtMs) };
  }

  /** Makes a change; answers when all nodes hold it. */
  async held(change: () => Promise<Changed>): Promise<void> {
    await this.#ask<number>({ what: "held", ...(await change()) });
  }

  /** What all links have sent of this. */
  async sent(name: string): Promise<Tally> {
    return total((await this.#links()).flatMap(({ sent }) => sent[name] ?? []));
  }

  async moved(topic: string): Promise<Moved> {
    const links = await this.#links();
    const own = links.map(({ snapshots }) => snapshots.filter((one) => one.topic === topic));
    const counts = own.map((snapshots) => snapshots.length);
    const steering = links.flatMap((link) => pick(link, STEERING));
    return {
      snapshots: [Math.min(...counts), Math.max(...counts)],
      others: links.flatMap(({ snapshots }) => snapshots.filter((one) => one.topic !== topic)).length,
      size: Math.max(...own.map((snapshots) => total(snapshots.map(({ size }) => ({ count: 1, size }))).size)),
      snapshotSize: Math.max(...own.flatMap((snapshots) => snapshots.map(({ size }) => size))),
      steering: total(steering).count,
      relinks: total(links.flatMap(({ received }) => received["welcome"] ?? [])).count,
    };
  }

  /** Heartbeats on a link, the mean of all, and all other frames on all links; both ways. */
  async beats(): Promise<{ readonly beats: Tally; readonly others: Tally }> {
    const links = await this.#links();
    const all = total(links.flatMap((link) => pick(link)));
    const beats = total(links.flatMap((link) => pick(link, BEATS)));
    return {
      beats: { count: beats.count / links.length, size: beats.size / links.length },
      others: { count: all.count - beats.count, size: all.size - beats.size },
    };
  }

  async #links(): Promise<LinkCount[]> {
    return (await this.#ask<LinkCount[]>({ what: "traffic" })).flat();
  }

  #ask<Answer>(question: ShardsQuestion): Promise<Answer[]> {
    return Promise.all(this.#workers.map((worker) => worker.ask<Answer>(question)));
  }
}

function pick({ received, sent }: LinkCount, names?: readonly string[]): Tally[] {
  const entries = [...Object.entries(received), ...Object.entries(sent)];
  return entries.filter(([name]) => names?.includes(name) ?? true).map(([, tally]) => tally);
}

function total(tallies: readonly Tally[]): Tally {
  const sum = { count: 0, size: 0 };
  for (const { count, size } of tallies) {
    sum.count += count;
    sum.size += size;
  }
  return sum;
}
