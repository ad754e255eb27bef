/** Every counter of the source has a metric from the start: rules of an operator may name it. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "#test";
import { COUNTER_HELP } from "#admin/metrics/counter_metrics.ts";

const SOURCE = resolve(import.meta.dir, "../../src");

function counted(): Set<string> {
  const names = new Set<string>();
  for (const entry of readdirSync(SOURCE, { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts") || entry.endsWith("counter_metrics.ts")) continue;
    const text = readFileSync(join(SOURCE, entry), "utf8");
    // Names as they are written where they are counted, also as one of two, and the one that the counters count themselves.
    for (const [, name] of text.matchAll(
      /["`]((?:admin|base|link|mesh|module|rpc|session|sync)\.[a-z_]+)(?::\$|["`])/g,
    )) {
      if (name !== undefined) names.add(name);
    }
  }
  return names;
}

describe("Counters of the source", () => {
  test("all have a help text, and no help text is for a counter that is gone", () => {
    expect([...counted()].toSorted()).toEqual(Object.keys(COUNTER_HELP).toSorted());
  });
});
