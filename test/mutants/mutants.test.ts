import { describe, expect, test } from "#test";
import { LINK_MUTANTS } from "./link_mutants.ts";
import { MESH_MUTANTS } from "./mesh_mutants.ts";
import type { Mutant, Suite } from "./mutant.ts";
import { unit } from "./mutant.ts";
import { PLAYER_MUTANTS } from "./player_mutants.ts";
import { STATE_MUTANTS } from "./state_mutants.ts";
import { TERM_MUTANTS } from "./term_mutants.ts";
import type { Verdict } from "./workshop.ts";
import { Workshop } from "./workshop.ts";

const MUTANTS = [...STATE_MUTANTS, ...LINK_MUTANTS, ...MESH_MUTANTS, ...TERM_MUTANTS, ...PLAYER_MUTANTS];
const WORKERS = 2;

/** LAYERS=all asks the simulation too about what the unit tests have caught: the table then shows both. */
const all = process.env["LAYERS"] === "all";
/** MUTANT=text runs those whose names contain it. */
const wanted = MUTANTS.filter((mutant) => mutant.name.includes(process.env["MUTANT"] ?? ""));

/** Each once, with what several mutants share. */
function suitesOf(mutants: readonly Mutant[]): Suite[] {
  const units = new Set<string>();
  const others = new Map<string, Suite>();
  for (const suite of mutants.flatMap((mutant) => mutant.suites)) {
    if (suite.layer === "unit") for (const file of suite.files) units.add(file);
    else others.set(suite.files.join(), suite);
  }
  return [{ layer: "unit", files: [...units] }, ...others.values()];
}

function line(mutant: Mutant, verdict: Verdict): string {
  const what =
    verdict.kind === "caught"
      ? verdict.by.join(", ")
      : verdict.kind === "refused"
        ? `REFUSED: ${verdict.why}`
        : "SURVIVED";
  return `${mutant.rule.padEnd(16)} ${mutant.name.padEnd(58)} ${what}`;
}

describe("Planted faults", () => {
  test("are all caught by some layer", async () => {
    const verdicts = new Map<Mutant, Verdict>();
    const queue = [...wanted];
    const workshops = await Promise.all(Array.from({ length: WORKERS }, () => Workshop.open()));
    try {
      const [first] = workshops;
      expect(await first?.complaints(suitesOf(wanted))).toEqual([]);
      const work = async (workshop: Workshop): Promise<void> => {
        for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
          verdicts.set(mutant, await workshop.judge(mutant, { all }));
        }
      };
      await Promise.all(workshops.map(work));
    } finally {
      await Promise.all(workshops.map((workshop) => workshop.close()));
    }
    const lines = wanted.map((mutant) => line(mutant, verdicts.get(mutant) ?? { kind: "survived" }));
    console.log([`${wanted.length} planted faults, and what caught them:`, ...lines].join("\n"));
    expect(lines.filter((_line, index) => verdicts.get(wanted[index] as Mutant)?.kind !== "caught")).toEqual([]);
    expect(verdicts.size).toBeGreaterThan(0);
  }, 900_000);

  test("that change nothing survive, and those that cannot be planted are refused", async () => {
    const harmless: Mutant = {
      name: "another word in a comment",
      rule: "none",
      file: "src/mesh/death_watch.ts",
      find: "decided purely",
      replace: "purely decided",
      suites: [unit("mesh/death_watch")],
    };
    const workshop = await Workshop.open();
    try {
      expect(await workshop.judge(harmless, { all })).toEqual({ kind: "survived" });
      for (const change of [{ find: "text that is nowhere" }, { find: "boot" }, { replace: "*/ )" }]) {
        const verdict = await workshop.judge({ ...harmless, ...change }, { all });
        expect({ change, kind: verdict.kind }).toEqual({ change, kind: "refused" });
      }
    } finally {
      await workshop.close();
    }
  }, 60_000);
});
