/**
 * AcquireLock by SQLite: an exclusive transaction on `<folder>/lock`, open as long as the lock is held. The
 * operating system drops it with the process, also after kill -9, and does not pass it to children.
 *
 * Nothing else may open that file: closing any descriptor of it would drop the lock. Who holds it stands in
 * `<folder>/lock.owner`, for people only. On network file systems it is as good as their locks are.
 */

import { Database } from "bun:sqlite";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LockResult } from "#base/lock.ts";
import { messageOf } from "#base/log.ts";

export function acquireDataLock(folder: string): LockResult {
  let database: Database | undefined;
  try {
    database = new Database(join(folder, "lock"), { create: true, readwrite: true });
    database.run("PRAGMA busy_timeout = 0");
    database.run("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (isBusy(error)) return { kind: "taken", by: readOwner(folder) };
    return { kind: "failed", reason: messageOf(error) };
  }
  writeOwner(folder);
  const held = database;
  return { kind: "held", lock: { release: () => held.close() } };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_BUSY");
}

function writeOwner(folder: string): void {
  try {
    const since = new Date(Date.now()).toISOString();
    writeFileSync(join(folder, "lock.owner"), `process ${process.pid} since ${since}\n`);
  } catch {
    // It only serves a message.
  }
}

function readOwner(folder: string): string {
  try {
    return readFileSync(join(folder, "lock.owner"), "utf8").trim().slice(0, 200);
  } catch {
    return "another process";
  }
}
