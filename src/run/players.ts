/**
 * The players' door of a running gateway: its keys are read, its address is bound, and its sessions are the shard's.
 */

import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { type Address, addressText } from "#link/transport.ts";
import type { Node } from "#module/node.ts";
import { serveDoor } from "#session/door_contract.ts";
import { DOOR_LIMITS, type DoorLimits } from "#session/door_limits.ts";
import { joseVerifier, type TokenKey, TokenKeyError } from "#session/jose_tokens.ts";
import type { ListenPlayers, PlayerListener } from "#session/player_conn.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { tcpListenPlayers } from "#session/tcp_players.ts";
import type { TokenVerifier } from "#session/token.ts";
import { faultText } from "../config/fault.ts";
import { parseKey } from "../config/secrets.ts";
import type { PlayersPlan } from "../config/plan.ts";
import type { PlayersConfig, TokenKeyConfig } from "../config/types.ts";
import { readSecret, type SecretReader } from "./secrets.ts";
import type { Runtime, StartFailure } from "./types.ts";

const EXIT_CONFIG = 2;
/** Connections beyond those of players who play or wait. */
const GUESTS_MAX = 2_000;
/** Of the connections that the process may have; the others are links, and HTTP. */
const PLAYERS_SHARE = 0.8;
const KEY_HINT = "; with development = true --role all makes a file for HS256 (else: openssl rand -hex 32)";

/** A gateway's door, as run.ts holds it. */
export interface ServedPlayers {
  readonly door: PlayerDoor;
  /** What is bound, by the key of the config. */
  readonly addresses: { readonly players?: string; readonly playersTcp?: string };
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
    readonly plan: PlayersPlan;
    readonly log: Log;
  },
): Promise<{ readonly kind: "ok"; readonly served: ServedPlayers } | StartFailure> {
  const { runtime, cluster, plan, log } = options;
  const { clock, random } = runtime;
  const { sessions, playerGateway: router } = node;
  if (sessions === undefined || router === undefined)
    return failed(`Cannot take players: ${node.self.id} has no sessions`);
  const keys = readTokenKeys(plan.config.tokenKeys, { runtime, log });
  if (keys.kind === "failed") return keys;
  const verifier = await verifierOf(keys.keys, { cluster, clock });
  if (typeof verifier === "string") return failed(verifier);
  const door = new PlayerDoor({
    clock,
    random,
    log,
    counters: node.counters,
    presence: sessions,
    verifier,
    router,
    limits: limitsOf(plan.config, { runtime, log }),
    maintenance: { isOn: plan.config.maintenance, whiteList: plan.config.whiteList },
  });
  serveDoor(door, node.endpoint.server);
  const listeners: PlayerListener[] = [];
  const stop = (deadlineMs: number): Promise<void> => {
    for (const listener of listeners) listener.close();
    return door.stop(deadlineMs);
  };
  const listen = (address: Address, by: ListenPlayers): string => {
    const listener = by(address, (conn) => door.accept(conn));
    listeners.push(listener);
    return addressText(listener.address);
  };
  try {
    if (plan.webSocket !== undefined && runtime.listenPlayers === undefined) {
      await stop(0);
      return failed("Cannot take players: this runtime has no WebSocket server");
    }
    const addresses = {
      ...(plan.webSocket === undefined || runtime.listenPlayers === undefined
        ? {}
        : { players: listen(plan.webSocket, runtime.listenPlayers) }),
      ...(plan.tcp === undefined ? {} : { playersTcp: listen(plan.tcp, tcpListenPlayers(runtime.transport, clock)) }),
    };
    router.open(door);
    return { kind: "ok", served: { door, addresses, stop } };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

/** Or what is wrong with a key. */
async function verifierOf(
  keys: readonly TokenKey[],
  { cluster, clock }: { readonly cluster: string; readonly clock: Clock },
): Promise<TokenVerifier | string> {
  try {
    return await joseVerifier({ keys, audience: cluster, clock });
  } catch (error) {
    if (error instanceof TokenKeyError) return error.message;
    throw error;
  }
}

/** As many connections as play, wait and are being judged, if the process may have so many. */
function limitsOf(
  { sessionsMax }: PlayersConfig,
  { runtime, log }: { readonly runtime: Runtime; readonly log: Log },
): DoorLimits {
  const wanted = sessionsMax * 2 + GUESTS_MAX;
  const most = runtime.connsMax === undefined ? wanted : Math.max(1, Math.floor(runtime.connsMax * PLAYERS_SHARE));
  if (most < sessionsMax) log.warn("fewer players can connect than may play", { connsMax: most, sessionsMax });
  return { ...DOOR_LIMITS, sessionsMax, connsMax: Math.min(wanted, most) };
}

function failed(line: string): StartFailure {
  return { kind: "failed", code: EXIT_CONFIG, lines: [line] };
}
