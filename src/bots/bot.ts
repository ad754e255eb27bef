/**
 * One simulated player: a real client, and a plan that says what it does with it. Carries out and measures; what it does
 * next is bot_plan.ts, and how many log in at once is the crew's.
 */

import type { Clock, Timer } from "#base/clock.ts";
import { PlayerClient } from "#client/client.ts";
import type { ClientReason, ClientStatus } from "#client/client_status.ts";
import { RequestError } from "#client/request_error.ts";
import type { BotRequest } from "#module/bot_request.ts";
import type { BotFigures, Whereabouts } from "./bot_figures.ts";
import { countCode } from "./bot_figures.ts";
import type { BotDial } from "./bot_network.ts";
import { BotNetwork } from "./bot_network.ts";
import type { BotInput, BotOutput } from "./bot_plan.ts";
import { BotPlan } from "./bot_plan.ts";
import { pickRequest } from "./bot_requests.ts";

/** What all bots of a run share. */
export interface BotSetting {
  readonly clock: Clock;
  readonly dial: BotDial;
  readonly figures: BotFigures;
  readonly requests: readonly BotRequest[];
  /** Of one bot. */
  readonly requestsPerSecond: number;
  /** New with each call, whatever the seed. */
  readonly newKey: () => string;
  /** It wants to log in, and waits for turn(). */
  readonly lineUp: (bot: Bot) => void;
  /** Something ended: a request, a connection, a login, or the bot. */
  readonly ended: () => void;
  /** For people: the first of each kind of trouble. */
  readonly trouble: (what: string) => void;
}

/** After these the server would say the same again. */
const FOR_GOOD: readonly ClientReason["code"][] = ["bad_token", "unsupported_protocol", "replaced"];

export class Bot {
  readonly #setting: BotSetting;
  readonly #random: { unit(): number };
  readonly #network: BotNetwork;
  readonly #client: PlayerClient;
  readonly #plan: BotPlan;
  #where: Whereabouts = "resting";
  #timer: Timer | undefined;
  #player = "";
  /** Grows with each connection that was lost. */
  #losses = 0;
  /** Grows with each time that it logs out by itself. */
  #logouts = 0;
  #pendingCount = 0;

  constructor(
    setting: BotSetting,
    own: {
      readonly url: string;
      readonly token: () => Promise<string> | string;
      readonly random: { unit(): number };
    },
  ) {
    const { clock, dial, figures, ended } = setting;
    this.#setting = setting;
    this.#random = own.random;
    this.#network = new BotNetwork({ url: own.url, dial, clock, gone: ended });
    this.#client = new PlayerClient({
      connect: this.#network.connect,
      token: own.token,
      clock,
      random: own.random,
      fault: (error) => setting.trouble(`a connection: ${error instanceof Error ? error.message : String(error)}`),
    });
    this.#client.onStatus((status) => this.#heard(status));
    this.#client.onPush(() => {
      figures.pushes += 1;
    });
    this.#plan = new BotPlan({
      random: own.random,
      perSecond: setting.requestsPerSecond,
      nowMs: clock.nowMs(),
    });
    figures.moved(undefined, this.#where);
  }

  get isOver(): boolean {
    return this.#plan.state.kind === "over";
  }

  /** Requests that have no answer. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** Connections of which something is left. */
  get openCount(): number {
    return this.#network.openCount;
  }

  start(): void {
    this.#step({ kind: "tick" });
  }

  /** It may log in now. */
  turn(): void {
    this.#step({ kind: "turn" });
  }

  /** Asks nothing more; one that is on its way in, or cut off, comes in before it is over. */
  stop(): void {
    this.#step({ kind: "stop" });
  }

  /** Logs out, after stop(). */
  leave(): void {
    this.#logouts += 1;
    this.#client.close();
  }

  #step(input: BotInput): void {
    for (const output of this.#plan.step(input, this.#setting.clock.nowMs())) this.#carryOut(output);
    this.#setTimer();
  }

  #carryOut(output: BotOutput): void {
    const { clock, figures, lineUp } = this.#setting;
    const sinceDialledMs = (): number => clock.nowMs() - this.#network.dialledMs;
    switch (output) {
      case "line_up":
        return lineUp(this);
      case "connect":
        return this.#client.connect();
      case "ask":
        return this.#ask();
      case "cut":
        figures.cuts += 1;
        return this.#network.cut();
      case "come_back":
        this.#network.restore();
        return this.#client.connect();
      case "log_out":
        figures.logouts += 1;
        this.#logouts += 1;
        return this.#client.close();
      case "resumed":
        figures.resumes += 1;
        return figures.resume.record(sinceDialledMs());
      case "logged_in_anew":
        figures.loginsAfterLoss += 1;
        figures.logins += 1;
        return figures.login.record(sinceDialledMs());
      case "logged_in":
        figures.logins += 1;
        return figures.login.record(sinceDialledMs());
    }
  }

  #heard(status: ClientStatus): void {
    const { figures, trouble, ended } = this.#setting;
    const reason = status.kind === "online" || status.kind === "queued" ? null : status.reason;
    const { state } = this.#plan;
    const isOwn = reason === null || reason.code === "closed" || state.kind === "away" || state.kind === "over";
    if (!isOwn && countCode(figures.ends, reason.code)) trouble(`${reason.code}: ${reason.detail}`);
    if (this.#where === "online") this.#losses += 1;
    const where = status.kind === "offline" && reason?.code === "closed" ? "resting" : status.kind;
    figures.moved(this.#where, where);
    this.#where = where;
    if (status.kind === "online") {
      this.#player = status.player;
      this.#step({ kind: "online", resumed: status.resumed });
      ended();
    } else if (status.kind === "offline") {
      this.#step({ kind: "offline", forGood: reason !== null && FOR_GOOD.includes(reason.code) });
      ended();
    } else this.#step({ kind: "lost" });
  }

  #ask(): void {
    const { requests, figures, clock, newKey } = this.#setting;
    const request = pickRequest(requests, this.#random.unit());
    const body = request.body({ player: this.#player, key: newKey(), unit: () => this.#random.unit() });
    const asked = { request, atMs: clock.nowMs(), losses: this.#losses, logouts: this.#logouts };
    figures.requests += 1;
    this.#pendingCount += 1;
    this.#client.request(request.method, body).then(
      () => this.#answered(asked),
      (error: unknown) => this.#failed(asked, error),
    );
  }

  #answered(asked: { readonly atMs: number; readonly losses: number }): void {
    const { figures, clock } = this.#setting;
    figures.replies += 1;
    if (asked.losses === this.#losses) {
      figures.request.record(clock.nowMs() - asked.atMs);
      figures.recent.record(clock.nowMs() - asked.atMs);
    } else figures.carried += 1;
    this.#over();
  }

  #failed(asked: { readonly request: BotRequest; readonly logouts: number }, error: unknown): void {
    const { figures, trouble } = this.#setting;
    const code = error instanceof RequestError ? error.code : "FAILED";
    if (code === "LINK_LOST" && asked.logouts !== this.#logouts) figures.unanswered += 1;
    else if (countCode(figures.errors, code)) {
      trouble(`${asked.request.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    this.#over();
  }

  #over(): void {
    this.#pendingCount -= 1;
    this.#setting.ended();
  }

  #setTimer(): void {
    const { clock } = this.#setting;
    this.#timer?.cancel();
    this.#timer = undefined;
    const { wakeAtMs } = this.#plan;
    if (wakeAtMs === Infinity) return;
    this.#timer = clock.after(Math.max(0, wakeAtMs - clock.nowMs()), () => this.#step({ kind: "tick" }));
  }
}
