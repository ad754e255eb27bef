/**
 * Reads what the plan only points at: cluster keys and admin tokens. Their contents stay out of every message.
 */

import { faultOfTokens } from "#admin/auth.ts";
import type { AdminToken } from "#admin/auth.ts";
import type { Log } from "#base/log.ts";
import { faultText } from "../config/fault.ts";
import { parseKey, parseTokens } from "../config/secrets.ts";
import type { SecretSource } from "../config/types.ts";
import type { Runtime, StartFailure } from "./types.ts";

const EXIT_CONFIG = 2;
const KEY_HINT = "; wanted: the key that all nodes of the cluster have (--role all makes one, or openssl rand -hex 32)";
const TOKENS_HINT = '; wanted: lines "name read|operate token" (--role all makes the file)';

export interface SecretReader {
  readonly runtime: Pick<Runtime, "files" | "environment">;
  readonly log: Log;
  /** Others may read it. */
  readonly isPublic?: boolean;
}

export type KeysResult = { readonly kind: "ok"; readonly keys: readonly Uint8Array[] } | StartFailure;

export function readKeys(sources: readonly SecretSource[], reader: SecretReader): KeysResult {
  const keys: Uint8Array[] = [];
  const lines: string[] = [];
  for (const source of sources) {
    const where = source.kind === "file" ? source.path : `$${source.name}`;
    const text = readSecret(source, reader);
    if (text.kind === "missing") {
      lines.push(`Cannot read cluster key ${where}: ${text.reason}${KEY_HINT}`);
      continue;
    }
    const parsed = parseKey(text.value, where);
    if (parsed.kind === "ok") keys.push(parsed.key);
    else lines.push(faultText(parsed.fault));
  }
  return lines.length > 0 ? failed(lines) : { kind: "ok", keys };
}

export type AdminTokensResult = { readonly kind: "ok"; readonly tokens: readonly AdminToken[] } | StartFailure;

export function readTokens(path: string | undefined, reader: SecretReader): AdminTokensResult {
  if (path === undefined) return failed(["Cannot serve the admin API: cluster.admin_token_file is not set"]);
  const text = readSecret({ kind: "file", path }, reader);
  if (text.kind === "missing") return failed([`Cannot read admin tokens ${path}: ${text.reason}${TOKENS_HINT}`]);
  const parsed = parseTokens(text.value, path);
  if (parsed.kind === "faults") return failed(parsed.faults.map(faultText));
  const tokens = parsed.tokens.map(({ name, role, token }) => ({ name, role, secret: token }));
  const fault = faultOfTokens(tokens);
  return fault === undefined ? { kind: "ok", tokens } : failed([`Cannot use admin tokens ${path}: ${fault}`]);
}

export function readSecret(
  source: SecretSource,
  { runtime, log, isPublic = false }: SecretReader,
): { readonly kind: "ok"; readonly value: string } | { readonly kind: "missing"; readonly reason: string } {
  if (source.kind === "environment") {
    const value = runtime.environment(source.name);
    return value === undefined ? { kind: "missing", reason: "the variable is not set" } : { kind: "ok", value };
  }
  const read = runtime.files.readText(source.path);
  if (read.kind === "absent") return { kind: "missing", reason: "there is no such file" };
  if (read.kind === "failed") return { kind: "missing", reason: read.reason };
  if (!read.isPrivate && !isPublic)
    log.warn("secret file can be read by others", { path: source.path, wanted: "mode 0600" });
  return { kind: "ok", value: read.text };
}

function failed(lines: readonly string[]): StartFailure {
  return { kind: "failed", code: EXIT_CONFIG, lines };
}
