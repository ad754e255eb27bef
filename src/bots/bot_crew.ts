/**
 * All bots of a run: lets them log in no faster than it was told, and ends them in order: first no more questions, then
 * the answers that are under way, then each logs out.
 */

import type { Clock, Timer } from "#base/clock.ts";
import { type Random, seededRandom } from "#base/random.ts";
import { TokenBucket } from "#session/token_bucket.ts";
import type { BotRequest } from "#module/bot_request.ts";
import { Bot } from "./bot.ts";
import { BotFigures } from "./bot_figures.ts";
import type { BotDial } from "./bot_network.ts";

/** How often those who wait to log in are looked at. */
const TURN_MS = 20;
/** Of the logins of one second, those that may come at once. */
const BURST_SHARE = 0.1;
/** For answers, and logins, that are under way when the run ends. */
export const ANSWERS_MS_MAX = 3_000;
/** For the goodbyes. */
export const GOODBYE_MS_MAX = 2_000;
const KEY_SIZE = 16;
/** Spreads neighbouring numbers over all seeds. */
const GOLDEN = 0x9e3779b1;

export interface CrewOptions {
  readonly clock: Clock;
  /** For what must be new each time; the bots' own chance is the seed's. */
  readonly random: Random;
  readonly seed: number;
  readonly count: number;
  /** Bots are spread over these in turn. */
  readonly urls: readonly string[];
  readonly loginsPerSecond: number;
  readonly requestsPerSecond: number;
  readonly requests: readonly BotRequest[];
  /** Of the bot with this index; asked for each attempt to connect. */
  readonly tokenOf: (index: number) => Promise<string> | string;
  readonly dial: BotDial;
  readonly trouble: (what: string) => void;
}

export class BotCrew {
  readonly figures = new BotFigures();
  readonly #options: CrewOptions;
  readonly #bots: Bot[] = [];
  readonly #over = Promise.withResolvers<void>();
  readonly #bucket: TokenBucket;
  #line: Bot[] = [];
  #timer: Timer | undefined;
  /** Who waits for something to end. */
  #waiting: (() => void) | undefined;

  constructor(options: CrewOptions) {
    const { clock, loginsPerSecond, seed } = options;
    this.#options = options;
    const burst = Math.max(1, loginsPerSecond * BURST_SHARE);
    this.#bucket = new TokenBucket({ perSecond: loginsPerSecond, burst }, clock.nowMs());
    const setting = {
      ...options,
      figures: this.figures,
      newKey: () => options.random.bytes(KEY_SIZE).toHex(),
      lineUp: (bot: Bot) => void this.#line.push(bot),
      ended: () => this.#ended(),
    };
    for (let index = 0; index < options.count; index += 1) {
      const url = options.urls[index % options.urls.length];
      if (url === undefined) throw new RangeError("Cannot start bots: there is no gateway to connect to");
      const random = seededRandom(seed ^ Math.imul(index + 1, GOLDEN));
      this.#bots.push(new Bot(setting, { url, token: () => options.tokenOf(index), random }));
    }
  }

  /** Resolves when no bot can do anything more: each was told not to come again. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  start(): void {
    for (const bot of this.#bots) bot.start();
    this.#takeTurns();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#line = [];
    for (const bot of this.#bots) bot.stop();
    const isAnswered = (): boolean => this.#bots.every((bot) => bot.isOver && bot.pendingCount === 0);
    await this.#until(isAnswered, ANSWERS_MS_MAX);
    for (const bot of this.#bots) bot.leave();
    const isQuiet = (): boolean => this.#bots.every((bot) => bot.pendingCount === 0 && bot.openCount === 0);
    await this.#until(isQuiet, GOODBYE_MS_MAX);
  }

  #takeTurns(): void {
    const nowMs = this.#options.clock.nowMs();
    let count = 0;
    while (count < this.#line.length && this.#bucket.take(1, nowMs)) count += 1;
    for (const bot of this.#line.splice(0, count)) bot.turn();
    this.#timer = this.#options.clock.after(TURN_MS, () => this.#takeTurns());
  }

  #ended(): void {
    this.#waiting?.();
    if (this.figures.at("offline") > 0 && this.#bots.every((bot) => bot.isOver)) this.#over.resolve();
  }

  /** Looks again whenever something has ended. */
  #until(isDone: () => boolean, withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(withinMs, resolve);
    this.#waiting = () => {
      if (isDone()) resolve();
    };
    this.#waiting();
    return promise.finally(() => {
      timer.cancel();
      this.#waiting = undefined;
    });
  }
}
