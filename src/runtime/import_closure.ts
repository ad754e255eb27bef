/**
 * A source file and all that it imports, directly or not: own files only, no packages. Imports of types do not
 * count, since no running process has them.
 */

import { readFileSync } from "node:fs";
import { dirname } from "node:path";

const TRANSPILER = new Bun.Transpiler({ loader: "ts" });

/** Absolute paths. `isOutside`: where not to go on; such files are not in it. A file that cannot be read is. */
export function importClosure(entry: string, isOutside: (path: string) => boolean): Set<string> {
  const found = new Set<string>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const target of importsOf(path)) {
      if (!found.has(target) && !isOutside(target)) waiting.push(target);
    }
  }
  return found;
}

function importsOf(path: string): string[] {
  if (!/\.[cm]?[jt]sx?$/.test(path)) return [];
  try {
    const imports = TRANSPILER.scanImports(readFileSync(path));
    return imports.flatMap((each) => resolveOwn(each.path, dirname(path)));
  } catch {
    // Gone, or half written: it is looked at again with the next change.
    return [];
  }
}

function resolveOwn(specifier: string, folder: string): string[] {
  if (!specifier.startsWith(".") && !specifier.startsWith("#") && !specifier.startsWith("/")) return [];
  try {
    const path = Bun.resolveSync(specifier, folder);
    return path.includes("/node_modules/") ? [] : [path];
  } catch {
    return [];
  }
}
