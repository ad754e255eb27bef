/**
 * Files on the file system of the machine.
 */

import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Files, ReadResult, WriteResult } from "#base/files.ts";
import { messageOf } from "#base/log.ts";

const TEXT_SIZE_MAX = 1024 * 1024;
const OTHERS = 0o077;

export const bunFiles: Files = { readText, createSecret, ensureFolder };

function readText(path: string): ReadResult {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return { kind: "failed", reason: "it is not a file" };
    if (stat.size > TEXT_SIZE_MAX) {
      return { kind: "failed", reason: `its size is ${stat.size}, limit is ${TEXT_SIZE_MAX}` };
    }
    return { kind: "ok", text: readFileSync(path, "utf8"), isPrivate: (stat.mode & OTHERS) === 0 };
  } catch (error) {
    return codeOf(error) === "ENOENT" ? { kind: "absent" } : { kind: "failed", reason: reasonOf(error) };
  }
}

/** A hard link appears whole and, unlike a rename, never replaces what is there. */
function createSecret(path: string, text: string): WriteResult {
  const temporary = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(temporary, { force: true });
    writeWhole(temporary, text);
    linkSync(temporary, path);
    return { kind: "ok" };
  } catch (error) {
    return codeOf(error) === "EEXIST" ? { kind: "exists" } : { kind: "failed", reason: reasonOf(error) };
  } finally {
    rmSync(temporary, { force: true });
  }
}

function ensureFolder(path: string): { readonly kind: "ok" } | { readonly kind: "failed"; readonly reason: string } {
  const probe = join(path, `.writable.${process.pid}`);
  try {
    mkdirSync(path, { recursive: true });
    rmSync(probe, { force: true });
    writeWhole(probe, "");
    rmSync(probe);
    return { kind: "ok" };
  } catch (error) {
    return { kind: "failed", reason: reasonOf(error) };
  }
}

function writeWhole(path: string, text: string): void {
  const descriptor = openSync(path, "wx", 0o600);
  try {
    const bytes = new TextEncoder().encode(text);
    let written = 0;
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function reasonOf(error: unknown): string {
  const texts: Readonly<Record<string, string>> = {
    EACCES: "permission denied",
    EROFS: "the file system is read-only",
    ENOTDIR: "a part of the path is not a folder",
    EEXIST: "a part of the path is not a folder",
    ENOSPC: "no space left",
  };
  return texts[codeOf(error)] ?? messageOf(error);
}
