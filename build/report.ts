/**
 * What a run of `bun test` amounts to. The report alone is not enough: a file
 * that cannot be loaded is missing in it, and so is an error between tests.
 */

import { addCounts, type Counts, countCases, parseJunit } from "./junit.ts";

export interface GroupRun {
  readonly files: readonly string[];
  /** Empty if no report was written. */
  readonly xml: string;
  readonly code: number;
  readonly timedOut: boolean;
  /** Some tests were left out by name, so a file may well have none. */
  readonly isPartial: boolean;
}

export interface Verdict {
  readonly counts: Counts;
  /** One line for each failure. */
  readonly lines: readonly string[];
}

export function judgeGroup(run: GroupRun): Verdict {
  const cases = parseJunit(run.xml);
  const counts = countCases(cases);
  const lines = cases
    .filter((found) => found.outcome === "failed")
    .map(({ file, name, message }) => {
      const [first = ""] = message.split("\n");
      return `${file}: ${name}: ${first}`;
    });
  const extra: string[] = [];
  if (run.timedOut) extra.push("stopped: the group took too long");
  else if (run.xml === "") extra.push(`bun test ended with code ${run.code} and no report`);
  else if (!run.isPartial) {
    const seen = new Set(cases.map(({ file }) => file.replaceAll("\\", "/")));
    for (const file of run.files) {
      if (!seen.has(file)) extra.push(`${file}: no test in it was run`);
    }
  }
  if (run.code !== 0 && counts.failed === 0 && extra.length === 0) {
    extra.push(`bun test ended with code ${run.code}: an error between tests`);
  }
  return {
    counts: addCounts(counts, { passed: 0, failed: extra.length, skipped: 0 }),
    lines: [...lines, ...extra],
  };
}

/** What tests say that they leave out on this machine, each with its cure. */
export function skipLines(output: string): readonly string[] {
  const lines = output.split("\n").map((line) => line.trim());
  return [...new Set(lines.filter((line) => line.startsWith("skip: ")))];
}

/** Keeps both ends, which say how it began and how it ended. */
export function shorten(text: string, linesMax: number): string {
  const lines = text.split("\n");
  if (lines.length <= linesMax) return text;
  const half = Math.floor(linesMax / 2);
  const hidden = lines.length - 2 * half;
  return [...lines.slice(0, half), `... ${hidden} lines left out ...`, ...lines.slice(-half)].join("\n");
}
