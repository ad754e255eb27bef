/**
 * What must hold for the sessions of the players simulation, written down as it happens: the gateway asks for one request
 * of a session at a time and in order, a request is executed in order and, unless it has a key, at most once, and a client
 * hears what its door has pushed from the first on, without a gap.
 *
 * One exception has to be: a request of which the gateway could not say whether it was executed (its node was lost or too
 * slow) may still be under way when the next one is asked for. It is counted, not forbidden.
 */

import { REQUEST_GRACE_MS, REQUEST_MS_MAX } from "#session/door_limits.ts";
import type { PlayerAnswer } from "#session/player_router.ts";
import type { Ledger } from "./ledger.ts";

/** From a door to a client, when nothing is in the way. */
const UNDER_WAY_MS = 1000;

/** After so long a session answers for a router that does not. */
const LATE_MS = REQUEST_MS_MAX + REQUEST_GRACE_MS;

interface Asked {
  readonly atMs: number;
  answer: PlayerAnswer | undefined;
}

interface SessionNotes {
  readonly player: string;
  /** By the number that its player's client has given it. */
  readonly asked: Map<number, Asked>;
  lastAsked: number;
  lastExecuted: number;
  /** What its door has pushed, in order. */
  readonly pushed: { readonly news: number; readonly atMs: number }[];
  heard: number;
}

export class SessionBook {
  readonly #ledger: Ledger;
  readonly #nowMs: () => number;
  readonly #sessions = new Map<string, SessionNotes>();
  /** Requests that were executed, where, by player and number; and by session and number, since a keyed one may be in two. */
  readonly #executed = new Map<string, string>();
  readonly #denied = new Map<string, string>();
  #news = 0;

  constructor(ledger: Ledger, nowMs: () => number) {
    this.#ledger = ledger;
    this.#nowMs = nowMs;
  }

  nextNews(): number {
    this.#news += 1;
    return this.#news;
  }

  hasExecuted(player: string, n: number): boolean {
    return this.#executed.has(`${player}/${n}`);
  }

  /** The gateway hands a request on. Answers what is to be told of its answer. */
  asks(request: {
    readonly session: string;
    readonly player: string;
    readonly n: number;
  }): (answer: PlayerAnswer) => void {
    const { session, player, n } = request;
    const notes = this.#notes(session, player);
    if (n <= notes.lastAsked) {
      this.#ledger.violation(
        `the gateway asks for request ${n} of ${player} after ${notes.lastAsked}, session ${session}`,
      );
    }
    const last = notes.asked.get(notes.lastAsked);
    if (last !== undefined && last.answer === undefined && this.#nowMs() - last.atMs < LATE_MS) {
      this.#ledger.violation(`the gateway asks for request ${n} of ${player} before ${notes.lastAsked} is answered`);
    }
    notes.lastAsked = n;
    const asked: Asked = { atMs: this.#nowMs(), answer: undefined };
    notes.asked.set(n, asked);
    return (answer) => {
      asked.answer = answer;
      this.#ledger.count(answer.kind === "reply" ? "router:ok" : `router:${answer.code}`);
      if (answer.kind === "error" && answer.executed === false)
        this.#denied.set(`${session}/${n}`, `${answer.code} at the gateway`);
    };
  }

  /** "again": it has a key, and was executed before. */
  executes(at: {
    readonly life: string;
    readonly session: string;
    readonly player: string;
    readonly n: number;
    readonly isKeyed: boolean;
  }): "first" | "again" {
    const { life, session, player, n, isKeyed } = at;
    const what = `request ${n} of ${player}`;
    this.#ledger.count("requests executed");
    const key = `${player}/${n}`;
    const before = this.#executed.get(key);
    this.#executed.set(`${session}/${n}`, life);
    this.#ledger.note(life, `executes ${what}, session ${session}`);
    if (before !== undefined) {
      if (isKeyed) this.#ledger.count("keyed requests executed again");
      else this.#ledger.violation(`${what} is executed twice: at ${before}, at ${life}`);
      return "again";
    }
    this.#executed.set(key, life);
    const notes = this.#notes(session, player);
    const asked = notes.asked.get(n);
    if (asked === undefined) {
      this.#ledger.violation(`${what} is executed at ${life} and was not asked for`);
      return "first";
    }
    if (n < notes.lastExecuted) {
      const { answer } = asked;
      const isKnown = answer !== undefined && (answer.kind === "reply" || answer.executed !== null);
      if (isKnown) this.#ledger.violation(`${what} is executed at ${life} after request ${notes.lastExecuted}`);
      else this.#ledger.count("executed late, its gateway did not know");
    }
    notes.lastExecuted = Math.max(notes.lastExecuted, n);
    return "first";
  }

  /** A client has been told that this one was not executed. */
  told(player: string, n: number, why: string): void {
    this.#denied.set(`${player}/${n}`, `${why} at the client`);
  }

  pushes(session: string, player: string, news: number): void {
    this.#ledger.count("pushes");
    this.#notes(session, player).pushed.push({ news, atMs: this.#nowMs() });
  }

  hears(session: string, player: string, news: number): void {
    const notes = this.#sessions.get(session);
    if (notes === undefined || notes.player !== player) {
      return this.#ledger.violation(`${player} hears news ${news} in session ${session}, which pushed nothing`);
    }
    const wanted = notes.pushed[notes.heard]?.news;
    if (wanted !== news) {
      this.#ledger.violation(`${player} hears news ${news} in session ${session}, the next is ${wanted ?? "none"}`);
    }
    notes.heard += 1;
    this.#ledger.count("pushes heard");
  }

  /** At rest: a client that is online has heard all that was not pushed just now. */
  heardAll(session: string): void {
    const notes = this.#sessions.get(session);
    const next = notes?.pushed[notes.heard];
    if (notes === undefined || next === undefined || this.#nowMs() - next.atMs < UNDER_WAY_MS) return;
    this.#ledger.violation(`${notes.player} has heard ${notes.heard} of ${notes.pushed.length} pushes of its session`);
  }

  finish(): void {
    for (const [key, why] of this.#denied) {
      if (this.#executed.has(key)) this.#ledger.violation(`request ${key} was executed, it was told that not: ${why}`);
    }
    this.#ledger.count("sessions", this.#sessions.size);
  }

  #notes(session: string, player: string): SessionNotes {
    let notes = this.#sessions.get(session);
    if (notes === undefined) {
      notes = { player, asked: new Map(), lastAsked: 0, lastExecuted: 0, pushed: [], heard: 0 };
      this.#sessions.set(session, notes);
    }
    if (notes.player !== player) this.#ledger.violation(`session ${session} is of ${notes.player} and of ${player}`);
    return notes;
  }
}
