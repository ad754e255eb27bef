/**
 * The sessions of a door's players, with or without a connection: runs their requests, one at a time for each, sends what
 * they are pushed, and keeps them for RESUME_WINDOW_MS when the connection is lost. Who may come in is the door's part.
 */

import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { ClientPacket, CloseCode, Resume } from "./client_packets.ts";
import { RESUME_WINDOW_MS } from "./client_packets.ts";
import type { ConnEnd, DoorConn } from "./door_conn.ts";
import { PLAYER_HEARTBEAT_MS, RENEW_MS, REQUEST_GRACE_MS, REQUEST_MS_MAX } from "./door_limits.ts";
import type { PlayerAnswer, PlayerRouter } from "./player_router.ts";
import type { SessionEffect } from "./player_session.ts";
import { PlayerSession } from "./player_session.ts";
import type { Binding } from "./session_table.ts";

/** Ends of a connection after which the session waits: the connection was at fault, or nobody. */
const RESUMABLE: ReadonlySet<ConnEnd> = new Set<ConnEnd>(["lost", "idle", "slow_reader", "too_fast"]);

interface Seat {
  readonly session: PlayerSession;
  /** Wall clock. */
  readonly openedAtMs: number;
  conn: DoorConn | undefined;
  /** Monotonic: since when it has no connection. */
  lostMs: number;
  renewedMs: number;
}

/** A player's session as operators see it. Times are of the wall clock. */
export interface SessionView {
  readonly id: string;
  readonly sinceMs: number;
  /** It waits for its player to come back. Undefined: there is a connection. */
  readonly lostSinceMs: number | undefined;
}

type Request = Extract<ClientPacket, { readonly kind: "request" }>;

export interface SeatsOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counters: Counters;
  readonly router: PlayerRouter;
  /** A session is no more, and there is room for another one. */
  readonly ended: (binding: Binding) => void;
}

