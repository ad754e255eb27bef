/**
 * What a run of bots needs: the gateways where they log in, tokens, and what they ask. Refuses before anything is tried.
 */

import { BAG_REQUESTS } from "#bots/bot_requests.ts";
import type { Clock } from "#base/clock.ts";
import { TOKEN_LENGTH_MAX } from "#client/client.ts";
import { addressText } from "#link/transport.ts";
import type { BotRequest } from "#module/bot_request.ts";
import { isWildcard } from "../config/address.ts";
import type { BotOptions } from "../config/bot_flags.ts";
import { anyOf, faultText } from "../config/fault.ts";
import type { ClusterConfig } from "../config/types.ts";
import { readSecret, type SecretReader } from "./secrets.ts";
import { developmentSigner } from "./token_command.ts";
import type { StartFailure } from "./types.ts";

const EXIT_CONFIG = 2;
const LOOPBACK = "127.0.0.1";

export interface BotsGiven {
  readonly clock: Clock;
  readonly reader: SecretReader;
  /** Connections that the process may have open. */
  readonly connsMax: number;
  readonly loadRequests: (
    path: string,
  ) => Promise<
    | { readonly kind: "ok"; readonly requests: readonly BotRequest[] }
    | { readonly kind: "failed"; readonly reason: string }
  >;
}

/** What a run needs beside its options. */
export interface BotsReady {
  readonly kind: "ready";
  readonly urls: readonly string[];
  readonly requests: readonly BotRequest[];
  readonly tokenOf: (index: number) => Promise<string> | string;
}

/** Or what is wrong, before anything has been tried. */
export async function prepareBots(
  options: BotOptions,
  config: ClusterConfig | undefined,
  runtime: BotsGiven,
): Promise<BotsReady | StartFailure> {
  const { players, url } = options;
  if (players > runtime.connsMax) {
    const allowed = `at most ${runtime.connsMax} with this limit of open files (ulimit -n)`;
    return refused({ file: "kuafu", place: "--players", found: String(players), allowed });
  }
  const urls = url === undefined ? urlsOf(config, options.shard) : { kind: "ok" as const, urls: [url] };
  if (urls.kind === "failed") return urls;
  const tokens = tokensOf(options, config, runtime);
  if (tokens.kind === "failed") return tokens;
  const requests = await requestsOf(options, runtime);
  if (requests.kind === "failed") return requests;
  return { kind: "ready", urls: urls.urls, tokenOf: tokens.tokenOf, requests: requests.requests };
}

/** Every gateway that players can come in at by WebSocket, or the one of this shard. */
export function urlsOf(
  config: ClusterConfig | undefined,
  shard: number | undefined,
): { readonly kind: "ok"; readonly urls: readonly string[] } | StartFailure {
  const file = config?.file ?? "kuafu";
  const open = (config?.nodes ?? []).filter(({ players }) => players !== undefined);
  const wanted = open.filter((node) => shard === undefined || node.shard === shard);
  if (wanted.length > 0) {
    const scheme = config?.players?.tls === undefined ? "ws" : "wss";
    const urls = wanted.flatMap(({ players, address }) => {
      if (players === undefined) return [];
      if (!isWildcard(players.host)) return [`${scheme}://${addressText(players)}`];
      const host = address === undefined || isWildcard(address.host) ? LOOPBACK : address.host;
      return [`${scheme}://${addressText({ host, port: players.port })}`];
    });
    return { kind: "ok", urls };
  }
  if (open.length === 0) {
    return refused({
      file,
      place: "node",
      found: "no gateway with players",
      allowed: "one, for bots to log in at; or --url",
    });
  }
  const shards = anyOf(open.map((node) => String(node.shard)));
  return refused({
    file: "kuafu",
    place: "--shard",
    found: String(shard),
    allowed: `a shard whose gateway has players: ${shards}`,
  });
}

function tokensOf(
  { tokenFiles, players, name }: BotOptions,
  config: ClusterConfig | undefined,
  { clock, reader }: BotsGiven,
): { readonly kind: "ok"; readonly tokenOf: BotsReady["tokenOf"] } | StartFailure {
  if (tokenFiles.length > 0) return tokensOfFiles(tokenFiles, { players, reader });
  if (config === undefined) {
    return refused({ file: "kuafu", place: "--config", found: "nothing", allowed: "the cluster file, or --tokens" });
  }
  const allowed = "development = true, for bots to sign their own tokens; or --tokens FILE";
  const signer = developmentSigner(config, { clock, reader, allowed });
  if (signer.kind === "failed") return signer;
  return { kind: "ok", tokenOf: (index) => signer.sign(`${name}-${index + 1}`) };
}

function tokensOfFiles(
  paths: readonly string[],
  { players, reader }: { readonly players: number; readonly reader: SecretReader },
): { readonly kind: "ok"; readonly tokenOf: BotsReady["tokenOf"] } | StartFailure {
  const tokens: string[] = [];
  for (const path of paths) {
    const read = readSecret({ kind: "file", path }, reader);
    if (read.kind === "missing") return failed([`Cannot read tokens from ${path}: ${read.reason}`]);
    for (const [index, line] of read.value.split("\n").entries()) {
      const token = line.trim();
      if (token.length > TOKEN_LENGTH_MAX) {
        const found = `${token.length} characters`;
        const allowed = `a token of 1 to ${TOKEN_LENGTH_MAX} characters`;
        return refused({ file: path, place: `line ${index + 1}`, found, allowed });
      }
      if (token !== "") tokens.push(token);
    }
  }
  if (tokens.length < players) {
    const found = `tokens for ${tokens.length} bots`;
    return refused({ file: paths.join(", "), place: "", found, allowed: `one for each of ${players}` });
  }
  return { kind: "ok", tokenOf: (index) => tokens[index] ?? "" };
}

async function requestsOf(
  { asks, modules }: BotOptions,
  { loadRequests }: BotsGiven,
): Promise<{ readonly kind: "ok"; readonly requests: readonly BotRequest[] } | StartFailure> {
  if (asks.length > 0) return { kind: "ok", requests: asks };
  const requests: BotRequest[] = [];
  for (const path of modules) {
    const loaded = await loadRequests(path);
    if (loaded.kind === "failed") return failed([loaded.reason]);
    requests.push(...loaded.requests);
  }
  return { kind: "ok", requests: requests.length > 0 ? requests : BAG_REQUESTS };
}

function refused(fault: Parameters<typeof faultText>[0]): StartFailure {
  return failed([faultText(fault)]);
}

function failed(lines: readonly string[]): StartFailure {
  return { kind: "failed", code: EXIT_CONFIG, lines };
}
