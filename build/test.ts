/**
 * The test command: the gate, then every test, then one line that sums up.
 *
 *   dist/bun build/test.ts                   everything
 *   dist/bun build/test.ts --gate            the gate alone
 *   dist/bun build/test.ts test/link [-t X]  tests of a folder or file alone
 *   dist/bun build/test.ts --deno [test/link]  those that run on Deno alone
 *
 * The last line is "N passed, N failed", with ", N skipped" if there are any.
 * The exit code is 0 only if something ran and nothing failed.
 */

import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { DENO_ENVIRONMENT, DENO_TIME_MAX_MS, denoFiles, denoProgram, denoTestCommand, judgeDenoRun } from "./deno.ts";
import { type Check, executableCheck, gateChecks } from "./gate.ts";
import { makeGroups, selectFiles, type TestGroup } from "./groups.ts";
import { addCounts, type Counts, formatCounts } from "./junit.ts";
import { judgeGroup, shorten, skipLines, type Verdict } from "./report.ts";
import { type CommandResult, forwardSignals, runCommand, stopCode } from "./run_command.ts";

const ROOT = resolve(import.meta.dir, "..");
/** One folder for each run, so that two at once do not disturb each other. */
const REPORTS = join(ROOT, "dist/reports", String(process.pid));
const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };
const OUTPUT_LINES_MAX = 300;

const { values, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    gate: { type: "boolean", default: false },
    deno: { type: "boolean", default: false },
    "test-name-pattern": { type: "string", short: "t" },
  },
});
const namePattern = values["test-name-pattern"];
const isFiltered = filters.length > 0 || namePattern !== undefined || values.deno;

async function main(): Promise<number> {
  forwardSignals();
  await mkdir(REPORTS, { recursive: true });
  await removeOldReports();

  const listed = await listFiles();
  const groups = values.gate || values.deno ? [] : makeGroups(selectFiles(listed, filters));
  const foreign = values.gate || (isFiltered && !values.deno) ? [] : denoFiles(listed, filters);
  let checks = NOTHING;
  let tests = NOTHING;
  let hasExecutable = false;

  if (!isFiltered || values.gate) {
    for (const check of gateChecks(ROOT)) {
      checks = addCounts(checks, await runCheck(check));
    }
  }
  if (!isFiltered || groups.some((group) => group.needsExecutable)) {
    const counts = await runCheck(executableCheck());
    checks = addCounts(checks, counts);
    hasExecutable = counts.failed === 0;
  }
  for (const [index, group] of groups.entries()) {
    if (stopCode() !== undefined) break;
    if (group.needsExecutable && !hasExecutable) {
      console.log(`FAILED  ${group.name}: there is no executable to test`);
      tests = addCounts(tests, { ...NOTHING, failed: 1 });
    } else {
      tests = addCounts(tests, await runGroup(group, index));
    }
  }

  if (foreign.length > 0 && stopCode() === undefined) tests = addCounts(tests, await runDenoGroup(foreign));

  const total = addCounts(checks, tests);
  const ran = values.gate ? total : tests;
  const ranCount = ran.passed + ran.failed;
  const stopped = stopCode();
  if (stopped !== undefined) console.log("stopped by a signal");
  else if (ranCount === 0) console.log("no test ran");
  console.log(formatCounts(total));
  if (stopped !== undefined) return stopped;
  return total.failed > 0 || ranCount === 0 ? 1 : 0;
}

async function removeOldReports(): Promise<void> {
  for (const name of await readdir(dirname(REPORTS))) {
    if (isRunning(Number(name))) continue;
    await rm(join(dirname(REPORTS), name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function listFiles(): Promise<string[]> {
  const entries = await readdir(join(ROOT, "test"), { recursive: true });
  return entries.map((entry) => `test/${entry.replaceAll("\\", "/")}`);
}

async function runCheck(check: Check): Promise<Counts> {
  if (stopCode() !== undefined) return NOTHING;
  const startedMs = performance.now();
  const result = await check.run();
  if (stopCode() !== undefined) return NOTHING;
  const time = formatTime(performance.now() - startedMs);
  console.log(`${result.ok ? "ok    " : "FAILED"}  ${check.name} (${time})`);
  if (result.ok) return { ...NOTHING, passed: 1 };
  console.log(shorten(result.output.trim(), OUTPUT_LINES_MAX));
  return { ...NOTHING, failed: 1 };
}

async function runGroup(group: TestGroup, index: number): Promise<Counts> {
  const report = join(REPORTS, `${index}.xml`);
  const log = join(REPORTS, `${index}.log`);
  const result = await runCommand(
    [
      process.execPath,
      "test",
      "--no-orphans",
      `--timeout=${group.testTimeMaxMs}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...(isFiltered ? [] : ["--only-failures"]),
      ...(group.parallel && group.files.length > 1 ? ["--parallel"] : []),
      ...(namePattern === undefined ? [] : ["-t", namePattern]),
      ...group.files.map((file) => `./${file}`),
    ],
    {
      cwd: ROOT,
      timeLimitMs: group.groupTimeMaxMs,
      output: isFiltered ? "inherit" : "capture",
    },
  );
  await Bun.write(log, result.output);
  const file = Bun.file(report);
  const verdict = judgeGroup({
    files: group.files,
    xml: (await file.exists()) ? await file.text() : "",
    code: result.code,
    timedOut: result.timedOut,
    isPartial: namePattern !== undefined,
  });
  return tell({ name: group.name, verdict, result, log });
}

/** One process for all of them: what Deno loads for one file it has for the next. */
async function runDenoGroup(files: readonly string[]): Promise<Counts> {
  const name = "the same suites on Deno";
  if (!(await Bun.file(denoProgram(ROOT)).exists())) {
    console.log(
      `FAILED  ${name}: bun.lock has no Deno for this platform; docs/decisions/deno_edge.md says how to add it`,
    );
    return { ...NOTHING, failed: 1 };
  }
  const report = join(REPORTS, "deno.xml");
  const log = join(REPORTS, "deno.log");
  const result = await runCommand(denoTestCommand({ root: ROOT, report, files, namePattern }), {
    cwd: ROOT,
    timeLimitMs: DENO_TIME_MAX_MS,
    output: "capture",
    environment: DENO_ENVIRONMENT,
  });
  await Bun.write(log, result.output);
  const file = Bun.file(report);
  const verdict = judgeDenoRun({
    files,
    xml: (await file.exists()) ? await file.text() : "",
    output: result.output,
    code: result.code,
    timedOut: result.timedOut,
    isPartial: namePattern !== undefined,
  });
  if (isFiltered) console.log(shorten(result.output.trim(), OUTPUT_LINES_MAX));
  return tell({ name, verdict, result, log });
}

function tell(run: {
  readonly name: string;
  readonly verdict: Verdict;
  readonly result: CommandResult;
  readonly log: string;
}): Counts {
  const { name, verdict, result, log } = run;
  if (stopCode() !== undefined) return verdict.counts;
  const isGood = verdict.counts.failed === 0;
  const time = formatTime(result.durationMs);
  console.log(`${isGood ? "ok    " : "FAILED"}  ${name}: ${formatCounts(verdict.counts)} (${time})`);
  if (!isFiltered) for (const line of skipLines(result.output)) console.log(`        ${line}`);
  if (isGood) return verdict.counts;
  for (const line of verdict.lines) console.log(`        ${line}`);
  if (!isFiltered) {
    console.log(shorten(result.output.trim(), OUTPUT_LINES_MAX));
    console.log(`all of the output: ${log}`);
  }
  return verdict.counts;
}

function formatTime(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

process.exitCode = await main();
