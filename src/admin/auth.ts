/**
 * Bearer tokens: each has a name for the audit trail and a role; `operate` includes `read`.
 * Only digests are kept. A presented token is hashed and compared with all of them, each in constant time
 * and none left out, so that time tells neither how much of a token was right nor which one matched.
 */

import { assert } from "#base/assert.ts";
import { type Digest, equalConstantTime } from "#base/digest.ts";
import type { MiddlewareHandler } from "hono";
import { problem } from "./problem.ts";
import { type AdminEnv, type AdminRole, type AdminServices, type Caller, noteRefused } from "./services.ts";

/** Characters of a token: shorter ones can be guessed, longer ones are refused unread. */
export const TOKEN_LENGTH_MIN = 16;
export const TOKEN_LENGTH_MAX = 512;
export const TOKENS_MAX = 64;

export interface AdminToken {
  readonly name: string;
  readonly role: AdminRole;
  /** The token itself, of the characters that RFC 6750 allows. */
  readonly secret: string;
}

const SECRET = /^[A-Za-z0-9._~+/-]+=*$/;
const AUTHORIZATION = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** What is wrong with a list of tokens, without saying any of them; undefined: nothing. */
export function faultOfTokens(tokens: readonly AdminToken[]): string | undefined {
  if (tokens.length === 0) return "there is no token";
  if (tokens.length > TOKENS_MAX) return `there are ${tokens.length} tokens, limit is ${TOKENS_MAX}`;
  for (const { name, secret } of tokens) {
    if (secret.length < TOKEN_LENGTH_MIN || secret.length > TOKEN_LENGTH_MAX) {
      return `token "${name}" has ${secret.length} characters, allowed are ${TOKEN_LENGTH_MIN} to ${TOKEN_LENGTH_MAX}`;
    }
    if (!SECRET.test(secret)) return `token "${name}" has characters that a bearer token cannot have`;
  }
  if (new Set(tokens.map(({ name }) => name)).size !== tokens.length) return "two tokens have the same name";
  if (new Set(tokens.map(({ secret }) => secret)).size !== tokens.length) return "two tokens are the same";
  return undefined;
}

/** Who a token belongs to, or undefined. `tokens` must have no fault. */
export function createTokenCheck(
  digest: Digest,
  tokens: readonly AdminToken[],
): (presented: string) => Caller | undefined {
  const fault = faultOfTokens(tokens);
  assert(fault === undefined, `Cannot use admin tokens: ${fault ?? ""}`);
  const encoder = new TextEncoder();
  const known = tokens.map(({ name, role, secret }) => ({
    caller: { name, role },
    hash: digest.sha256(encoder.encode(secret)),
  }));
  return (presented) => {
    if (presented.length > TOKEN_LENGTH_MAX) return undefined;
    const hash = digest.sha256(encoder.encode(presented));
    let found: Caller | undefined;
    for (const entry of known) if (equalConstantTime(entry.hash, hash)) found = entry.caller;
    return found;
  };
}

/** Lets nothing through without a valid token, and leaves the caller in the context. */
export function requireToken(
  services: AdminServices,
  check: (presented: string) => Caller | undefined,
): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const header = c.req.header("Authorization");
    const presented = header === undefined ? undefined : AUTHORIZATION.exec(header)?.[1];
    const caller = presented === undefined ? undefined : check(presented);
    if (caller !== undefined) {
      c.set("caller", caller);
      return next();
    }
    noteRefused(services, c, "token");
    const challenge = header === undefined ? "" : ', error="invalid_token"';
    return problem(c, "unauthorized", {
      detail:
        header === undefined
          ? "Cannot answer without a token: send it as Authorization: Bearer TOKEN"
          : "Cannot answer: the Authorization header holds no token that this node knows",
      headers: { "WWW-Authenticate": `Bearer realm="kuafu"${challenge}` },
    });
  };
}
