/**
 * A player of the players simulation: logs in from one machine or another, looks, wishes, asks without a key, leaves for a
 * while. What it is shown of its bag was committed, and is older than what it was told before it asked by no more than a
 * node believes what it holds.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import { PlayerBag } from "#game/player_bag.ts";
import { BELIEVED_MS_MAX } from "#player/player_data.ts";
import type { Method } from "#rpc/contract.ts";
import * as v from "valibot";
import { bagText } from "./data_witness.ts";
import type { DataWitness } from "./data_witness.ts";
import type { RequestEnd } from "./player_device.ts";
import { PlayerDevice } from "./player_device.ts";
import type { AskWish, PlayerWishes, WishWhat } from "./player_wishes.ts";
import type { PlayersDoors } from "./players_doors.ts";
import { GOLD, Game, SWORD } from "./players_game.ts";
import type { PlayerSpec } from "./players_topology.ts";
import type { SessionBook } from "./session_book.ts";
import type { SimCluster } from "./sim_cluster.ts";

const TIMEOUT_MIN_MS = 1500;
const TIMEOUT_SPAN_MS = 8000;
const ABORT_SHARE = 0.04;
/** Of what was granted. */
const LOOK_SHARE = 0.4;
const LOOK_LATER_MS = 2 * BELIEVED_MS_MAX;
/** Timers are late. */
const LATE_MS = 10;
const REST_MAX_MS = 6000;
const LOGIN_EVERY_MS = 1000;
const COUNT_WAIT_MAX_MS = 300;

const item = v.object({ item: v.string(), count: v.number() });
const view = v.object({
  version: v.number(),
  bag: v.object({ items: v.array(item), uniques: v.array(v.object({ id: v.string(), item: v.string() })) }),
});
const mails = v.object({
  mails: v.array(v.object({ id: v.string(), claimedAtMs: v.optional(v.number()) })),
  next: v.optional(v.string()),
});
const numbered = v.object({ n: v.number() });

export interface AgentOptions {
  readonly spec: PlayerSpec;
  readonly random: Random;
  readonly cluster: SimCluster;
  readonly doors: PlayersDoors;
  readonly book: SessionBook;
  readonly witness: DataWitness;
  readonly wishes: PlayerWishes;
  /** Of its shard. */
  readonly others: readonly string[];
}

