/** Every table of the source stands on the page about data, and no other does. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "#test";

const ROOT = resolve(import.meta.dir, "../..");

function made(): string[] {
  const names = new Set<string>();
  for (const entry of readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })) {
    if (!entry.endsWith(".ts")) continue;
    const text = readFileSync(join(ROOT, "src", entry), "utf8");
    for (const [, name = ""] of text.matchAll(/CREATE TABLE (?:IF NOT EXISTS )?([a-z_]+)/g)) names.add(name);
  }
  return [...names].toSorted();
}

/** First cells of its tables, and the one that is named in the text. */
function told(): string[] {
  const page = readFileSync(join(ROOT, "docs/data.md"), "utf8");
  const names = [...page.matchAll(/^\| `([a-z_]+)` /gm)].map(([, name = ""]) => name);
  return [...new Set([...names, ...(page.includes("`kuafu_migration`") ? ["kuafu_migration"] : [])])].toSorted();
}

describe("docs/data.md", () => {
  test("has every table that a store is made with, and no other", () => {
    expect(told()).toEqual(made());
    expect(made().length).toBeGreaterThan(20);
  });
});
