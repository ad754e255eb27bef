/**
 * The contents of the files that hold secrets: the cluster key and the admin tokens. What is wrong with them is
 * said without their contents, not even shortened.
 */

import { TOKENS_MAX, TOKEN_LENGTH_MAX } from "#admin/auth.ts";
import { fromHex } from "#base/digest.ts";
import type { Fault } from "./fault.ts";

/** Bytes of a cluster key. */
const KEY_SIZE = { least: 32, most: 64 };
const TOKEN_LENGTH_MIN = 32;

export type KeyResult =
  { readonly kind: "ok"; readonly key: Uint8Array } | { readonly kind: "fault"; readonly fault: Fault };

/** `where` is the file, or `$NAME` of an environment variable. */
export function parseKey(text: string, where: string): KeyResult {
  const digits = text.trim();
  const size = digits.length / 2;
  if (/^[0-9a-fA-F]+$/.test(digits) && Number.isInteger(size) && size >= KEY_SIZE.least && size <= KEY_SIZE.most) {
    return { kind: "ok", key: fromHex(digits) };
  }
  const found = digits === "" ? "nothing" : `${digits.length} characters that are no such key`;
  const allowed = `${KEY_SIZE.least * 2} to ${KEY_SIZE.most * 2} hexadecimal digits (openssl rand -hex 32)`;
  return { kind: "fault", fault: { file: where, place: "", found, allowed } };
}

export const TOKEN_ROLES = ["read", "operate"] as const;
export type TokenRole = (typeof TOKEN_ROLES)[number];

export interface AdminToken {
  readonly name: string;
  readonly role: TokenRole;
  readonly token: string;
}

export type TokensResult =
  | { readonly kind: "ok"; readonly tokens: readonly AdminToken[] }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** Lines `name role token`; empty lines and lines that begin with `#` are skipped. */
export function parseTokens(text: string, file: string): TokensResult {
  const tokens: AdminToken[] = [];
  const faults: Fault[] = [];
  text.split("\n").forEach((line, index) => {
    const fault = (found: string, allowed: string): void => {
      faults.push({ file, place: `line ${index + 1}`, found, allowed });
    };
    if (line.trim() === "" || line.startsWith("#")) return;
    const words = line.trim().split(/[ \t]+/);
    const [name = "", roleText = "", token = ""] = words;
    const role = TOKEN_ROLES.find((each) => each === roleText);
    if (words.length !== 3) fault(`${words.length} words`, "a name, a role and a token");
    else if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name))
      fault("a name with other characters", 'letters, digits, "_", "-" or "."');
    else if (role === undefined) fault(`a role other than these on the line of ${name}`, "read or operate");
    else if (!/^[A-Za-z0-9_-]+$/.test(token) || token.length < TOKEN_LENGTH_MIN || token.length > TOKEN_LENGTH_MAX) {
      const allowed = `${TOKEN_LENGTH_MIN} to ${TOKEN_LENGTH_MAX} letters, digits, "_" or "-"`;
      fault(`a token of ${token.length} characters`, allowed);
    } else if (tokens.some((each) => each.name === name || each.token === token)) {
      fault(`${name} or its token a second time`, "each name and each token once");
    } else tokens.push({ name, role, token });
  });
  if (faults.length === 0 && (tokens.length === 0 || tokens.length > TOKENS_MAX)) {
    const allowed = `1 to ${TOKENS_MAX} lines with a name, a role (read or operate) and a token`;
    faults.push({ file, place: "", found: `${tokens.length} tokens`, allowed });
  }
  return faults.length > 0 ? { kind: "faults", faults } : { kind: "ok", tokens };
}
