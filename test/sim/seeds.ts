/**
 * Which seeds a simulation runs, and what is printed of it. `SEED=n` replays one, `SEEDS=n` runs that many, and
 * `SEED_FROM=n` begins elsewhere. A failed seed is printed with the end of its trace and the command that replays it.
 */

import { env, stderr } from "node:process";

export function chosenSeeds(options: { readonly count: number; readonly kept: readonly number[] }): number[] {
  const one = env["SEED"];
  if (one !== undefined) return [Number(one)];
  const count = env["SEEDS"] === undefined ? options.count : Number(env["SEEDS"]);
  const from = env["SEED_FROM"] === undefined ? 1 : Number(env["SEED_FROM"]);
  const fresh = Array.from({ length: count }, (_value, index) => from + index);
  return [...new Set([...options.kept, ...fresh])];
}

/** Throws when the run has a violation. */
export function report<
  R extends { readonly seed: number; readonly violations: readonly string[]; readonly trace: readonly string[] },
>(run: R, name: string): R {
  if (run.violations.length === 0) return run;
  const replay = `SEED=${run.seed} dist/bun test test/sim/${name}.test.ts`;
  print(
    [...run.trace, "", `seed ${run.seed} has failed; replay it with`, `  ${replay}`, ...run.violations, ""].join("\n"),
  );
  throw new Error(`Cannot keep the invariants with seed ${run.seed}: ${run.violations[0] ?? ""} (${replay})`);
}

/** The value below which this share of the values is. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function percentiles(what: string, values: readonly number[]): void {
  const at = (share: number): string => percentile(values, share).toFixed(2);
  print(`${what}: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)}, of ${values.length}`);
}

/** Sums of what runs have counted, by name. */
export function total<R>(runs: readonly R[], of: (run: R) => ReadonlyMap<string, number>): Map<string, number> {
  const sums = new Map<string, number>();
  for (const run of runs) for (const [name, count] of of(run)) sums.set(name, (sums.get(name) ?? 0) + count);
  return new Map([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(", ");
}

export function print(text: string): void {
  stderr.write(`${text}\n`);
}