export class PlayerSeats {
  readonly #options: SeatsOptions;
  readonly #bySession = new Map<string, Seat>();
  readonly #byPlayer = new Map<string, Seat>();
  #busyCount = 0;
  #isDraining = false;
  #onIdle: () => void = () => {};

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#bySession.size;
  }
  /** Those that wait to be resumed. */
  get lostCount(): number {
    let count = 0;
    for (const seat of this.#bySession.values()) if (seat.conn === undefined) count += 1;
    return count;
  }
  has(player: string): boolean {
    return this.#byPlayer.has(player);
  }
  players(): string[] {
    return [...this.#byPlayer.keys()];
  }

  find(player: string): SessionView | undefined {
    const seat = this.#byPlayer.get(player);
    if (seat === undefined) return undefined;
    const { clock } = this.#options;
    return {
      id: seat.session.binding.session,
      sinceMs: seat.openedAtMs,
      lostSinceMs: seat.conn === undefined ? clock.wallMs() - (clock.nowMs() - seat.lostMs) : undefined,
    };
  }

  open(binding: Binding, conn: DoorConn): void {
    const { clock, random, counters } = this.#options;
    const session = new PlayerSession({ binding, random });
    const seat: Seat = { session, openedAtMs: clock.wallMs(), conn, lostMs: 0, renewedMs: clock.nowMs() };
    this.#bySession.set(binding.session, seat);
    this.#byPlayer.set(binding.player, seat);
    counters.add("session.opened");
    this.#welcome(seat, conn, false);
  }

  /** Who would be resumed: to be judged before `resume`. */
  playerOf(session: string): string | undefined {
    return this.#bySession.get(session)?.session.binding.player;
  }

  resume(conn: DoorConn, { session: id, resumeToken, ackedPush }: Resume): void {
    const { counters, clock } = this.#options;
    const seat = this.#bySession.get(id);
    // A wrong token and no session read alike: strangers learn nothing.
    const result = seat?.session.resume(resumeToken, ackedPush) ?? { kind: "wrong_token" };
    if (seat === undefined || result.kind === "wrong_token") {
      return conn.end("session_gone", "no such session can be resumed with this token");
    }
    if (result.kind === "gone") {
      conn.end("session_gone", result.detail);
      return this.#end(seat, "session_gone", result.detail);
    }
    const old = seat.conn;
    seat.conn = conn;
    seat.renewedMs = clock.nowMs();
    old?.end("replaced", "this session was resumed from another connection");
    counters.add("session.resumed");
    this.#welcome(seat, conn, true);
    for (const bytes of result.again) conn.send(bytes);
  }

  heard(conn: DoorConn, packet: ClientPacket): void {
    const seat = conn.stage.kind === "online" ? this.#bySession.get(conn.stage.session) : undefined;
    if (seat === undefined || seat.conn !== conn) return;
    if (packet.kind === "request") this.#act(seat, seat.session.request(packet));
    else if (packet.kind === "ack") this.#act(seat, seat.session.ack(packet.pushSeq));
  }

  /** The connection of a session is over. */
  left(conn: DoorConn, session: string, end: ConnEnd): void {
    const seat = this.#bySession.get(session);
    if (seat === undefined || seat.conn !== conn) return;
    seat.conn = undefined;
    seat.lostMs = this.#options.clock.nowMs();
    if (!RESUMABLE.has(end)) this.#remove(seat);
  }

  /** False when the player has no session here. Throws PacketError when the body is not plain or too large. */
  push(player: string, type: string, body: unknown): boolean {
    const seat = this.#byPlayer.get(player);
    if (seat === undefined) return false;
    this.#act(seat, seat.session.push(type, body));
    return true;
  }

  /** False when the player has no session here. */
  end(player: string, code: CloseCode, detail: string): boolean {
    const seat = this.#byPlayer.get(player);
    if (seat === undefined) return false;
    this.#end(seat, code, detail);
    return true;
  }

  /** Somebody else has ended this session. */
  endSession(binding: Binding, code: CloseCode, detail: string): void {
    const seat = this.#bySession.get(binding.session);
    if (seat !== undefined) this.#end(seat, code, detail);
  }

  sweep(nowMs: number): void {
    for (const seat of [...this.#bySession.values()]) {
      const { conn, session } = seat;
      if (conn === undefined) {
        if (nowMs - seat.lostMs < RESUME_WINDOW_MS) continue;
        this.#options.counters.add("session.lost");
        this.#remove(seat);
        continue;
      }
      conn.sweep(nowMs);
      if (conn.isOver || nowMs - seat.renewedMs < RENEW_MS) continue;
      seat.renewedMs = nowMs;
      conn.tell({ kind: "renew", resumeToken: session.renew() });
    }
  }

  /** Starts no more requests; resolves when none is under way. */
  drained(): Promise<void> {
    this.#isDraining = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#busyCount === 0) resolve();
    else this.#onIdle = resolve;
    return promise;
  }

  endAll(code: CloseCode, detail: string): void {
    for (const seat of [...this.#bySession.values()]) this.#end(seat, code, detail);
  }

  #welcome(seat: Seat, conn: DoorConn, resumed: boolean): void {
    const { session, player } = seat.session.binding;
    const { resumeToken, answered } = seat.session;
    conn.goOnline(session);
    conn.tell({
      kind: "welcome",
      welcome: {
        session,
        player,
        resumeToken,
        resumed,
        serverMs: this.#options.clock.wallMs(),
        heartbeatMs: PLAYER_HEARTBEAT_MS,
        windowMs: RESUME_WINDOW_MS,
        answered,
      },
    });
  }

  #act(seat: Seat, effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          seat.conn?.send(effect.bytes);
          break;
        case "execute":
          void this.#execute(seat, effect.request);
          break;
        case "fault":
          this.#end(seat, effect.code, effect.detail);
          break;
      }
    }
  }

  async #execute(seat: Seat, request: Request): Promise<void> {
    this.#busyCount += 1;
    const answer = this.#isDraining ? DRAINING : await this.#ask(seat.session.binding, request);
    this.#busyCount -= 1;
    // It may have ended meanwhile.
    if (this.#bySession.get(seat.session.binding.session) === seat) this.#act(seat, seat.session.finish(answer));
    if (this.#busyCount === 0) this.#onIdle();
  }

  /** Never rejects, and never takes longer than it may. */
  async #ask(binding: Binding, { method, body }: Request): Promise<PlayerAnswer> {
    const { clock, router, counters } = this.#options;
    counters.add("session.request");
    const late = Promise.withResolvers<PlayerAnswer>();
    const timer = clock.after(REQUEST_MS_MAX + REQUEST_GRACE_MS, () => late.resolve(LATE));
    const asked = async (): Promise<PlayerAnswer> => {
      try {
        return await router.request({ ...binding, method, body, deadlineMs: REQUEST_MS_MAX });
      } catch (error) {
        // A router answers errors: this is a bug in it.
        this.#options.log.error("player's request failed", { method, error: messageOf(error) });
        return { kind: "error", code: "FAILED", detail: "a fault of this server", executed: null };
      }
    };
    const answer = await Promise.race([asked(), late.promise]);
    timer.cancel();
    if (answer.kind === "error") counters.add(`session.request_failed:${answer.code}`);
    return answer;
  }

  #end(seat: Seat, code: CloseCode, detail: string): void {
    const { conn } = seat;
    seat.conn = undefined;
    this.#remove(seat);
    conn?.end(code, detail);
  }

  #remove(seat: Seat): void {
    const { binding } = seat.session;
    if (!this.#bySession.delete(binding.session)) return;
    if (this.#byPlayer.get(binding.player) === seat) this.#byPlayer.delete(binding.player);
    this.#options.ended(binding);
  }
}

const DRAINING: PlayerAnswer = {
  kind: "error",
  code: "DRAINING",
  detail: "this server is stopping",
  executed: false,
};

const LATE: PlayerAnswer = {
  kind: "error",
  code: "DEADLINE",
  detail: `no answer within ${REQUEST_MS_MAX + REQUEST_GRACE_MS} ms`,
  executed: null,
};
