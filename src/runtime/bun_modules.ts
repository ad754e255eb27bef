/**
 * Module files at run time: a team's TypeScript, compiled or not. Such a file imports "kuafu" and gets this very
 * process's copy of it, so that a contract or an error class is one value on both sides.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "#base/log.ts";
import type { Module } from "#module/module.ts";
import { isModule } from "#module/module.ts";

export type LoadedModule =
  { readonly kind: "ok"; readonly module: Module } | { readonly kind: "failed"; readonly reason: string };

/** To be called once, before any module file is loaded. */
export function provideKuafu(surface: object): void {
  Bun.plugin({
    name: "kuafu",
    setup: (build) => {
      build.module("kuafu", () => ({ exports: { ...surface }, loader: "object" }));
    },
  });
}

/** `path` is relative to the working directory. */
export async function loadModule(path: string): Promise<LoadedModule> {
  const file = resolve(path);
  if (!existsSync(file)) return { kind: "failed", reason: `${path}: there is no such file (looked for ${file})` };
  try {
    const loaded = (await import(file)) as { readonly default?: unknown };
    if (isModule(loaded.default)) return { kind: "ok", module: loaded.default };
    const reason = `${path}: its default export is ${typeof loaded.default}, allowed is what module() returns`;
    return { kind: "failed", reason };
  } catch (error) {
    return { kind: "failed", reason: `${path}: ${messageOf(error)}` };
  }
}
