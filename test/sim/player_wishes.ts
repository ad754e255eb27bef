/**
 * What players wish to change, each under a key of its own: asked for until it is known, over restarts and logins, and some
 * asked for again afterwards. The same key is answered as it was the first time.
 *
 * A refusal is final only if no attempt before it may still be under way, and none is executed later; at the end, when
 * nothing is under way, always.
 */

import { PlayerBag } from "#game/player_bag.ts";
import type { ChangeOutcome, ClaimOutcome } from "#player/player_change.ts";
import { changeOutcomeSchema, claimOutcomeSchema } from "#player/player_change.ts";
import type { Random } from "#base/random.ts";
import type { Method } from "#rpc/contract.ts";
import * as v from "valibot";
import type { Ledger } from "./ledger.ts";
import type { RequestEnd } from "./player_device.ts";
import { GOLD, Game, SWORD } from "./players_game.ts";

const RETRY_MS = 1200;
/** Of wishes that were granted. */
const AGAIN_SHARE = 0.1;

export type Traded = { readonly item: string; readonly count: number } | { readonly id: string };

export type WishWhat =
  | { readonly kind: "change"; readonly reason: string; readonly what: Traded }
  | { readonly kind: "trade"; readonly to: string; readonly what: Traded }
  | { readonly kind: "claim"; readonly mail: string };

export interface Wish {
  readonly player: string;
  readonly key: string;
  readonly what: WishWhat;
  /** An attempt may still be under way. */
  isUnsure: boolean;
  end: "granted" | "refused" | undefined;
  /** What it was answered when it was granted. */
  answer: string | undefined;
}

/** Who can ask for it now; it ends when its player's client says so. */
export type AskWish = (
  wish: Wish,
  request: { readonly method: Method; readonly body: (n: number) => object },
  done: (end: RequestEnd) => void,
) => void;

export class PlayerWishes {
  readonly all: Wish[] = [];
  /** Highest version that a player was told of, by player. */
  readonly versions = new Map<string, number>();
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #after: (delayMs: number, fn: () => void) => void;
  readonly #ask: AskWish;
  readonly #told: (player: string) => void;
  /** By player and number of the request that has asked for it. */
  readonly #asked = new Map<string, Wish>();
  #isFinal = false;

  constructor(options: {
    readonly ledger: Ledger;
    readonly random: Random;
    readonly after: (delayMs: number, fn: () => void) => void;
    readonly ask: AskWish;
    /** Somebody has been told that a player's bag has changed. */
    readonly told: (player: string) => void;
  }) {
    this.#ledger = options.ledger;
    this.#random = options.random;
    this.#after = options.after;
    this.#ask = options.ask;
    this.#told = options.told;
  }

  open(): readonly Wish[] {
    return this.all.filter(({ end }) => end === undefined);
  }

  /** Nothing is under way any more: what is refused now was never granted. */
  atRest(): void {
    this.#isFinal = true;
  }

  make(player: string, what: WishWhat): void {
    const key = what.kind === "claim" ? what.mail : `${what.kind}-${this.all.length}`;
    const wish: Wish = { player, key, what, isUnsure: false, end: undefined, answer: undefined };
    this.all.push(wish);
    this.#try(wish);
  }

  /**
   * A request that a node has kept while it stood still is executed once more, when another node has answered it long
   * since: what was refused then may be done now.
   */
  executedAgain(player: string, n: number): void {
    const wish = this.#asked.get(`${player}/${n}`);
    if (wish?.end !== "refused") return;
    this.#ledger.count("refused, and executed again");
    wish.isUnsure = true;
    wish.end = undefined;
    this.#later(wish);
  }

