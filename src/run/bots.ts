/**
 * `--role bot`: simulated players against the gateways of a cluster file, or a URL; a live line while they play, and a
 * summary. They are no nodes: they come in through the players' doors, as everybody does.
 */

import { BotCrew } from "#bots/bot_crew.ts";
import type { BotDial } from "#bots/bot_network.ts";
import { BAG_REQUESTS } from "#bots/bot_requests.ts";
import type { BotSummary } from "#bots/bot_summary.ts";
import { summaryOf, summaryText } from "#bots/bot_summary.ts";
import { LIVE_MS, LiveLine, PLAIN_MS } from "#bots/live_line.ts";
import type { Clock } from "#base/clock.ts";
import type { Random } from "#base/random.ts";
import { TOKEN_LENGTH_MAX } from "#client/client.ts";
import { addressText } from "#link/transport.ts";
import type { BotRequest } from "#module/bot_request.ts";
import { isWildcard } from "../config/address.ts";
import { type BotOptions, SEED_MAX } from "../config/bot_flags.ts";
import { anyOf, faultText } from "../config/fault.ts";
import type { ClusterConfig } from "../config/types.ts";
import { readSecret, type SecretReader } from "./secrets.ts";
import { developmentSigner } from "./token_command.ts";
import type { StartFailure } from "./types.ts";

const EXIT_FAILED = 1;
const EXIT_CONFIG = 2;
/** Clears what stands there behind the cursor. */
const CLEAR = "\u001b[K";
const LOOPBACK = "127.0.0.1";

export interface BotRuntime {
  readonly clock: Clock;
  readonly random: Random;
  readonly dial: BotDial;
  readonly reader: SecretReader;
  /** Connections that the process may have open. */
  readonly connsMax: number;
  readonly loadRequests: (
    path: string,
  ) => Promise<
    | { readonly kind: "ok"; readonly requests: readonly BotRequest[] }
    | { readonly kind: "failed"; readonly reason: string }
  >;
  /** Standard output: the summary. */
  readonly print: (text: string) => void;
  /** Standard error: all else. */
  readonly live: { readonly isTerminal: boolean; readonly write: (text: string) => void };
  /** Resolves when it is to end before its time. */
  readonly stopped: Promise<unknown>;
}

/** Answers the exit code. `config`: undefined only when the options need none. */
export async function runBots(
  options: BotOptions,
  config: ClusterConfig | undefined,
  runtime: BotRuntime,
): Promise<number> {
  const { clock, random, live } = runtime;
  const ready = await prepare(options, config, runtime);
  if (ready.kind === "failed") {
    for (const line of ready.lines) live.write(`${line}\n`);
    return ready.code;
  }
  const seed = options.seed ?? Math.floor(random.unit() * (SEED_MAX + 1));
  let lastTrouble: string | undefined;
  const clear = live.isTerminal ? `\r${CLEAR}` : "";
  const say = (text: string): void => live.write(`${clear}${text}\n`);
  const crew = new BotCrew({
    ...ready,
    ...{ clock, random, seed },
    count: options.players,
    loginsPerSecond: options.loginsPerSecond,
    requestsPerSecond: options.requestsPerSecond,
    dial: runtime.dial,
    trouble: (what) => {
      lastTrouble = what;
      say(`kuafu bots: first ${what}`);
    },
  });
  const startMs = clock.nowMs();
  const line = new LiveLine(crew.figures, startMs);
  const show = (): void =>
    live.write(live.isTerminal ? `\r${line.next(clock.nowMs())}${CLEAR}` : `${line.next(clock.nowMs())}\n`);
  const spanMs = live.isTerminal ? LIVE_MS : PLAIN_MS;
  let timer = clock.after(spanMs, function tick() {
    show();
    timer = clock.after(spanMs, tick);
  });
  say(`kuafu bots: ${options.players} at ${ready.urls.join(", ")}, seed ${seed}`);
  crew.start();
  const late = Promise.withResolvers<void>();
  const end = options.seconds === undefined ? undefined : clock.after(options.seconds * 1000, late.resolve);
  await Promise.race([runtime.stopped, late.promise, crew.over]);
  end?.cancel();
  await crew.stop();
  timer.cancel();
  show();
  if (live.isTerminal) live.write("\n");
  const summary = summaryOf(crew.figures, { bots: options.players, seed, durationMs: clock.nowMs() - startMs });
  runtime.print(options.isJson ? JSON.stringify(summary) : summaryText(summary));
  return exitCode(summary, lastTrouble, say);
}

function exitCode({ bots, logins }: BotSummary, trouble: string | undefined, say: (text: string) => void): number {
  if (logins > 0) return 0;
  say(`Cannot log in with any of ${bots} bots: ${trouble ?? "none had an answer before the end"}`);
  return EXIT_FAILED;
}

interface Ready {
  readonly kind: "ready";
  readonly urls: readonly string[];
  readonly requests: readonly BotRequest[];
  readonly tokenOf: (index: number) => Promise<string> | string;
}

async function prepare(
  options: BotOptions,
  config: ClusterConfig | undefined,
  runtime: BotRuntime,
): Promise<Ready | StartFailure> {
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
    const urls = wanted.flatMap(({ players, address }) => {
      if (players === undefined) return [];
      if (!isWildcard(players.host)) return [`ws://${addressText(players)}`];
      const host = address === undefined || isWildcard(address.host) ? LOOPBACK : address.host;
      return [`ws://${addressText({ host, port: players.port })}`];
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
  { tokenFile, players, name }: BotOptions,
  config: ClusterConfig | undefined,
  { clock, reader }: BotRuntime,
): { readonly kind: "ok"; readonly tokenOf: Ready["tokenOf"] } | StartFailure {
  if (tokenFile !== undefined) return tokensOfFile(tokenFile, { players, reader });
  if (config === undefined) {
    return refused({ file: "kuafu", place: "--config", found: "nothing", allowed: "the cluster file, or --tokens" });
  }
  const allowed = "development = true, for bots to sign their own tokens; or --tokens FILE";
  const signer = developmentSigner(config, { clock, reader, allowed });
  if (signer.kind === "failed") return signer;
  return { kind: "ok", tokenOf: (index) => signer.sign(`${name}-${index + 1}`) };
}

function tokensOfFile(
  path: string,
  { players, reader }: { readonly players: number; readonly reader: SecretReader },
): { readonly kind: "ok"; readonly tokenOf: Ready["tokenOf"] } | StartFailure {
  const read = readSecret({ kind: "file", path }, reader);
  if (read.kind === "missing") return failed([`Cannot read tokens from ${path}: ${read.reason}`]);
  const tokens = read.value
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const long = tokens.findIndex((token) => token.length > TOKEN_LENGTH_MAX);
  if (long !== -1) {
    const found = `${tokens[long]?.length ?? 0} characters`;
    return refused({ file: path, place: `token ${long + 1}`, found, allowed: `up to ${TOKEN_LENGTH_MAX} characters` });
  }
  if (tokens.length < players) {
    return refused({
      file: path,
      place: "",
      found: `${tokens.length} tokens`,
      allowed: `one for each of ${players} bots`,
    });
  }
  return { kind: "ok", tokenOf: (index) => tokens[index] ?? "" };
}

async function requestsOf(
  { asks, modules }: BotOptions,
  { loadRequests }: BotRuntime,
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
