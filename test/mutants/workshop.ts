/**
 * Where mutants are tried: copies of the sources and tests in a temporary folder, one per worker, with the installed
 * packages linked. The checkout itself is never changed. A mutant is planted, the suites run, the file is put back.
 */

import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execPath } from "node:process";
import type { Mutant, Suite } from "./mutant.ts";

const ROOT = resolve(import.meta.dir, "../..");
const COPIED = ["src", "test", "examples", "package.json", "bunfig.toml", "tsconfig.json"] as const;
/** Longer than any of the suites takes on a busy machine; who takes longer hangs. */
const SUITE_MS_MAX = 120_000;

export type Verdict =
  /** By each layer that was asked and noticed, with its first test that failed. */
  | { readonly kind: "caught"; readonly by: readonly string[] }
  | { readonly kind: "survived" }
  /** The change cannot be made, or what it leaves cannot be loaded: such a mutant proves nothing. */
  | { readonly kind: "refused"; readonly why: string };

interface SuiteResult {
  readonly isGood: boolean;
  readonly output: string;
}

/** Packages are linked, not copied. */
function isWanted(path: string): boolean {
  return !path.endsWith("/node_modules");
}

export class Workshop {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<Workshop> {
    const folder = await mkdtemp(join(tmpdir(), "kuafu-mutants-"));
    for (const name of COPIED) await cp(join(ROOT, name), join(folder, name), { recursive: true, filter: isWanted });
    await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
    return new Workshop(folder);
  }

  async close(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** What the suites say of the sources as they are; empty when all is well. */
  async complaints(suites: readonly Suite[]): Promise<string[]> {
    const out: string[] = [];
    for (const suite of suites) {
      const result = await this.#run(suite);
      if (!result.isGood) out.push(`${suite.files.join(" ")} fails without a mutant:\n${result.output.slice(-2000)}`);
    }
    return out;
  }

  /** Asks the suites in their order until one has noticed, or, with `all`, every one of them. */
  async judge(mutant: Mutant, options: { readonly all: boolean }): Promise<Verdict> {
    const path = join(this.#folder, mutant.file);
    const source = await Bun.file(path).text();
    const count = source.split(mutant.find).length - 1;
    if (count !== 1)
      return { kind: "refused", why: `the text to change is in ${mutant.file} ${count} times, wish is 1` };
    await Bun.write(
      path,
      source.replace(mutant.find, () => mutant.replace),
    );
    const by: string[] = [];
    try {
      for (const suite of mutant.suites) {
        const { isGood, output } = await this.#run(suite);
        if (isGood) continue;
        if (/Unhandled error between tests|Ran 0 tests|SyntaxError/.test(output)) {
          return { kind: "refused", why: `what it leaves cannot be loaded: ${output.slice(-500)}` };
        }
        const test = /\(fail\) (.*?)(?: \[[0-9.]+ms\])?$/m.exec(output)?.[1] ?? "a test that hangs";
        by.push(suite.layer === "unit" ? `unit (${test})` : suite.layer);
        if (!options.all) break;
      }
      return by.length > 0 ? { kind: "caught", by } : { kind: "survived" };
    } finally {
      await Bun.write(path, source);
    }
  }

  async #run(suite: Suite): Promise<SuiteResult> {
    const only = suite.only === undefined ? [] : ["-t", suite.only];
    const files = suite.files.map((file) => `./${file}`);
    const { SEED: _seed, SEEDS: _seeds, SEED_FROM: _from, ...environment } = Bun.env;
    const child = Bun.spawn([execPath, "test", "--bail", `--timeout=${SUITE_MS_MAX}`, ...only, ...files], {
      cwd: this.#folder,
      env: { ...environment, ...suite.environment, NO_COLOR: "1" },
      stdout: "pipe",
      stderr: "pipe",
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), SUITE_MS_MAX);
    const [out, error, code] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ]);
    clearTimeout(timer);
    return { isGood: code === 0, output: out + error };
  }
}
