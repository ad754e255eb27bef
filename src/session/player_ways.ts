/**
 * How players come in at a gateway, as an argument: both ways plain, or both with TLS and nothing else. Binds nothing itself.
 */

import type { KeyPairProblem, KeyPairTexts } from "#link/tls.ts";
import type { Transport } from "#link/transport.ts";
import type { ListenPlayers } from "./player_conn.ts";

export interface PlayerWays {
  /** Undefined where the runtime has no WebSocket server. */
  readonly webSocket: ListenPlayers | undefined;
  readonly tcp: Pick<Transport, "listen">;
}

/** Makes ways that take nobody without TLS. Players show no certificate: they prove themselves by their token. */
export type SecurePlayers = (
  texts: KeyPairTexts,
) =>
  | { readonly kind: "ok"; readonly ways: PlayerWays; readonly validToMs: number }
  | { readonly kind: "problem"; readonly problem: KeyPairProblem };
