/**
 * Rules about files as such: names, sizes, headers, barrels, markers of open
 * work, and what may lie at the top of the repository.
 */

import type { Finding } from "./finding.ts";
import { lineAt, type Source } from "./source.ts";

export const LINES_ASKED = 300;
export const LINES_MAX = 500;

const TOP_LEVEL = [
  "package.json",
  "tsconfig.json",
  "bunfig.toml",
  "bun.lock",
  "src",
  "test",
  "build",
  "docs",
  "examples",
  "LICENSE",
  "CHANGELOG.md",
];

const NAME = /^[a-z0-9]+(?:_[a-z0-9]+)*(?:\.[a-z0-9]+(?:_[a-z0-9]+)*)*$/;
const VAGUE = /^(?:utils?|helpers?|misc|common)\.ts$/;

// Put together here, so that this file does not report itself.
const MARKERS = new RegExp(
  String.raw`\b(?:${["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK", "TB" + "D"].join("|")})\b`,
  "g",
);

export function checkTopLevel(entries: readonly string[]): Finding[] {
  return entries
    .filter(
      (entry) => !TOP_LEVEL.includes(entry) && !entry.startsWith(".") && !/^README(?:[._][\w.-]+)?\.md$/.test(entry),
    )
    .map((entry) => ({
      file: entry,
      line: 1,
      found: `"${entry}" at the top`,
      allowed: `${TOP_LEVEL.join(" ")} README*.md and dot files`,
    }));
}

/** Every part of the path counts, except in folders with their own customs. */
export function checkName(path: string): Finding[] {
  if (path.startsWith("build/deploy/") || path.startsWith(".")) return [];
  const parts = path.split("/");
  if (parts.length === 1) return [];
  const bad = parts.filter((part) => !NAME.test(part) && !part.startsWith("README") && !part.startsWith("."));
  const findings = bad.map((part) => ({
    file: path,
    line: 1,
    found: `name "${part}"`,
    allowed: "snake_case",
  }));
  const last = parts.at(-1) ?? "";
  if (VAGUE.test(last) || last === "index.ts") {
    findings.push({
      file: path,
      line: 1,
      found: `name "${last}"`,
      allowed: "the name of the one concept in the file",
    });
  }
  return findings;
}

export function countLines(text: string): number {
  if (text === "") return 0;
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

export function checkSize(path: string, text: string): Finding[] {
  const lines = countLines(text);
  if (lines <= LINES_MAX) return [];
  return [
    {
      file: path,
      line: LINES_MAX + 1,
      found: `${lines} lines`,
      allowed: `${LINES_MAX} lines`,
    },
  ];
}

export function checkHeader(source: Source): Finding[] {
  if (!source.path.startsWith("src/")) return [];
  if (/^\/\*\*[\s\S]*?\w[\s\S]*?\*\//.test(source.text)) return [];
  return [
    {
      file: source.path,
      line: 1,
      found: "no header",
      allowed: "a /** comment that says what the file is, on line 1",
    },
  ];
}

/** A file of nothing but re-exports. src/mod.ts is the one list. */
export function checkBarrel(source: Source): Finding[] {
  const { path, code } = source;
  if (path === "src/mod.ts" || !path.startsWith("src/")) return [];
  const list = /export\s+(?:type\s+)?\{[^}]*\}\s*from\s*["'`]\s*["'`]\s*;?/g;
  const first = list.exec(code);
  if (first === null) return [];
  const rest = code.replace(list, "").replace(/import\s+(?:type\s+)?[\w$,{}*\s]*?from\s*["'`]\s*["'`]\s*;?/g, "");
  if (rest.trim() !== "") return [];
  return [
    {
      file: path,
      line: lineAt(source, first.index),
      found: "a file of re-exports",
      allowed: "imports from the file that declares the name (only src/mod.ts lists)",
    },
  ];
}

export function checkMarkers(path: string, text: string): Finding[] {
  return text.split("\n").flatMap((line, index) =>
    Array.from(line.matchAll(MARKERS), (found) => ({
      file: path,
      line: index + 1,
      found: `"${found[0]}"`,
      allowed: "finished work, or a sentence about the limit",
    })),
  );
}
