/**
 * Who a player is, as a login service has signed it. What a token looks like is its verifier's matter.
 */

/** Characters of a login token: a hello has to fit into a greeting. */
export const TOKEN_LENGTH_MAX = 3072;

export type TokenResult =
  | { readonly kind: "ok"; readonly player: string }
  /** `detail` is told to the client and repeats nothing of the token. */
  | { readonly kind: "refused"; readonly code: "bad_token" | "token_expired"; readonly detail: string };

export interface TokenVerifier {
  /** Never rejects. */
  verify(token: string): Promise<TokenResult>;
}
