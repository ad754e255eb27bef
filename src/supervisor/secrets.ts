/**
 * Key and admin token of a cluster that the supervisor runs: made when their files do not exist, checked when they
 * do. Nodes that are started by themselves never make any: a node with a key of its own could reach nobody.
 */

import { toHex } from "#base/digest.ts";
import type { Files } from "#base/files.ts";
import type { Log } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import { faultText } from "../config/fault.ts";
import { parseKey, parseTokens } from "../config/secrets.ts";
import type { ClusterConfig } from "../config/types.ts";
import type { TokenPlace } from "./ready.ts";

const SECRET_SIZE = 32;

export interface SecretsContext {
  readonly files: Files;
  readonly random: Random;
  readonly log: Log;
}

export type SecretsResult =
  /** `token`: the first that may operate, else the first; undefined when the file names none. */
  | { readonly kind: "ok"; readonly token: TokenPlace | undefined }
  /** `code` 2: a file has the wrong contents; 1: it cannot be read or written. */
  | { readonly kind: "failed"; readonly code: 1 | 2; readonly lines: readonly string[] };

export function prepareSecrets(config: ClusterConfig, context: SecretsContext): SecretsResult {
  for (const [index, source] of config.keys.entries()) {
    if (source.kind !== "file") continue;
    // A second key that nobody else has helps nobody: only the first is made.
    const make = index === 0 ? () => `${secret(context)}\n` : undefined;
    const text = readOrCreate(source.path, make, context);
    if (text.kind === "failed") return text;
    const key = parseKey(text.text, source.path);
    if (key.kind === "fault") return { kind: "failed", code: 2, lines: [faultText(key.fault)] };
  }
  for (const { algorithm, file } of config.players?.tokenKeys ?? []) {
    // Elsewhere the login service has the other half, or the same secret: one of our own would let nobody in.
    if (config.players?.development !== true || algorithm !== "HS256") continue;
    const text = readOrCreate(file, () => `${secret(context)}\n`, context);
    if (text.kind === "failed") return text;
    const key = parseKey(text.text, file);
    if (key.kind === "fault") return { kind: "failed", code: 2, lines: [faultText(key.fault)] };
  }
  if (config.adminTokenFile === undefined) return { kind: "ok", token: undefined };
  const path = config.adminTokenFile;
  const text = readOrCreate(path, () => `${config.name} operate ${secret(context)}\n`, context);
  if (text.kind === "failed") return text;
  const tokens = parseTokens(text.text, path);
  if (tokens.kind === "faults") return { kind: "failed", code: 2, lines: tokens.faults.map(faultText) };
  const token = tokens.tokens.find((each) => each.role === "operate") ?? tokens.tokens[0];
  if (token === undefined) return { kind: "ok", token };
  const isAlone = text.text.trimEnd() === `${token.name} ${token.role} ${token.token}`;
  return { kind: "ok", token: { file: path, token, isAlone } };
}

type TextResult = { readonly kind: "ok"; readonly text: string } | Extract<SecretsResult, { readonly kind: "failed" }>;

function readOrCreate(path: string, make: (() => string) | undefined, context: SecretsContext): TextResult {
  const { files, log } = context;
  const cannot = (verb: string, reason: string): TextResult => {
    return { kind: "failed", code: 1, lines: [`Cannot ${verb} ${path}: ${reason}`] };
  };
  const read = files.readText(path);
  if (read.kind === "failed") return cannot("read", read.reason);
  if (read.kind === "ok") {
    if (!read.isPrivate) log.warn("secret file can be read by others", { path, wanted: "mode 0600" });
    return { kind: "ok", text: read.text };
  }
  if (make === undefined) return { kind: "failed", code: 2, lines: [`Cannot read ${path}: no such file`] };
  const text = make();
  const written = files.createSecret(path, text);
  if (written.kind === "failed") return cannot("create", written.reason);
  if (written.kind === "exists") return cannot("create", "another process makes it at the same time");
  log.info("secret file made", { path });
  return { kind: "ok", text };
}

function secret(context: SecretsContext): string {
  return toHex(context.random.bytes(SECRET_SIZE));
}