  #try(wish: Wish): void {
    const { method, body } = requestOf(wish);
    const numbered = (n: number): object => {
      this.#asked.set(`${wish.player}/${n}`, wish);
      return body(n);
    };
    this.#ask(wish, { method, body: numbered }, (end) => this.#ended(wish, end));
  }

  #later(wish: Wish): void {
    this.#after(RETRY_MS * (0.3 + this.#random.unit()), () => this.#try(wish));
  }

  #ended(wish: Wish, end: RequestEnd): void {
    if (end.kind === "reply") return this.#answered(wish, end.body);
    // Of one that was granted already, only an answer says something.
    if (wish.end === undefined) {
      if (end.kind === "died" || end.executed !== false) wish.isUnsure = true;
      this.#later(wish);
    }
  }

  #answered(wish: Wish, body: unknown): void {
    const { what } = wish;
    if (what.kind === "claim") return this.#judge(wish, v.parse(claimOutcomeSchema, body), body);
    if (what.kind === "change") {
      return this.#judge(wish, v.parse(v.object({ outcome: changeOutcomeSchema }), body).outcome, body);
    }
    const schema = v.object({ gave: changeOutcomeSchema, got: v.optional(changeOutcomeSchema) });
    const { gave, got } = v.parse(schema, body);
    if (gave.kind !== "ok") return this.#judge(wish, gave, body);
    if (got?.kind === "ok") {
      this.#sees(what.to, got);
      return this.#judge(wish, gave, { gave, got });
    }
    this.#ledger.violation(`trade ${wish.key} of ${wish.player}: given, and ${what.to} is answered ${got?.kind}`);
  }

  #judge(wish: Wish, outcome: ClaimOutcome, whole: unknown): void {
    const { player, key, what } = wish;
    const name = `${what.kind} ${key} of ${player}`;
    this.#ledger.count(`${what.kind}:${outcome.kind}`);
    switch (outcome.kind) {
      case "ok":
        return this.#granted(wish, outcome, whole);
      case "short":
      case "no_item":
        if (wish.end === "granted")
          return this.#ledger.violation(`${name} was granted, and is answered ${outcome.kind}`);
        if (wish.isUnsure && !this.#isFinal) return this.#later(wish);
        wish.end = "refused";
        return;
      case "full":
      case "too_much":
      case "conflict":
      case "stale":
      case "no_mail":
      case "expired":
        return this.#ledger.violation(`${name} is answered ${JSON.stringify(outcome)}`);
    }
  }

  #granted(wish: Wish, outcome: ChangeOutcome & { readonly kind: "ok" }, whole: unknown): void {
    const { player, key, what } = wish;
    const name = `${what.kind} ${key} of ${player}`;
    this.#sees(player, outcome);
    const answer = answerText(whole);
    if (wish.answer !== undefined) {
      if (answer !== wish.answer) this.#ledger.violation(`${name} again is answered ${answer}, was ${wish.answer}`);
      if (!outcome.repeated) this.#ledger.violation(`${name} is granted a second time`);
      this.#ledger.count("granted again");
    }
    if (wish.end === "refused") this.#ledger.violation(`${name} was refused, and is granted`);
    wish.answer = answer;
    wish.end = "granted";
    if (this.#random.unit() < AGAIN_SHARE) this.#later(wish);
  }

  #sees(player: string, { version }: ChangeOutcome & { readonly kind: "ok" }): void {
    this.versions.set(player, Math.max(version, this.versions.get(player) ?? 0));
    this.#told(player);
  }
}

function requestOf({ key, what }: Wish): Parameters<AskWish>[1] {
  switch (what.kind) {
    case "change":
      return { method: Game.change, body: (n) => ({ n, key, reason: what.reason, what: what.what }) };
    case "trade":
      return { method: Game.trade, body: (n) => ({ n, key, to: what.to, what: what.what }) };
    case "claim":
      return { method: PlayerBag.claim, body: () => ({ mail: what.mail }) };
  }
}

/** But for the number of the request, and for whether it was done before. */
function answerText(whole: unknown): string {
  return JSON.stringify(whole, (name, value: unknown) => (name === "n" || name === "repeated" ? undefined : value));
}

/** What a granted wish has put into the bag of a player, or taken out of it. */
export function effectOf({ player, what }: Wish, of: string): { readonly gold: number; readonly swords: number } {
  if (what.kind === "claim") return { gold: 0, swords: 0 };
  const sign = what.kind === "change" ? (of === player ? 1 : 0) : (of === what.to ? 1 : 0) - (of === player ? 1 : 0);
  if ("id" in what.what) return { gold: 0, swords: what.kind === "change" ? -sign : sign };
  const { item, count } = what.what;
  return { gold: item === GOLD ? sign * count : 0, swords: item === SWORD ? sign * count : 0 };
}
