/**
 * Runs the quick part of the Promela model of state sync (sync.pml): searches that must hold, and the negative
 * controls, each of which takes one rule away and must be refuted. Needs spin and gcc; without them it says so.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, expect, test } from "#test";

const MODEL = resolve(import.meta.dir, "sync.pml");
const SEARCH_TIME_MAX_MS = 50_000;
const TEST_TIME_MAX_MS = 60_000;

interface Search {
  readonly name: string;
  /** "safe": end states and heartbeats; "ltl": for ever after some point. */
  readonly mode: "safe" | "lax" | "ltl";
  readonly flags: readonly string[];
  /** Changes, crashes, link drops, links that go for ever, losses. */
  readonly budget: readonly [number, number, number, number, number];
  readonly links?: number;
}

const HOLDS: readonly Search[] = [
  { name: "a change on all links", mode: "safe", flags: [], budget: [1, 0, 0, 0, 0] },
  { name: "every fault once on a chain", mode: "safe", flags: [], budget: [1, 1, 1, 0, 1], links: 21 },
  { name: "every fault once and a lost disk", mode: "safe", flags: ["LOSTDISK"], budget: [1, 1, 1, 0, 1], links: 21 },
  { name: "two crashes and a lost disk", mode: "safe", flags: ["LOSTDISK"], budget: [1, 2, 0, 0, 0], links: 21 },
  {
    name: "a lost disk with two ways to the owner",
    mode: "safe",
    flags: ["LOSTDISK"],
    budget: [0, 1, 0, 0, 0],
    links: 15,
  },
  { name: "a loss and a lost disk, for ever", mode: "ltl", flags: ["LOSTDISK"], budget: [0, 1, 0, 0, 1], links: 13 },
];

const REFUTED: readonly Search[] = [
  { name: "what a peer said is not passed to peers", mode: "lax", flags: ["PROV"], budget: [0, 1, 0, 1, 0] },
  { name: "no digest", mode: "lax", flags: ["NODIGEST"], budget: [0, 0, 0, 0, 1], links: 13 },
  { name: "the owner ignores reports", mode: "lax", flags: ["NOLEARN", "LOSTDISK"], budget: [0, 1, 0, 0, 0] },
  { name: "a full queue drops", mode: "lax", flags: ["DROP"], budget: [2, 0, 0, 0, 0], links: 13 },
  { name: "the owner does not list at link-up", mode: "lax", flags: ["UPPERONLY"], budget: [0, 0, 0, 0, 0] },
  {
    name: "no standing comparison (R1), a want is lost",
    mode: "lax",
    flags: ["SNAPREP"],
    budget: [0, 0, 0, 0, 1],
    links: 13,
  },
  {
    name: "no standing comparison (R1), a clash is hidden",
    mode: "lax",
    flags: ["SNAPREP", "LOSTDISK"],
    budget: [1, 2, 0, 0, 0],
    links: 21,
  },
  {
    name: "neither a standing comparison nor an answer to a useless snapshot (R1, R2)",
    mode: "ltl",
    flags: ["ASWRITTEN", "LOSTDISK"],
    budget: [1, 2, 0, 0, 0],
    links: 21,
  },
  {
    name: "reports that clash replace each other (R3)",
    mode: "lax",
    flags: ["ONESEEN", "LOSTDISK"],
    budget: [1, 2, 0, 0, 0],
    links: 21,
  },
];

function isInstalled(command: string, version: string): boolean {
  return spawnSync(command, [version], { stdio: "ignore" }).status === 0;
}

function run(command: string, args: readonly string[], folder: string): string {
  const result = spawnSync(command, args, { cwd: folder, encoding: "utf8", timeout: SEARCH_TIME_MAX_MS });
  if (result.status !== 0) throw new Error(`Cannot run ${command}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}

/** Errors found and whether the search was a whole one. */
function search(of: Search): { readonly errors: number; readonly isWhole: boolean } {
  const folder = mkdtempSync(join(tmpdir(), "kuafu-model-"));
  try {
    const budget = ["UPD", "CR", "LD", "PD", "LOSS"].map((name, index) => `-D${name}=${of.budget[index] ?? 0}`);
    const mode = { safe: ["-DSAFE"], lax: ["-DSAFE", "-DLAX"], ltl: [] }[of.mode];
    const flags = of.flags.map((flag) => `-D${flag}`);
    run("spin", ["-DBOOTED", `-DMASK=${of.links ?? 31}`, ...mode, ...flags, ...budget, "-a", MODEL], folder);
    const isLtl = of.mode === "ltl";
    run("gcc", ["-O2", "-w", "-DCOLLAPSE", ...(isLtl ? [] : ["-DSAFETY"]), "-o", "pan", "pan.c"], folder);
    const output = run("./pan", isLtl ? ["-a", "-m200000"] : ["-E", "-m20000"], folder);
    const errors = /errors: (\d+)/.exec(output)?.[1];
    if (errors === undefined) throw new Error(`Cannot read the search: ${output.slice(-400)}`);
    const isWhole = !output.includes("max search depth too small") && !output.includes("Search not completed");
    return { errors: Number(errors), isWhole };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe("Model of state sync", () => {
  test("has a control for every rule that it names", () => {
    const text = readFileSync(MODEL, "utf8");
    const controls = new Set(REFUTED.flatMap(({ flags }) => flags));
    for (const control of controls) expect(text).toMatch(new RegExp(`#ifn?def ${control}|defined\\(${control}\\)`));
    for (const rule of ["R1", "R2", "R3"]) expect(REFUTED.some(({ name }) => name.includes(rule))).toBe(true);
  });

  if (!isInstalled("spin", "-V") || !isInstalled("gcc", "--version")) {
    console.info(
      "model of state sync: searches skipped, spin and gcc are not both installed (Debian: apt-get install spin gcc)",
    );
    return;
  }

  for (const of of HOLDS) {
    test(`holds: ${of.name}`, () => expect(search(of)).toEqual({ errors: 0, isWhole: true }), TEST_TIME_MAX_MS);
  }
  for (const of of REFUTED) {
    test(
      `is refuted without its rule: ${of.name}`,
      () => expect(search(of).errors).toBeGreaterThan(0),
      TEST_TIME_MAX_MS,
    );
  }
});
