/**
 * Login tokens as JSON Web Tokens, by jose: HS256 or EdDSA, the key chosen by `kid`, so that a new one can be brought in
 * beside the old. Wanted are `sub` (the player), `aud` (the cluster) and `exp`; the algorithm is the key's, never the
 * token's own wish.
 */

import { type CryptoKey, errors, importSPKI, jwtVerify, SignJWT } from "jose";
import type { Clock } from "#base/clock.ts";
import { NAME_LENGTH_MAX } from "./client_packets.ts";
import { TOKEN_LENGTH_MAX, type TokenResult, type TokenVerifier } from "./token.ts";

export const TOKEN_ALGORITHMS = ["HS256", "EdDSA"] as const;
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number];

/** How far the clocks of the login service and this machine may be apart. */
const CLOCK_TOLERANCE_S = 5;
/** Of a token of the development issuer. */
export const DEVELOPMENT_TOKEN_MS = 24 * 3_600_000;

/** HS256: the secret's bytes. EdDSA: the public key in PEM (SPKI). */
export type TokenKey =
  | { readonly kid: string; readonly algorithm: "HS256"; readonly secret: Uint8Array }
  | { readonly kid: string; readonly algorithm: "EdDSA"; readonly pem: string };

/** `audience`: the cluster's name. Throws TokenKeyError when a PEM is no public key of Ed25519. */
export async function joseVerifier(options: {
  readonly keys: readonly TokenKey[];
  readonly audience: string;
  readonly clock: Clock;
}): Promise<TokenVerifier> {
  const { audience, clock } = options;
  const keys = new Map<string, { readonly algorithm: TokenAlgorithm; readonly key: CryptoKey | Uint8Array }>();
  for (const each of options.keys) {
    keys.set(each.kid, {
      algorithm: each.algorithm,
      key: each.algorithm === "HS256" ? each.secret : await publicKey(each),
    });
  }
  return {
    verify: async (token) => {
      if (token.length > TOKEN_LENGTH_MAX)
        return bad(`it has ${token.length} characters, limit is ${TOKEN_LENGTH_MAX}`);
      try {
        const { payload } = await jwtVerify(
          token,
          ({ kid, alg }) => {
            const known = keys.get(kid ?? "");
            if (known === undefined) throw new errors.JWKSNoMatchingKey();
            if (known.algorithm !== alg) throw new errors.JOSEAlgNotAllowed();
            return known.key;
          },
          {
            audience,
            algorithms: [...TOKEN_ALGORITHMS],
            requiredClaims: ["sub", "exp", "aud"],
            clockTolerance: CLOCK_TOLERANCE_S,
            currentDate: new Date(clock.wallMs()),
          },
        );
        return playerOf(payload.sub);
      } catch (error) {
        return refusal(error);
      }
    },
  };
}

/** For development: a token for any name, signed with a secret that the gateways know. */
export function signToken(options: {
  readonly key: Extract<TokenKey, { readonly algorithm: "HS256" }>;
  readonly audience: string;
  readonly player: string;
  readonly nowMs: number;
  readonly lifeMs?: number;
}): Promise<string> {
  const { key, audience, player, nowMs, lifeMs = DEVELOPMENT_TOKEN_MS } = options;
  return new SignJWT()
    .setProtectedHeader({ alg: key.algorithm, kid: key.kid })
    .setSubject(player)
    .setAudience(audience)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor((nowMs + lifeMs) / 1000))
    .sign(key.secret);
}

/** A key file holds something else. */
export class TokenKeyError extends Error {
  override readonly name = "TokenKeyError";
  readonly code = "BAD_TOKEN_KEY";
}

async function publicKey(of: Extract<TokenKey, { readonly algorithm: "EdDSA" }>): Promise<CryptoKey> {
  try {
    return await importSPKI(of.pem, of.algorithm);
  } catch (error) {
    const wanted = "the public key of Ed25519 in PEM (-----BEGIN PUBLIC KEY-----)";
    throw new TokenKeyError(`Cannot use token key ${of.kid}: it is something else, wanted is ${wanted}`, {
      cause: error,
    });
  }
}

function playerOf(player: string | undefined): TokenResult {
  if (player === undefined || player === "" || player.length > NAME_LENGTH_MAX) {
    return bad(`sub has ${player?.length ?? 0} characters, allowed are 1 to ${NAME_LENGTH_MAX}`);
  }
  return { kind: "ok", player };
}

/** The package's messages name claims, never what stands in them. */
function refusal(error: unknown): TokenResult {
  if (error instanceof errors.JWTExpired) {
    return { kind: "refused", code: "token_expired", detail: "Cannot log in: the token has expired" };
  }
  if (error instanceof errors.JWKSNoMatchingKey) return bad("no key has its kid");
  if (error instanceof errors.JWTClaimValidationFailed)
    return bad(`claim ${error.claim} is missing or not what is wanted`);
  if (error instanceof errors.JWSSignatureVerificationFailed) return bad("its signature is wrong");
  if (error instanceof errors.JOSEAlgNotAllowed) return bad("its algorithm is not the key's");
  return bad("it is no signed JSON Web Token");
}

function bad(detail: string): TokenResult {
  return { kind: "refused", code: "bad_token", detail: `Cannot log in: ${detail}` };
}
