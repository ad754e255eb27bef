/**
 * `--role bot`: simulated players against the gateways of a cluster file, or a URL; a live line while they play, and a
 * summary. They are no nodes: they come in through the players' doors, as everybody does.
 */

import { BotCrew } from "#bots/bot_crew.ts";
import type { BotDial } from "#bots/bot_network.ts";
import type { BotSummary } from "#bots/bot_summary.ts";
import { summaryOf, summaryText } from "#bots/bot_summary.ts";
import { LIVE_MS, LiveLine, PLAIN_MS } from "#bots/live_line.ts";
import type { Random } from "#base/random.ts";
import { type BotOptions, SEED_MAX } from "../config/bot_flags.ts";
import type { ClusterConfig } from "../config/types.ts";
import { type BotsGiven, prepareBots } from "./bot_ready.ts";

const EXIT_FAILED = 1;
/** Clears what stands there behind the cursor. */
const CLEAR = "\u001b[K";

export interface BotRuntime extends BotsGiven {
  readonly random: Random;
  readonly dial: BotDial;
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
  const ready = await prepareBots(options, config, runtime);
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
  timer.cancel();
  show();
  if (live.isTerminal) live.write("\n");
  await crew.stop();
  const summary = summaryOf(crew.figures, { bots: options.players, seed, durationMs: clock.nowMs() - startMs });
  runtime.print(options.isJson ? JSON.stringify(summary) : summaryText(summary));
  return exitCode(summary, lastTrouble, say);
}

function exitCode({ bots, logins }: BotSummary, trouble: string | undefined, say: (text: string) => void): number {
  if (logins > 0) return 0;
  say(`Cannot log in with any of ${bots} bots: ${trouble ?? "none had an answer before the end"}`);
  return EXIT_FAILED;
}
