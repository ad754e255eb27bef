/**
 * The READMEs in two languages say the same: the same commands and pictures, the same chapters, the same pages.
 */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "#test";

const ROOT = resolve(import.meta.dir, "../..");
const read = (name: string): string => readFileSync(resolve(ROOT, name), "utf8");
const ENGLISH = read("README.md");
const CHINESE = read("README.zh-CN.md");

function blocksOf(text: string): readonly string[] {
  return text.match(/^```[a-z]*\n[\s\S]*?^```$/gm) ?? [];
}

/** Levels of the headings, in order. */
function headingsOf(text: string): readonly number[] {
  const prose = blocksOf(text).reduce((left, block) => left.replace(block, ""), text);
  return [...prose.matchAll(/^(#+) /gm)].map(([, marks = ""]) => marks.length);
}

function linksOf(text: string): readonly string[] {
  return [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
}

describe("The READMEs in two languages", () => {
  test("have the same commands and pictures, in the same order", () => {
    expect(blocksOf(CHINESE)).toEqual([...blocksOf(ENGLISH)]);
    expect(blocksOf(ENGLISH).length).toBeGreaterThan(5);
  });

  test("have the same chapters and point at the same pages", () => {
    expect(headingsOf(CHINESE)).toEqual([...headingsOf(ENGLISH)]);
    expect(linksOf(CHINESE)).toEqual([...linksOf(ENGLISH)]);
  });
});
