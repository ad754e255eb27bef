/**
 * A player of the module purse.ts: changes its bag one change after the other, each under a key of its own, asks again with
 * the same key whenever an answer does not come, and holds every answer against what it believes of its bag.
 */

import { randomIndex } from "#base/random.ts";
import type { Random } from "#base/random.ts";
import { PlayerClient } from "#client/client.ts";
import { RequestError } from "#client/request_error.ts";
import type { ReplyOf, RequestOf } from "#rpc/contract.ts";
import { Purse } from "../modules/purse.ts";
import { tokenOf } from "./player_token.ts";
import { pause } from "./wait.ts";

/** Before the same is asked again. */
const AGAIN_MS_MAX = 100;
const SWORDS_MAX = 20;
const WOOD_MAX = 1_000;
const SWORD_COINS = 10;

type Wish = RequestOf<typeof Purse.change>;
type Outcome = ReplyOf<typeof Purse.change>;
type Done = Extract<Outcome, { readonly kind: "ok" }>;

/** A change that was answered with `ok`. */
export interface Acknowledged {
  readonly version: number;
  readonly key: string;
  readonly reason: "purse.change" | "purse.gift";
  /** Net, by name. */
  readonly items: Readonly<Record<string, number>>;
  readonly made: readonly string[];
  readonly taken: readonly string[];
}

export class PursePlayer {
  readonly name: string;
  readonly client: PlayerClient;
  readonly acknowledged: Acknowledged[] = [];
  readonly counts = new Map<string, number>();
  readonly swords = new Set<string>();
  /** What an answer said that can't be true. */
  readonly faults: string[] = [];
  /** Requests that ended without a reply, by code and by whether they were executed. */
  readonly failures = new Map<string, number>();
  /** From the first time that a change was asked for to its answer. */
  readonly tookMs: number[] = [];
  /** Changes that had been done when they were asked for again. */
  repeatedCount = 0;
  readonly #random: Random;
  readonly #restMsMax: number;
  #isStopping = false;
  #running: Promise<void> = Promise.resolve();

  /** `restMsMax`: between two changes. */
  constructor(options: {
    readonly name: string;
    readonly url: string;
    readonly random: Random;
    readonly restMsMax: number;
  }) {
    this.name = options.name;
    this.#restMsMax = options.restMsMax;
    this.#random = options.random;
    this.client = new PlayerClient({ url: options.url, token: () => tokenOf(options.name) });
  }

  get version(): number {
    return this.acknowledged.length;
  }

  start(): void {
    this.client.connect();
    this.#running = this.#run();
  }

  /** Resolves when the change that is under way has its answer. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#running;
  }

  /** As the server says; asked until there is an answer. */
  async look(): Promise<ReplyOf<typeof Purse.look>> {
    return await this.#untilAnswered(() => this.client.request(Purse.look, {}));
  }

  /** Until it is to stop, or has been told what can't be true: all that follows would only say so again. */
  async #run(): Promise<void> {
    for (let number = 1; !this.#isStopping && this.faults.length === 0; number += 1) {
      const wish: Wish = { key: `${this.name}-${number}`, items: this.#items() };
      const isGift = randomIndex(this.#random, 4) === 0;
      const ask = async (): Promise<Outcome> =>
        await this.#untilAnswered(() => this.client.request(isGift ? Purse.gift : Purse.change, wish));
      const askedMs = performance.now();
      const outcome = await ask();
      this.tookMs.push(performance.now() - askedMs);
      this.#take(wish, outcome, isGift);
      if (outcome.kind === "ok" && randomIndex(this.#random, 10) === 0) {
        const again = await ask();
        if (JSON.stringify(again) !== JSON.stringify({ ...outcome, repeated: true })) {
          this.#fault(`${wish.key} asked for again`, { outcome, again });
        }
      }
      if (this.#restMsMax > 0) await pause(this.#random.unit() * this.#restMsMax);
    }
  }

  async #untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        const name = `${error.code} ${String(error.executed)}`;
        this.failures.set(name, (this.failures.get(name) ?? 0) + 1);
      }
      await pause(this.#random.unit() * AGAIN_MS_MAX);
    }
  }

  #items(): Wish["items"] {
    const random = this.#random;
    const coins = this.counts.get("coin") ?? 0;
    const wood = this.counts.get("wood") ?? 0;
    const [sword] = this.swords;
    switch (randomIndex(random, 6)) {
      case 0:
        if (coins >= SWORD_COINS && this.swords.size < SWORDS_MAX) {
          return [
            { item: "coin", count: -SWORD_COINS },
            { item: "sword", count: 1 },
          ];
        }
        break;
      case 1:
        if (sword !== undefined) return [{ take: sword }, { item: "coin", count: 3 }];
        break;
      case 2:
        if (coins > 0) return [{ item: "coin", count: -1 - randomIndex(random, coins) }];
        break;
      case 3:
        if (wood > WOOD_MAX) return [{ item: "wood", count: -wood }];
        return [{ item: "wood", count: 1 + randomIndex(random, 20) }];
      case 4:
        // More than there is, which is to be refused as a whole.
        return [
          { item: "wood", count: 1 },
          { item: "coin", count: -coins - 1 },
        ];
      default:
    }
    return [{ item: "coin", count: 1 + randomIndex(random, 50) }];
  }

  #take(wish: Wish, outcome: Outcome, isGift: boolean): void {
    const coins = this.counts.get("coin") ?? 0;
    const overdrawn = wish.items.find((entry) => "item" in entry && entry.item === "coin" && entry.count < -coins);
    if (outcome.kind === "short" && overdrawn !== undefined && outcome.found === coins) return;
    if (outcome.kind !== "ok" || overdrawn !== undefined || outcome.version !== this.version + 1) {
      return this.#fault(wish.key, { version: this.version, coins, wish, outcome });
    }
    if (outcome.repeated) this.repeatedCount += 1;
    this.#believe(wish, outcome, isGift);
  }

  #believe({ key, items }: Wish, { version, made, items: net }: Done, isGift: boolean): void {
    const taken = items.flatMap((entry) => ("take" in entry ? [entry.take] : []));
    for (const entry of items) {
      if ("take" in entry) this.swords.delete(entry.take);
      else if (entry.item !== "sword") {
        const count = (this.counts.get(entry.item) ?? 0) + entry.count;
        if (count === 0) this.counts.delete(entry.item);
        else this.counts.set(entry.item, count);
      }
    }
    for (const { id } of made) this.swords.add(id);
    this.acknowledged.push({
      ...{ version, key, reason: isGift ? "purse.gift" : "purse.change" },
      items: Object.fromEntries(net.map(({ item, count }) => [item, count])),
      ...{ made: made.map(({ id }) => id), taken },
    });
  }

  #fault(what: string, found: unknown): void {
    this.faults.push(`${this.name}: ${what}: ${JSON.stringify(found)}`);
  }
}
