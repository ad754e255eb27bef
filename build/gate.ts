/**
 * The checks that need no running code: types, format, lint, house rules, and
 * whether the executable can be compiled. All of them run, even if one fails.
 */

import { join } from "node:path";
import { buildExecutable } from "./build.ts";
import { DENO_ENVIRONMENT, denoCheckCommand, denoProgram } from "./deno.ts";
import { runCommand } from "./run_command.ts";

export interface Check {
  readonly name: string;
  readonly run: () => Promise<CheckResult>;
}

export interface CheckResult {
  readonly ok: boolean;
  readonly output: string;
}

const CHECK_TIME_MAX_MS = 600_000;

export function gateChecks(root: string): Check[] {
  const bun = process.execPath;
  return [
    command(root, "types", [bun, "check", "--no-script", "--no-pretty"]),
    { name: "types on Deno", run: () => denoTypes(root) },
    command(root, "format", [bun, "fmt", "--no-script", "--check"]),
    {
      name: "lint",
      run: () => lint(root),
    },
    command(root, "tidy", [bun, join(root, "build/tidy.ts")]),
  ];
}

export function executableCheck(): Check {
  return {
    name: "executable",
    run: async () => {
      const result = await buildExecutable();
      return result.kind === "failed" ? { ok: false, output: result.output } : { ok: true, output: "" };
    },
  };
}

function command(root: string, name: string, words: readonly string[]): Check {
  return { name, run: () => execute(root, words, {}) };
}

async function denoTypes(root: string): Promise<CheckResult> {
  if (!(await Bun.file(denoProgram(root)).exists())) {
    return {
      ok: false,
      output: "Cannot check: bun.lock has no Deno for this platform; docs/decisions/deno_edge.md says how to add it",
    };
  }
  return execute(root, denoCheckCommand(root), DENO_ENVIRONMENT);
}

async function lint(root: string): Promise<CheckResult> {
  // Both packages start a native program through a script for Node, which is
  // not there on a machine that has Bun only: hence Bun, and the program's path.
  const platform = `${process.platform}-${process.arch}`;
  const program = join(root, `node_modules/@oxlint-tsgolint/${platform}/tsgolint`);
  if (!(await Bun.file(program).exists())) {
    return {
      ok: false,
      output: `Cannot lint: bun.lock has no oxlint-tsgolint for ${platform}; docs/decisions/oxlint.md says how to add it`,
    };
  }
  const script = join(root, "node_modules/oxlint/bin/oxlint");
  return execute(root, [process.execPath, script, "--deny-warnings"], {
    OXLINT_TSGOLINT_PATH: program,
  });
}

async function execute(
  root: string,
  words: readonly string[],
  environment: Record<string, string>,
): Promise<CheckResult> {
  const result = await runCommand(words, {
    cwd: root,
    timeLimitMs: CHECK_TIME_MAX_MS,
    output: "capture",
    environment: { NO_COLOR: "1", ...environment },
  });
  const end = result.timedOut ? "\nstopped: it took more than 10 minutes" : "";
  return { ok: result.code === 0, output: result.output + end };
}
