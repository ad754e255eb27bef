/**
 * A machine of a player: a real client in a simulated process, over the simulated network. It dies and starts again like
 * any other machine. Each request that it makes ends once, and by its deadline.
 */

import { PlayerClient } from "#client/client.ts";
import type { ClientStatus } from "#client/client_status.ts";
import type { RequestFailureCode } from "#client/request_error.ts";
import { RequestError } from "#client/request_error.ts";
import type { SimProcess } from "#module/simulator/sim_process.ts";
import type { Method } from "#rpc/contract.ts";
import * as v from "valibot";
import type { PlayersDoors } from "./players_doors.ts";
import { NEWS } from "./players_game.ts";
import { PLAYERS_PORT } from "./players_topology.ts";
import type { PlayerSpec } from "./players_topology.ts";
import type { SessionBook } from "./session_book.ts";
import type { SimCluster } from "./sim_cluster.ts";
import { simPlayerConnect } from "./sim_player_socket.ts";
import { hostOf } from "./topology.ts";

/** Timers are late, and promises are heard after the event. */
const LATE_MS = 5;
const EXPIRED_SHARE = 0.05;
/** What a server says of a client that has broken the protocol, and a client of such a server. */
const NEVER: readonly string[] = [
  ...["bad_packet", "unsupported_protocol", "bad_token", "too_fast", "too_large", "out_of_order", "full"],
  ...["too_many_connections", "internal", "token_failed", "bad_server", "maintenance"],
];
const news = v.object({ news: v.number() });

export type RequestEnd =
  | { readonly kind: "reply"; readonly body: unknown }
  | { readonly kind: "failure"; readonly code: RequestFailureCode; readonly executed: boolean | null }
  /** The machine has ended meanwhile. */
  | { readonly kind: "died" };

export interface DeviceRequest {
  readonly method: Method;
  /** With the number `n`, if the method has one. */
  readonly body: object;
  readonly timeoutMs: number;
  /** Given up after so long. */
  readonly abortMs?: number | undefined;
}

interface Running {
  readonly process: SimProcess;
  readonly client: PlayerClient;
}

export interface DeviceOptions {
  readonly name: string;
  readonly spec: PlayerSpec;
  readonly cluster: SimCluster;
  readonly doors: PlayersDoors;
  readonly book: SessionBook;
}

export class PlayerDevice {
  readonly name: string;
  readonly #options: DeviceOptions;
  #running: Running | undefined;
  #openCount = 0;
  /** It is to be logged in whenever it runs. */
  #isWanted = false;

  constructor(options: DeviceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  get process(): SimProcess | undefined {
    const process = this.#running?.process;
    return process?.isAlive === true ? process : undefined;
  }

  /** Undefined: the machine is down. */
  get status(): ClientStatus | undefined {
    return this.process === undefined ? undefined : this.#running?.client.status;
  }

  get isOnline(): boolean {
    return this.status?.kind === "online";
  }

  /** Requests that have not ended. */
  get openCount(): number {
    return this.#openCount;
  }

  /** The machine has power, and its client runs. */
  start(): void {
    const { cluster, spec, doors } = this.#options;
    const { world, network, ledger } = cluster;
    const host = world.host(this.name);
    if (host.process !== undefined) return;
    const process = host.start();
    ledger.count("devices started");
    process.deliver(() => {
      const client = new PlayerClient({
        connect: simPlayerConnect({
          transport: network.transport(process),
          clock: process.clock,
          address: { host: hostOf(spec.gateway), port: PLAYERS_PORT },
          garbled: (detail) => ledger.violation(`${this.name} hears what is no packet: ${detail}`),
        }),
        token: () => doors.token(spec.name, process.random.unit() < EXPIRED_SHARE),
        ...{ clock: process.clock, random: process.random },
        fault: (error) => ledger.violation(`the client of ${this.name} has a fault: ${String(error)}`),
      });
      this.#running = { process, client };
      client.onStatus((status) => this.#heardStatus(status));
      client.subscribe(NEWS, (body) => this.#heardNews(body));
      if (this.#isWanted) client.connect();
    });
  }

  /** Logs in, and stays so. */
  login(): void {
    this.#isWanted = true;
    this.#inside(({ client }) => client.connect());
  }

  logout(): void {
    this.#isWanted = false;
    this.#inside(({ client }) => client.close());
  }

  request(request: DeviceRequest, done: (end: RequestEnd) => void): void {
    const running = this.#running;
    const { cluster } = this.#options;
    const { world, ledger } = cluster;
    if (running === undefined || this.process === undefined) return done({ kind: "died" });
    const { process, client } = running;
    let deadlineMs = Number.POSITIVE_INFINITY;
    const what = `${request.method.name} of ${this.name}`;
    let isOver = false;
    this.#openCount += 1;
    const end = (how: RequestEnd): void => {
      if (isOver) return ledger.violation(`${what} has ended twice`);
      isOver = true;
      this.#openCount -= 1;
      const limitMs = Math.max(deadlineMs, process.thawedAtMs) + LATE_MS;
      if (how.kind !== "died" && world.nowMs > limitMs) {
        ledger.violation(`${what} ended ${(world.nowMs - limitMs).toFixed(1)} ms after its deadline`);
      }
      ledger.count(how.kind === "failure" ? `request:${how.code}` : `request:${how.kind}`);
      done(how);
    };
    process.onEnd(() => {
      if (!isOver) end({ kind: "died" });
    });
    process.deliver(() => {
      const { method, body, timeoutMs, abortMs } = request;
      deadlineMs = world.nowMs + timeoutMs;
      const abort = new AbortController();
      if (abortMs !== undefined) process.clock.after(abortMs, () => abort.abort());
      const repeatable = method.idempotent === true;
      client.request(method.id, body, { timeoutMs, signal: abort.signal, repeatable }).then(
        (reply) => end({ kind: "reply", body: reply }),
        (error: unknown) => {
          if (!(error instanceof RequestError)) return ledger.violation(`${what} fails: ${String(error)}`);
          end({ kind: "failure", code: error.code, executed: error.executed });
        },
      );
    });
  }

  #inside(run: (running: Running) => void): void {
    const running = this.#running;
    if (running !== undefined && running.process.isAlive) running.process.deliver(() => run(running));
  }

  #heardStatus(status: ClientStatus): void {
    const { ledger, world } = this.#options.cluster;
    const resumed = status.kind === "online" ? ` ${status.resumed ? "again" : "anew"}` : "";
    world.note(this.name, `client ${status.kind}${resumed}`, status);
    ledger.count(`client:${status.kind}${resumed}`);
    if (!("reason" in status) || status.reason === null) return;
    const { code, detail } = status.reason;
    ledger.count(`reason:${code}`);
    if (NEVER.includes(code)) ledger.violation(`${this.name} is ${status.kind}: ${code}: ${detail}`);
  }

  #heardNews(body: unknown): void {
    const { book, spec, cluster } = this.#options;
    const status = this.#running?.client.status;
    if (status?.kind !== "online") {
      return cluster.ledger.violation(`${this.name} hears news while it is ${status?.kind ?? "down"}`);
    }
    book.hears(status.session, spec.name, v.parse(news, body).news);
  }
}
