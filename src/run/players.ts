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
import { PlayerDoor } from "#session/player_door.ts";
import type { PlayerWays } from "#session/player_ways.ts";
import type { TokenVerifier } from "#session/token.ts";
import { faultText } from "../config/fault.ts";
import { parseKey } from "../config/secrets.ts";
import type { PlayersPlan } from "../config/plan.ts";
import type { PlayersConfig, TokenKeyConfig } from "../config/types.ts";
import { CertificateWatch, type CertificateWatchOptions, firstPair } from "./player_certificate.ts";
import { PlayerPorts } from "./player_ports.ts";
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
  /** What is bound and how it is spoken to, as a URL. */
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
  const ways = waysOf(plan, { runtime, log });
  if (ways.kind === "failed") return ways;
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
  try {
    const ports = new PlayerPorts(ways.ways, {
      clock,
      alarms: node.alarms,
      webSocket: plan.webSocket,
      tcp: plan.tcp,
      accept: (conn) => door.accept(conn),
    });
    const watch =
      ways.tls === undefined
        ? undefined
        : new CertificateWatch({
            ...ways.tls,
            runtime,
            log,
            alarms: node.alarms,
            renewed: (next) => ports.renew(next),
          });
    const stop = (deadlineMs: number): Promise<void> => {
      watch?.stop();
      ports.close();
      return door.stop(deadlineMs);
    };
    router.open(door);
    return { kind: "ok", served: { door, addresses: addressesOf(ports, plan.tls !== undefined), stop } };
  } catch (error) {
    await door.stop(0);
    throw error;
  }
}

/** Plain ones, or with `tls` those that the files are good for. */
function waysOf(
  { tls: files }: PlayersPlan,
  { runtime, log }: { readonly runtime: Runtime; readonly log: Log },
):
  | {
      readonly kind: "ok";
      readonly ways: PlayerWays;
      readonly tls: Pick<CertificateWatchOptions, "files" | "secure" | "first"> | undefined;
    }
  | StartFailure {
  const { securePlayers: secure, listenPlayers: webSocket, transport: tcp } = runtime;
  if (files === undefined) return { kind: "ok", ways: { webSocket, tcp }, tls: undefined };
  if (secure === undefined) return failed("Cannot use players.tls: this runtime has no TLS for players");
  const made = firstPair(files, secure, { runtime, log });
  if (made.kind === "failed") return made;
  return { kind: "ok", ways: made.pair.ways, tls: { files, secure, first: made.pair } };
}

function addressesOf(ports: PlayerPorts, isSecure: boolean): ServedPlayers["addresses"] {
  const url = (scheme: string, address: Address | undefined): string | undefined =>
    address === undefined ? undefined : `${scheme}://${addressText(address)}`;
  const players = url(isSecure ? "wss" : "ws", ports.addressOf("players"));
  const playersTcp = url(isSecure ? "tls" : "tcp", ports.addressOf("players_tcp"));
  return { ...(players === undefined ? {} : { players }), ...(playersTcp === undefined ? {} : { playersTcp }) };
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
