/**
 * What a run comes to, as data and as text. Pure.
 */

import type { BotFigures } from "./bot_figures.ts";
import type { LatencyHistogram } from "./latency_histogram.ts";

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface BotSummary {
  readonly bots: number;
  readonly seed: number;
  readonly durationMs: number;
  readonly logins: number;
  readonly loginsAfterLoss: number;
  readonly resumes: number;
  readonly cuts: number;
  readonly logouts: number;
  readonly requests: number;
  readonly replies: number;
  readonly carried: number;
  readonly unanswered: number;
  readonly pushes: number;
  /** Requests by the code of their error. */
  readonly errors: Readonly<Record<string, number>>;
  /** Connections that ended, or were refused, by code; without those that bots ended themselves. */
  readonly ends: Readonly<Record<string, number>>;
  readonly login: Latency;
  readonly resume: Latency;
  readonly request: Latency;
}

export function summaryOf(
  figures: BotFigures,
  run: { readonly bots: number; readonly seed: number; readonly durationMs: number },
): BotSummary {
  const { logins, loginsAfterLoss, resumes, cuts, logouts, requests, replies, carried, unanswered, pushes } = figures;
  return {
    ...run,
    durationMs: Math.round(run.durationMs),
    ...{ logins, loginsAfterLoss, resumes, cuts, logouts, requests, replies, carried, unanswered, pushes },
    errors: byCode(figures.errors),
    ends: byCode(figures.ends),
    login: latencyOf(figures.login),
    resume: latencyOf(figures.resume),
    request: latencyOf(figures.request),
  };
}

export function summaryText(summary: BotSummary): string {
  const { bots, seed, durationMs, logins, loginsAfterLoss, resumes, cuts, logouts } = summary;
  const { requests, replies, carried, unanswered, pushes, errors, ends } = summary;
  const row = (name: string, cells: readonly string[]): string =>
    `  ${name.padEnd(8)}${cells.map((cell) => cell.padStart(10)).join("")}`;
  const times = (name: string, { count, p50Ms, p90Ms, p99Ms, p999Ms, maxMs }: Latency): string => {
    const all = [p50Ms, p90Ms, p99Ms, p999Ms, maxMs];
    return row(name, [String(count), ...all.map((each) => (count === 0 ? "-" : each.toFixed(1)))]);
  };
  return [
    `${bots} bots, ${(durationMs / 1000).toFixed(1)} s, seed ${seed}`,
    `  logins ${logins}, of them after a loss ${loginsAfterLoss}; logouts ${logouts}; cuts ${cuts}; resumes ${resumes}`,
    `  requests ${requests}: replies ${replies}, of them after a cut ${carried}; errors ${sum(errors)}; unanswered ${unanswered}`,
    `  pushes ${pushes}`,
    `  errors by code: ${codes(errors)}`,
    `  connections ended by others: ${codes(ends)}`,
    row("ms", ["count", "p50", "p90", "p99", "p99.9", "max"]),
    times("login", summary.login),
    times("resume", summary.resume),
    times("request", summary.request),
  ].join("\n");
}

function latencyOf(of: LatencyHistogram): Latency {
  return {
    count: of.count,
    p50Ms: of.percentileMs(50),
    p90Ms: of.percentileMs(90),
    p99Ms: of.percentileMs(99),
    p999Ms: of.percentileMs(99.9),
    maxMs: of.maxMs,
  };
}

function byCode(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].toSorted(([a, left], [b, right]) => right - left || (a < b ? -1 : 1)));
}

function codes(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([code, count]) => `${code} ${count}`);
  return all.length === 0 ? "none" : all.join(", ");
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
