/**
 * Who may import whom. A file imports its own layer or a lower one; runtime/ is
 * for run, supervisor and main alone; a game module sees nothing but the module surface, and the player's client nothing
 * but its codec; no two files in src import each other, however long the way round.
 */

import type { Finding } from "./finding.ts";
import { findImports, type Import, type Source } from "./source.ts";

/** Lowest first. */
export const LAYERS = [
  "base",
  "wire",
  "store",
  "link",
  "sync",
  "mesh",
  "rpc",
  "delivery",
  "activity",
  "session",
  "player",
  "client",
  "module",
  "game",
  "bots",
  "roles",
  "admin",
] as const;

const MODULE_RANK = LAYERS.indexOf("module");
const CONFIG_RANK = LAYERS.length;
const RUNTIME_RANK = LAYERS.length + 1;
const RUN_RANK = LAYERS.length + 2;
const MAIN_RANK = LAYERS.length + 3;
const ORDER = `${LAYERS.join(" ")}, then config and cli, runtime, run, main`;

const SURFACE = "src/mod.ts";
const PACKAGE_NAME = "kuafu";

export interface ImportRules {
  /** The packages that "dependencies" of package.json names. */
  readonly dependencies: readonly string[];
}

export function checkLayers(sources: readonly Source[], rules: ImportRules): Finding[] {
  return sources.flatMap((source) =>
    findImports(source).flatMap((imported) => {
      const complaint = judge(source.path, imported, rules);
      if (complaint === undefined) return [];
      const found = `import of "${imported.specifier}"`;
      return [{ file: source.path, line: imported.line, found, allowed: complaint }];
    }),
  );
}

/** What would be allowed instead, or nothing if the import is fine. */
function judge(path: string, imported: Import, rules: ImportRules): string | undefined {
  const { specifier } = imported;
  const target = resolveImport(path, specifier);
  const isGame = path.startsWith("src/game/");
  if (isGame || path.startsWith("examples/")) {
    if (target !== undefined && isSurface(target)) return undefined;
    if (isGame && target?.startsWith("src/game/")) return undefined;
    if (!isGame && target !== undefined && isForExample(target)) return undefined;
    return `"${PACKAGE_NAME}" and #module/ only, as for a team's own module`;
  }
  if (!path.startsWith("src/")) return undefined;
  if (target === undefined) return judgePackage(path, specifier, rules);
  if (!target.startsWith("src/")) return "files in src/ only";

  const ownRank = rankOf(path);
  const targetRank = rankOf(target);
  if (ownRank === undefined) return undefined;
  if (targetRank === undefined) return `a layer that exists: ${LAYERS.join(" ")}`;
  if (targetRank === RUNTIME_RANK && ownRank < RUNTIME_RANK)
    return "runtime/ is imported by run, supervisor and main only";
  const forClient = judgeClient(path, target, imported.isType);
  if (forClient !== undefined) return forClient;
  if (path === SURFACE && targetRank > MODULE_RANK) return "src/mod.ts lists module/ and lower layers";
  if (targetRank <= ownRank) return undefined;
  return `${layerName(path)} or a lower layer: ${ORDER}`;
}

/** What a browser loads for the player's client must stay small, and know nothing of servers. */
function judgeClient(path: string, target: string, isType: boolean): string | undefined {
  const isCodec = path.startsWith("src/session/client_");
  if (!isCodec && !path.startsWith("src/client/")) return undefined;
  if (target.startsWith("src/session/client_") || target.startsWith("src/base/")) return undefined;
  if (isCodec) {
    return target.startsWith("src/wire/")
      ? undefined
      : "#session/client_*, #wire/ and #base/: the client shares this file";
  }
  if (target.startsWith("src/client/") || target === "src/wire/body.ts" || target === "src/wire/plain_value.ts") {
    return undefined;
  }
  if (target === "src/rpc/contract.ts" && isType) return undefined;
  return "#client/, #session/client_*, #wire/body.ts, #wire/plain_value.ts, #base/, and types of #rpc/contract.ts";
}

function judgePackage(path: string, specifier: string, rules: ImportRules): string | undefined {
  // code_rules.ts says where these may stand.
  if (/^(?:node|bun|jsr|npm):/.test(specifier) || specifier === "bun") return undefined;
  const name = packageName(specifier);
  if (rules.dependencies.includes(name)) return undefined;
  return `a package among the dependencies, a relative path or #layer/ (in ${path})`;
}

function packageName(specifier: string): string {
  const parts = specifier.split("/");
  return parts.slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
}

function isSurface(target: string): boolean {
  return target === SURFACE || target.startsWith("src/module/");
}

function isForExample(target: string): boolean {
  return target.startsWith("src/client/") || target.startsWith("examples/");
}

/** Path from the root, or nothing for a package. */
export function resolveImport(from: string, specifier: string): string | undefined {
  if (specifier === PACKAGE_NAME) return SURFACE;
  if (specifier === "#test") return "test/harness/bun.ts";
  if (specifier.startsWith("#")) return `src/${specifier.slice(1)}`;
  if (!specifier.startsWith(".")) return undefined;
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function layerName(path: string): string {
  return path.split("/")[1] ?? path;
}

function rankOf(path: string): number | undefined {
  const [, name = "", ...rest] = path.split("/");
  if (rest.length > 0) {
    if (name === "runtime") return RUNTIME_RANK;
    if (name === "config") return CONFIG_RANK;
    if (name === "run" || name === "supervisor") return RUN_RANK;
    const rank = LAYERS.findIndex((layer) => layer === name);
    return rank === -1 ? undefined : rank;
  }
  if (path === SURFACE) return MODULE_RANK;
  if (/^(?:config|cli)\.ts$/.test(name)) return CONFIG_RANK;
  return /^main(?:_\w+)?\.ts$/.test(name) ? MAIN_RANK : RUN_RANK;
}

/** Each group of files in src that import one another, reported once. */
export function checkCycles(sources: readonly Source[]): Finding[] {
  const edges = new Map<string, Import[]>();
  for (const source of sources) {
    if (!source.path.startsWith("src/")) continue;
    edges.set(source.path, findImports(source));
  }
  const findings: Finding[] = [];
  const finished = new Set<string>();
  const trail: string[] = [];

  const visit = (path: string): void => {
    trail.push(path);
    for (const { specifier, line } of edges.get(path) ?? []) {
      const target = resolveImport(path, specifier);
      if (target === undefined || finished.has(target)) continue;
      const start = trail.indexOf(target);
      if (start !== -1) {
        const circle = [...trail.slice(start), target].join(" -> ");
        const found = `import cycle ${circle}`;
        findings.push({ file: path, line, found, allowed: "no cycles" });
      } else if (edges.has(target)) {
        visit(target);
      }
    }
    trail.pop();
    finished.add(path);
  };
  for (const path of edges.keys()) if (!finished.has(path)) visit(path);
  return findings;
}
