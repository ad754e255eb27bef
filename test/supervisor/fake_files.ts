/**
 * Files in memory, and a log that keeps its lines.
 */

import type { Files } from "../../src/base/files.ts";
import type { Log, LogData } from "../../src/base/log.ts";

export class FakeFiles implements Files {
  readonly texts = new Map<string, string>();
  readonly notPrivate = new Set<string>();
  readonly failing = new Set<string>();

  readText(path: string): ReturnType<Files["readText"]> {
    if (this.failing.has(path)) return { kind: "failed", reason: "permission denied" };
    const text = this.texts.get(path);
    return text === undefined ? { kind: "absent" } : { kind: "ok", text, isPrivate: !this.notPrivate.has(path) };
  }

  createSecret(path: string, text: string): ReturnType<Files["createSecret"]> {
    if (this.failing.has(`create ${path}`)) return { kind: "failed", reason: "no space left" };
    if (this.texts.has(path)) return { kind: "exists" };
    this.texts.set(path, text);
    return { kind: "ok" };
  }

  ensureFolder(path: string): ReturnType<Files["ensureFolder"]> {
    return this.failing.has(path) ? { kind: "failed", reason: "permission denied" } : { kind: "ok" };
  }
}

export interface KeptLog extends Log {
  readonly lines: { readonly level: string; readonly phrase: string; readonly data: LogData }[];
}

export function keptLog(): KeptLog {
  const lines: { level: string; phrase: string; data: LogData }[] = [];
  const say =
    (level: string) =>
    (phrase: string, data: LogData = {}): void => {
      lines.push({ level, phrase, data });
    };
  return { lines, debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}
