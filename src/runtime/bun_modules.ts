/**
 * Module files at run time: a team's TypeScript, compiled or not. Such a file imports "kuafu" and gets this very
 * process's copy of it, so that a contract or an error class is one value on both sides.
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { messageOf } from "#base/log.ts";
import { type BotRequest, botRequestsOf } from "#module/bot_request.ts";
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
  const loaded = await load(path);
  if (loaded.kind === "failed") return loaded;
  const { default: made } = loaded.exports;
  if (isModule(made)) return { kind: "ok", module: made };
  const reason = `${path}: its default export is ${typeof made}, allowed is what module() returns`;
  return { kind: "failed", reason };
}

/** What bots ask of the file's module: its export `bots`. */
export async function loadBotRequests(
  path: string,
): Promise<
  | { readonly kind: "ok"; readonly requests: readonly BotRequest[] }
  | { readonly kind: "failed"; readonly reason: string }
> {
  const loaded = await load(path);
  if (loaded.kind === "failed") return loaded;
  const found = botRequestsOf(loaded.exports["bots"]);
  return found.kind === "ok" ? found : { kind: "failed", reason: `${path}: ${found.reason}` };
}

async function load(
  path: string,
): Promise<
  | { readonly kind: "ok"; readonly exports: Readonly<Record<string, unknown>> }
  | { readonly kind: "failed"; readonly reason: string }
> {
  const file = resolve(path);
  if (!existsSync(file)) return { kind: "failed", reason: `${path}: there is no such file (looked for ${file})` };
  try {
    return { kind: "ok", exports: (await import(file)) as Readonly<Record<string, unknown>> };
  } catch (error) {
    return { kind: "failed", reason: `${path}: ${messageOf(error)}` };
  }
}