export class PlayerAgent {
  readonly spec: PlayerSpec;
  readonly devices: readonly PlayerDevice[];
  readonly #options: AgentOptions;
  #swords: readonly string[] = [];
  /** Mails that are claimed, or will be. */
  readonly #claims = new Set<string>();
  #requests = 0;
  #isPlaying = false;
  #isResting = false;
  /** What it saw last has nothing left for it to do. */
  #hasSeenAll = false;
  #hasLeft = false;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.spec = options.spec;
    this.devices = options.spec.devices.map((name) => new PlayerDevice({ ...options, name }));
  }

  start(everyMs: number): void {
    const { world } = this.#options.cluster;
    this.#isPlaying = true;
    for (const device of this.devices) device.start();
    const keepIn = (): void => {
      this.#keepIn();
      world.after(LOGIN_EVERY_MS, keepIn);
    };
    keepIn();
    const act = (): void => {
      if (!this.#isPlaying) return;
      if (!this.#isResting) this.#act();
      world.after(this.#options.random.unit() * 2 * everyMs, act);
    };
    act();
  }

  /** Begins nothing new; what it has wished it still asks for. */
  stopPlaying(): void {
    this.#isPlaying = false;
    this.#isResting = false;
  }

  /** The machine of one that is online. */
  get online(): PlayerDevice | undefined {
    return this.devices.find((device) => device.isOnline);
  }

  get isQueued(): boolean {
    return this.devices.some(({ status }) => status?.kind === "queued");
  }

  /** Nothing is left for it to do. */
  get isThrough(): boolean {
    return this.#hasSeenAll;
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Makes room for those who wait. */
  leave(): void {
    this.#hasLeft = true;
    for (const device of this.devices) device.logout();
  }

  get openCount(): number {
    return this.devices.reduce((sum, device) => sum + device.openCount, 0);
  }

  /** For people. */
  statusText(): string {
    return this.devices.map((device) => `${device.name} ${JSON.stringify(device.status ?? "down")}`).join(", ");
  }

  /** Claims what there is, and looks. True: nothing is left in any mail, and what it sees is the newest. */
  finishes(): boolean {
    if (this.#hasSeenAll || this.openCount > 0) return this.#hasSeenAll;
    this.#mails(undefined, () =>
      this.#look((version) => {
        const isNewest = version === this.#options.witness.player(this.spec.name).version;
        const isAsked = this.#options.wishes.open().some(({ player }) => player === this.spec.name);
        this.#hasSeenAll = isNewest && !isAsked;
      }),
    );
    return false;
  }

  /** Now and then: what was just granted must be seen. */
  mayLook(): void {
    const { random, cluster } = this.#options;
    if (random.unit() >= LOOK_SHARE) return;
    cluster.world.after(random.unit() * LOOK_LATER_MS, () => {
      if (this.#isPlaying && !this.#isResting) this.#look();
    });
  }

  readonly asks: AskWish = (_wish, { method, body }, done) => this.#request(method, body, done);

  /** Somebody is to be logged in, unless it rests. */
  #keepIn(): void {
    if (this.#isResting || this.#hasLeft) return;
    const isIn = this.devices.some(({ status }) => status !== undefined && status.kind !== "offline");
    if (!isIn) this.#pick(this.devices.filter(({ process }) => process !== undefined))?.login();
  }

  #act(): void {
    const { random, wishes, others } = this.#options;
    const roll = random.unit();
    const { name } = this.spec;
    const wish = (what: WishWhat): void => wishes.make(name, what);
    const change = (
      reason: string,
      what: { readonly item: string; readonly count: number } | { readonly id: string },
    ): void => wish({ kind: "change", reason: `game.${reason}`, what });
    const sword = this.#pick(this.#swords);
    if (roll < 0.12) this.#look();
    else if (roll < 0.18) this.#mails();
    else if (roll < 0.34) change("earn", { item: GOLD, count: 1 + randomIndex(random, 100) });
    else if (roll < 0.44) change("spend", { item: GOLD, count: -1 - randomIndex(random, 60) });
    else if (roll < 0.5) change("make", { item: SWORD, count: 1 + randomIndex(random, 2) });
    else if (roll < 0.54) {
      if (sword !== undefined) change("drop", { id: sword });
    } else if (roll < 0.66) {
      const what =
        sword !== undefined && random.unit() < 0.4 ? { id: sword } : { item: GOLD, count: 1 + randomIndex(random, 50) };
      wish({ kind: "trade", to: this.#pick(others) ?? name, what });
    } else if (roll < 0.8) {
      const waitMs = random.unit() < 0.3 ? randomIndex(random, COUNT_WAIT_MAX_MS) : 0;
      this.#request(
        Game.count,
        (n) => ({ n, waitMs }),
        () => undefined,
      );
    } else if (roll < 0.88)
      this.#request(
        Game.talk,
        (n) => ({ n }),
        () => undefined,
      );
    else if (roll < 0.96)
      this.#request(
        Game.raid,
        (n) => ({ n }),
        () => undefined,
      );
    else if (roll < 0.97)
      this.#request(
        Game.leave,
        (n) => ({ n }),
        () => undefined,
      );
    else if (roll < 0.985) this.#rest();
    else this.#pick(this.devices.filter(({ isOnline }) => !isOnline))?.login();
  }

  #rest(): void {
    const { random, cluster } = this.#options;
    cluster.ledger.count("rests");
    this.#isResting = true;
    for (const device of this.devices) device.logout();
    cluster.world.after(random.unit() * REST_MAX_MS, () => {
      this.#isResting = false;
    });
  }

  #look(seen: (version: number) => void = () => undefined): void {
    const { ledger } = this.#options.cluster;
    const { name } = this.spec;
    const { wishes, witness } = this.#options;
    const floor = wishes.versions.get(name) ?? 0;
    const askedAtMs = this.#options.cluster.world.nowMs;
    this.#request(
      PlayerBag.look,
      () => ({}),
      (end) => {
        if (end.kind !== "reply") return;
        const { version, bag } = v.parse(view, end.body);
        ledger.count("looks");
        this.#swords = bag.uniques.map(({ id }) => id);
        const newerAtMs = version < floor ? witness.committedAtMs(name, version + 1) : undefined;
        if (newerAtMs !== undefined && newerAtMs < askedAtMs - BELIEVED_MS_MAX - LATE_MS)
          ledger.violation(`${name} is shown version ${version}, it was told of ${floor} before`);
        if (newerAtMs !== undefined) ledger.count("looks at what was believed");
        const [found, wanted] = [bagText(bag.items, bag.uniques), witness.bagAt(name, version)];
        if (found !== wanted) ledger.violation(`${name} is shown ${found}, version ${version} is ${wanted}`);
        seen(version);
      },
    );
  }

  /** `listed`: it has seen them all. */
  #mails(after?: string, listed: () => void = () => undefined): void {
    const { wishes, cluster } = this.#options;
    this.#request(
      PlayerBag.mails,
      () => (after === undefined ? {} : { after }),
      (end) => {
        if (end.kind !== "reply") return;
        cluster.ledger.count("mails listed");
        const page = v.parse(mails, end.body);
        for (const { id, claimedAtMs } of page.mails) {
          if (claimedAtMs !== undefined || this.#claims.has(id)) continue;
          this.#claims.add(id);
          wishes.make(this.spec.name, { kind: "claim", mail: id });
        }
        if (page.next === undefined) listed();
        else this.#mails(page.next, listed);
      },
    );
  }

  #request(method: Method, body: (n: number) => object, done: (end: RequestEnd) => void): void {
    const { random, book, cluster } = this.#options;
    const device = this.online ?? this.devices.find(({ status }) => status !== undefined && status.kind !== "offline");
    if (device === undefined) {
      // Whoever asks for something asks again.
      cluster.world.after(1, () => done({ kind: "failure", code: "LINK_LOST", executed: false }));
      return;
    }
    this.#requests += 1;
    const n = this.#requests;
    const { name } = this.spec;
    const timeoutMs = TIMEOUT_MIN_MS + randomIndex(random, TIMEOUT_SPAN_MS);
    const abortMs = random.unit() < ABORT_SHARE ? randomIndex(random, 400) : undefined;
    device.request({ method, body: body(n), timeoutMs, abortMs }, (end) => {
      const isNumbered = "n" in body(n);
      if (isNumbered && end.kind === "reply") {
        const found = v.parse(numbered, end.body).n;
        if (found !== n) cluster.ledger.violation(`request ${n} of ${name} is answered with that of ${found}`);
        if (!book.hasExecuted(name, n))
          cluster.ledger.violation(`request ${n} of ${name} is answered and was not executed`);
      }
      if (isNumbered && end.kind === "failure") {
        if (end.executed === false) book.told(name, n, end.code);
        if (end.executed === true && !book.hasExecuted(name, n))
          cluster.ledger.violation(`request ${n} of ${name} was not executed, its client is told that it was`);
      }
      done(end);
    });
  }

  #pick<T>(of: readonly T[]): T | undefined {
    return of[randomIndex(this.#options.random, of.length)];
  }
}
