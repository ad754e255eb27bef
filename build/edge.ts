/**
 * Bundles src/main_deno_serve.ts into one JavaScript file, dist/kuafu_edge.js, for `deno serve`: nothing else has to be
 * on the machine but Deno. It appears under its name only when it is complete.
 *
 *   dist/bun build/edge.ts [--out FILE]
 */

import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readRelease } from "./build.ts";
import { runCommand } from "./run_command.ts";

const ROOT = resolve(import.meta.dir, "..");
const BUILD_TIME_MAX_MS = 120_000;

export type BundleResult =
  { readonly kind: "built"; readonly path: string } | { readonly kind: "failed"; readonly output: string };

export async function bundleEdge(out = join(ROOT, "dist/kuafu_edge.js")): Promise<BundleResult> {
  const release = await readRelease(ROOT);
  await mkdir(dirname(out), { recursive: true });
  const temporary = join(dirname(out), `.${process.pid}.${basename(out)}`);
  try {
    const result = await runCommand(
      [
        process.execPath,
        "build",
        // What it imports of the runtime are Node's modules, which Deno has.
        "--target=node",
        "--format=esm",
        "--production",
        "--keep-names",
        '--define=process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED="true"',
        `--define=KUAFU_RELEASE=${JSON.stringify(release)}`,
        `--outfile=${temporary}`,
        join(ROOT, "src/main_deno_serve.ts"),
      ],
      { cwd: ROOT, timeLimitMs: BUILD_TIME_MAX_MS, output: "capture" },
    );
    if (result.code !== 0) return { kind: "failed", output: result.output };
    await rename(temporary, out);
    return { kind: "built", path: out };
  } finally {
    await rm(temporary, { force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  const result = await bundleEdge(values.out === undefined ? undefined : resolve(values.out));
  if (result.kind === "failed") {
    console.error(result.output);
    process.exitCode = 1;
  } else {
    console.log(result.path);
  }
}

if (import.meta.main) await main();
