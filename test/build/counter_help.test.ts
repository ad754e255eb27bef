/** Every counter of the source has a metric from the start: rules of an operator may name it. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "#test";
import { COUNTER_HELP, REASONED } from "#admin/metrics/counter_metrics.ts";

const SOURCE = resolve(import.meta.dir, "../../src");

/** Names as they are written where they are counted, and whether a reason follows. */
function counted(): Map<string, boolean> {
  const names = new Map<string, boolean>();
  for (const entry of readdirSync(SOURCE, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts") || entry.endsWith("counter_metrics.ts")) continue;
    const text = readFileSync(join(SOURCE, entry), "utf8");
    const found = text.matchAll(
      /["`]((?:admin|base|delivery|link|mesh|module|player_data|rpc|session|sync)\.[a-z_]+)(:|["`])/g,
    );
    for (const [, name = "", end] of found) names.set(name, end === ":");
  }
  return names;
}

describe("Counters of the source", () => {
  test("all have a help text, and no help text is for a counter that is gone", () => {
    expect([...counted().keys()].toSorted()).toEqual(Object.keys(COUNTER_HELP).toSorted());
  });

  test("are known to be counted by reason, or not", () => {
    const names = [...counted()].filter(([, isReasoned]) => isReasoned).map(([name]) => name);
    expect(names.toSorted()).toEqual([...REASONED].toSorted());
  });
});
