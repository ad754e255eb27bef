/**
 * First step of every package.json script: a fresh clone becomes runnable.
 * Installs what bun.lock names, links dist/bun to the Bun that runs this file
 * and compiles dist/kuafu. With --dev the development tools are installed too
 * and nothing is compiled: build/test.ts compiles as one of its checks.
 * Runs before anything is installed, so it imports nothing but the runtime's.
 */

import { mkdir, rename, symlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildExecutable } from "./build.ts";
import { runCommand } from "./run_command.ts";

const ROOT = resolve(import.meta.dir, "..");
const INSTALL_TIME_MAX_MS = 600_000;

class PrepareError extends Error {}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { dev: { type: "boolean" } } });
  checkEnvironment();
  await checkVersion();
  await install(values.dev === true);
  await linkBun();
  if (values.dev !== true) await compile();
}

/** The next step of the script inherits our environment, so warn in time. */
function checkEnvironment(): void {
  if (process.env["BUN_BE_BUN"] !== undefined) {
    throw new PrepareError(
      "Cannot start Kuafu: BUN_BE_BUN is set and would turn dist/kuafu into a plain Bun; unset it",
    );
  }
  if (process.env["BUN_OPTIONS"] !== undefined) {
    console.error("note: BUN_OPTIONS is set; the build ignores it, the started program does not");
  }
}

async function checkVersion(): Promise<void> {
  const manifest = await Bun.file(join(ROOT, "package.json")).text();
  const wanted = /"bun-types": "([^"]+)"/.exec(manifest)?.[1];
  if (wanted !== Bun.version) {
    throw new PrepareError(`Cannot prepare with Bun ${Bun.version}: ${wanted} is needed; use npm start or npm test`);
  }
}

async function install(withDevelopment: boolean): Promise<void> {
  const result = await runCommand(
    [
      process.execPath,
      "install",
      "--frozen-lockfile",
      "--ignore-scripts",
      ...(withDevelopment ? [] : ["--production"]),
    ],
    { cwd: ROOT, timeLimitMs: INSTALL_TIME_MAX_MS, output: "capture" },
  );
  if (result.code === 0) return;
  const reason = result.timedOut ? "it took more than 10 minutes" : "see above";
  throw new PrepareError(`${result.output}\nCannot install the dependencies of bun.lock: ${reason}`);
}

/** By rename, so that a script that runs at the same time finds one or the other. */
async function linkBun(): Promise<void> {
  const dist = join(ROOT, "dist");
  await mkdir(dist, { recursive: true });
  const temporary = join(dist, `.bun.${process.pid}`);
  await symlink(process.execPath, temporary);
  await rename(temporary, join(dist, "bun"));
}

async function compile(): Promise<void> {
  const result = await buildExecutable();
  if (result.kind === "failed") throw new PrepareError(result.output);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof PrepareError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
