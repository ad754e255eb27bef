/**
 * A player whose connection is cut, and who comes back: with the players' client and its session, or, against the bare
 * server, with another socket at once. Measures when it is back, and what it spent waiting before it dialled.
 */

import { PlayerClient } from "#client/client.ts";
import type { ClientConnect } from "#client/client_socket.ts";
import type { ClientStatus } from "#client/client_status.ts";
import { bunBotDial } from "#runtime/bun_bot_dial.ts";
import type { BotSocket } from "#bots/bot_network.ts";
import type { Door } from "./bench_player.ts";

export interface CutSetting {
  readonly door: Door;
  readonly url: string;
  /** The chance in the client's backoff. */
  readonly unit: () => number;
}

/** Of one player, since its connection was cut. */
export interface Return {
  readonly tookMs: number;
  /** Of that, without a connection and without dialling: the client's backoff and the wait that the door asked for. */
  readonly waitedMs: number;
  /** Dials that the door refused because too many came in a second. */
  readonly refused: number;
  /** It came back with its session. */
  readonly isResumed: boolean;
}

export class CutPlayer {
  readonly #setting: CutSetting;
  readonly #client: PlayerClient | undefined;
  #socket: BotSocket | undefined;
  #cutMs = 0;
  #dialledMs: number | undefined;
  #dialsMs = 0;
  #refused = 0;
  #isOnline = false;
  #back = Promise.withResolvers<Return>();

  constructor(setting: CutSetting, token: string) {
    this.#setting = setting;
    if (setting.door === "bare") return;
    this.#client = new PlayerClient({ token: () => token, connect: this.#connect, random: { unit: setting.unit } });
    this.#client.onStatus((status) => this.#heard(status));
  }

  async enter(): Promise<void> {
    this.#back = Promise.withResolvers();
    if (this.#client === undefined) this.#dialBare();
    else this.#client.connect();
    await this.#back.promise;
  }

  /** Without a goodbye of any protocol. Resolves when the player is online again. */
  cut(): Promise<Return> {
    this.#back = Promise.withResolvers();
    this.#cutMs = performance.now();
    this.#dialsMs = 0;
    this.#refused = 0;
    this.#socket?.cut();
    return this.#back.promise;
  }

  readonly #connect: ClientConnect = (events) => {
    this.#dialledMs = performance.now();
    this.#socket = bunBotDial(this.#setting.url, { ...events, gone: () => {} });
    return this.#socket;
  };

  #dialBare(): void {
    this.#connect({
      opened: () => this.#online(true),
      message: () => {},
      closed: () => {
        this.#dialled();
        this.#isOnline = false;
        this.#dialBare();
      },
    });
  }

  #heard(status: ClientStatus): void {
    if (status.kind === "online") return this.#online(status.resumed);
    if (status.kind === "offline") fail(`a player went offline: ${JSON.stringify(status.reason)}`);
    this.#isOnline = false;
    if (status.kind === "queued") return;
    if (this.#dialledMs !== undefined && status.reason?.code === "too_many_connections") this.#refused += 1;
    this.#dialled();
  }

  /** The dial has ended, one way or the other. */
  #dialled(): void {
    if (this.#dialledMs === undefined) return;
    this.#dialsMs += performance.now() - this.#dialledMs;
    this.#dialledMs = undefined;
  }

  #online(isResumed: boolean): void {
    if (this.#isOnline) return;
    this.#isOnline = true;
    this.#dialled();
    const tookMs = performance.now() - this.#cutMs;
    const waitedMs = tookMs - this.#dialsMs;
    this.#back.resolve({ tookMs, waitedMs, refused: this.#refused, isResumed });
  }
}

function fail(why: string): never {
  console.error(`Cannot go on with the benchmark of resumes: ${why}`);
  process.exit(1);
}
