/**
 * The players' door of a running gateway: its keys are read, its address is bound, and its sessions are the shard's.
 */

import type { Log } from "#base/log.ts";
import type { Address } from "#link/transport.ts";
import type { Node } from "#module/node.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { joseVerifier, type TokenKey, TokenKeyError } from "#session/jose_tokens.ts";
import type { PlayerListener } from "#session/player_conn.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { faultText } from "../config/fault.ts";
import { parseKey } from "../config/secrets.ts";
import type { PlayersConfig, TokenKeyConfig } from "../config/types.ts";
import { readSecret, type SecretReader } from "./secrets.ts";
import type { Runtime, StartFailure } from "./types.ts";

const EXIT_CONFIG = 2;
const KEY_HINT = "; with development = true --role all makes a file for HS256 (else: openssl rand -hex 32)";

/** A gateway's door, as run.ts holds it. */
export interface ServedPlayers {
  readonly address: Address;
  readonly door: PlayerDoor;
  /** Resolves when every session has ended. */
  stop(deadlineMs: number): Promise<void>;
}

export type TokenKeysResult = { readonly kind: "ok"; readonly keys: readonly TokenKey[] } | StartFailure;

export function readTokenKeys(configs: readonly TokenKeyConfig[], reader: SecretReader): TokenKeysResult {
  const keys: TokenKey[] = [];
  const lines: string[] = [];
  for (const { kid, algorithm, file } of configs) {
    const text = readSecret({ kind: "file", path: file }, { ...reader, isPublic: algorithm === "EdDSA" });
    if (text.kind === "missing") {
      lines.push(`Cannot read token key ${kid} from ${file}: ${text.reason}${algorithm === "HS256" ? KEY_HINT : ""}`);
    } else if (algorithm === "EdDSA") keys.push({ kid, algorithm, pem: text.value });
    else {
      const parsed = parseKey(text.value, file);
      if (parsed.kind === "ok") keys.push({ kid, algorithm, secret: parsed.key });
      else lines.push(faultText(parsed.fault));
    }
  }
  return lines.length > 0 ? { kind: "failed", code: EXIT_CONFIG, lines } : { kind: "ok", keys };
}

/** Throws ListenError. Their requests go to the nodes that serve them, and what nodes push comes in through the door. */
export async function servePlayers(
  node: Node,
  options: {
    readonly runtime: Runtime;
    readonly cluster: string;
    readonly address: Address;
    readonly config: PlayersConfig;
    readonly log: Log;
  },
): Promise<{ readonly kind: "ok"; readonly served: ServedPlayers } | StartFailure> {
  const { runtime, cluster, address, config, log } = options;
  const { sessions, playerGateway: router } = node;
  if (sessions === undefined || router === undefined || runtime.listenPlayers === undefined) {
    return failed(`Cannot take players: ${node.self.id} has no sessions, or this runtime no WebSocket server`);
  }
  const keys = readTokenKeys(config.tokenKeys, { runtime, log });
  if (keys.kind === "failed") return keys;
  try {
    const { clock, random } = runtime;
    const door = new PlayerDoor({
      clock,
      random,
      log,
      counters: node.counters,
      presence: sessions,
      verifier: await joseVerifier({ keys: keys.keys, audience: cluster, clock }),
      router,
      limits: { ...DOOR_LIMITS, sessionsMax: config.sessionsMax, connsMax: connsMaxOf(config.sessionsMax) },
      maintenance: { isOn: config.maintenance, whiteList: config.whiteList },
    });
    const listener = runtime.listenPlayers(address, (conn) => door.accept(conn));
    router.open(door);
    return { kind: "ok", served: serve(door, listener) };
  } catch (error) {
    if (error instanceof TokenKeyError) return failed(error.message);
    throw error;
  }
}

function serve(door: PlayerDoor, listener: PlayerListener): ServedPlayers {
  return {
    address: listener.address,
    door,
    stop: (deadlineMs) => {
      listener.close();
      return door.stop(deadlineMs);
    },
  };
}

/** Those who play, those who wait, and those who are being judged. */
function connsMaxOf(sessionsMax: number): number {
  return sessionsMax * 2 + 2_000;
}

function failed(line: string): StartFailure {
  return { kind: "failed", code: EXIT_CONFIG, lines: [line] };
}
