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
  const { player, clock, reader } = options;
  const { file, players } = config;
  if (players?.development !== true) {
    const found = players === undefined ? "nothing" : "development = false";
    const allowed = "development = true, for kuafu token to sign";
    return { kind: "failed", code: EXIT_CONFIG, lines: [faultText({ file, place: "players", found, allowed })] };
  }
  const first = players.tokenKeys.filter(({ algorithm }) => algorithm === "HS256").slice(0, 1);
  const keys = readTokenKeys(first, reader);
  if (keys.kind === "failed") return keys;
  for (const key of keys.keys) {
    if (key.algorithm !== "HS256") continue;
    const token = await signToken({ key, audience: config.name, player, nowMs: clock.wallMs() });
    return { kind: "ok", token };
  }
  return { kind: "failed", code: EXIT_CONFIG, lines: [`${file}: players.token_keys: no key with HS256`] };
}
