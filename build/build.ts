/**
 * Compiles src/main.ts into the one executable, dist/kuafu.
 * The result appears under its name only when it is complete, and is kept as
 * long as its stamp matches: a digest of the sources, the lock file, the
 * compiler's version and the release.
 *
 *   dist/bun build/build.ts [--entry FILE] [--out FILE]
 */

import { createHash } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runCommand } from "./run_command.ts";

export interface BuildOptions {
  readonly root: string;
  readonly entry: string;
  readonly out: string;
}

export type BuildResult =
  | { readonly kind: "kept" }
  | { readonly kind: "built"; readonly durationMs: number }
  | { readonly kind: "failed"; readonly output: string };

const ROOT = resolve(import.meta.dir, "..");
const BUILD_TIME_MAX_MS = 300_000;

/** Besides the folder of the entry, what decides the bytes of the executable. */
const STAMPED_FILES = ["package.json", "bun.lock", "tsconfig.json", "build/build.ts"];

const FLAGS = [
  "--compile",
  "--production",
  "--minify",
  "--keep-names",
  "--sourcemap",
  "--bytecode",
  "--format=esm",
  // A file that lies in the working directory must not change the server.
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  // Or msgpackr would look for a native part in the folder it was compiled in.
  '--define=process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED="true"',
];

export async function buildExecutable(given: Partial<BuildOptions> = {}): Promise<BuildResult> {
  const options: BuildOptions = {
    root: ROOT,
    entry: join(ROOT, "src/main.ts"),
    out: join(ROOT, "dist/kuafu"),
    ...given,
  };
  if (!(await Bun.file(options.entry).exists())) {
    return {
      kind: "failed",
      output: `Cannot build ${options.out}: ${options.entry} does not exist`,
    };
  }
  const release = await readRelease(options.root);
  const stamp = await computeStamp(options, release);
  const stampFile = Bun.file(`${options.out}.stamp`);
  const isCurrent =
    (await Bun.file(options.out).exists()) && (await stampFile.exists()) && (await stampFile.text()) === stamp;
  if (isCurrent) return { kind: "kept" };

  await mkdir(dirname(options.out), { recursive: true });
  const temporary = join(dirname(options.out), `.${basename(options.out)}.${process.pid}`);
  try {
    const result = await runCommand(
      [
        process.execPath,
        "build",
        ...FLAGS,
        `--define=KUAFU_RELEASE=${JSON.stringify(release)}`,
        `--outfile=${temporary}`,
        options.entry,
      ],
      { cwd: options.root, timeLimitMs: BUILD_TIME_MAX_MS, output: "capture" },
    );
    if (result.code !== 0) return { kind: "failed", output: result.output };
    await rename(temporary, options.out);
    await Bun.write(`${options.out}.stamp`, stamp);
    return { kind: "built", durationMs: result.durationMs };
  } finally {
    await rm(temporary, { force: true });
    // The executable holds its source map; the copy beside it is not needed.
    await rm(`${temporary}.map`, { force: true });
  }
}

/** "0.1.0", or "0.1.0+1a2b3c4d5" in a checkout, ".changed" if it was edited. */
export async function readRelease(root: string): Promise<string> {
  const manifest: unknown = await Bun.file(join(root, "package.json")).json();
  const version = readVersion(manifest);
  // An unpacked archive may lie inside a checkout of something else.
  const prefix = await git(root, ["rev-parse", "--show-prefix"]);
  if (prefix !== "") return version;
  const commit = await git(root, ["rev-parse", "--short=9", "HEAD"]);
  if (commit === undefined) return version;
  const changes = await git(root, ["status", "--porcelain", "--", "src", ...STAMPED_FILES]);
  return `${version}+${commit}${changes === "" ? "" : ".changed"}`;
}

function readVersion(manifest: unknown): string {
  if (
    typeof manifest === "object" &&
    manifest !== null &&
    "version" in manifest &&
    typeof manifest.version === "string"
  ) {
    return manifest.version;
  }
  throw new Error("Cannot read package.json: it has no version");
}

async function git(root: string, args: readonly string[]): Promise<string | undefined> {
  if (Bun.which("git") === null) return undefined;
  const child = Bun.spawn(["git", ...args], {
    cwd: root,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "ignore",
  });
  const output = await new Response(child.stdout).text();
  return (await child.exited) === 0 ? output.trim() : undefined;
}

async function computeStamp(options: BuildOptions, release: string): Promise<string> {
  const hash = createHash("sha256");
  hash.update(
    JSON.stringify([Bun.version, Bun.revision, process.platform, process.arch, release, options.entry, FLAGS]),
  );
  const sources = dirname(options.entry);
  const entries = await readdir(sources, {
    recursive: true,
    withFileTypes: true,
  });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const name of STAMPED_FILES) paths.push(join(options.root, name));
  for (const path of paths) {
    const file = Bun.file(path);
    if (!(await file.exists())) continue;
    const bytes = await file.bytes();
    hash.update(`\0${path}\0${bytes.length}\0`);
    hash.update(bytes);
  }
  return hash.digest("hex");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { entry: { type: "string" }, out: { type: "string" } },
  });
  const result = await buildExecutable({
    ...(values.entry === undefined ? {} : { entry: resolve(values.entry) }),
    ...(values.out === undefined ? {} : { out: resolve(values.out) }),
  });
  if (result.kind === "failed") {
    console.error(result.output);
    process.exitCode = 1;
  } else {
    console.log(result.kind === "kept" ? "already built" : "built");
  }
}

if (import.meta.main) await main();
