/**
 * `kuafu token`: a login token for any name, signed with the first HS256 key of the cluster file. For development only:
 * where the file does not say so there is a login service, and nobody else signs.
 */

import type { Clock } from "#base/clock.ts";
import { signToken } from "#session/jose_tokens.ts";
import { faultText } from "../config/fault.ts";
import type { ClusterConfig } from "../config/types.ts";
import { readTokenKeys } from "./players.ts";
import type { SecretReader } from "./secrets.ts";
import type { StartFailure } from "./types.ts";

const EXIT_CONFIG = 2;

export async function developmentToken(
  config: ClusterConfig,
  options: { readonly player: string; readonly clock: Clock; readonly reader: SecretReader },
): Promise<{ readonly kind: "ok"; readonly token: string } | StartFailure> {
  const signer = developmentSigner(config, { ...options, allowed: "development = true, for kuafu token to sign" });
  return signer.kind === "ok" ? { kind: "ok", token: await signer.sign(options.player) } : signer;
}

/** Signs for any name. `allowed`: for people, where the file does not say that it may. */
export function developmentSigner(
  config: ClusterConfig,
  options: { readonly clock: Clock; readonly reader: SecretReader; readonly allowed: string },
): { readonly kind: "ok"; readonly sign: (player: string) => Promise<string> } | StartFailure {
  const { clock, reader, allowed } = options;
  const { file, players } = config;
  if (players?.development !== true) {
    const found = players === undefined ? "nothing" : "development = false";
    return { kind: "failed", code: EXIT_CONFIG, lines: [faultText({ file, place: "players", found, allowed })] };
  }
  const first = players.tokenKeys.filter(({ algorithm }) => algorithm === "HS256").slice(0, 1);
  const keys = readTokenKeys(first, reader);
  if (keys.kind === "failed") return keys;
  for (const key of keys.keys) {
    if (key.algorithm !== "HS256") continue;
    const sign = (player: string): Promise<string> =>
      signToken({ key, audience: config.name, player, nowMs: clock.wallMs() });
    return { kind: "ok", sign };
  }
  return { kind: "failed", code: EXIT_CONFIG, lines: [`${file}: players.token_keys: no key with HS256`] };
}
