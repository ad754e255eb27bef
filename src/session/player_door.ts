/**
 * The door of a shard's gateway for players: takes connections, checks tokens, opens sessions or queues who finds none
 * free, and lets players resume. The newest login of a player wins. What sessions do is player_seats.ts; what a
 * connection is, an argument.
 *
 * Invariant: sessions and logins under way are at most sessionsMax
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import type { ClientPacket } from "./client_packets.ts";
import { ConnCounts } from "./conn_counts.ts";
import type { ConnEnd, ConnOwner, ConnStage } from "./door_conn.ts";
import { DoorConn } from "./door_conn.ts";
import type { DoorLimits } from "./door_limits.ts";
import { QUEUE_TELL_MS, RETRY_MS, SWEEP_MS } from "./door_limits.ts";
import type { EndedHow } from "./gateway_sessions.ts";
import { LoginQueue } from "./login_queue.ts";
import { LoginTurns } from "./login_turns.ts";
import type { PlayerConn, PlayerConnHandler } from "./player_conn.ts";
import type { PlayerRouter } from "./player_router.ts";
import type { SessionView } from "./player_seats.ts";
import { PlayerSeats } from "./player_seats.ts";
import type { Binding } from "./session_table.ts";
import type { TokenVerifier } from "./token.ts";

type Hello = Extract<ClientPacket, { readonly kind: "hello" }>;

/** What the shard believes: GatewaySessions. */
export interface Presence {
  login(player: string): Promise<Binding | "full">;
  logout(binding: Binding): Promise<boolean>;
  has(binding: Binding): boolean;
  mapOf(binding: Binding): Identity | undefined;
  onEnded(listener: (binding: Binding, how: EndedHow) => void): void;
}

export interface FoundSession extends SessionView {
  /** The map that the player is in. */
  readonly map: NodeId | undefined;
}

export interface Maintenance {
  readonly isOn: boolean;
  /** Players who may play all the same. */
  readonly whiteList: readonly string[];
}

export interface PlayerDoorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly counters: Counters;
  readonly presence: Presence;
  readonly verifier: TokenVerifier;
  readonly router: PlayerRouter;
  readonly limits: DoorLimits;
  readonly maintenance: Maintenance;
}

export interface DoorStatus {
  readonly conns: number;
  readonly sessions: number;
  /** Sessions that wait to be resumed. */
  readonly lost: number;
  readonly queued: number;
  readonly maintenance: boolean;
}

const DEAF: PlayerConnHandler = { received: () => {}, broken: () => {}, closed: () => {} };

export class PlayerDoor implements ConnOwner {
  readonly #options: PlayerDoorOptions;
  readonly #seats: PlayerSeats;
  readonly #queue = new LoginQueue<DoorConn>();
  readonly #turns: LoginTurns<DoorConn>;
  readonly #counts: ConnCounts;
  /** Those that are not online; the others are swept with their sessions. */
  readonly #guests = new Set<DoorConn>();
  /** Players whose login is under way and who have no session, or none any more: each takes a place. */
  readonly #entering = new Set<string>();
  #maintenance: Maintenance;
  #isStopping = false;
  #toldMs = 0;
  #timer: Timer | undefined;

  constructor(options: PlayerDoorOptions) {
    const { clock, limits, presence } = options;
    this.#options = options;
    this.#maintenance = options.maintenance;
    this.#counts = new ConnCounts(limits, clock.nowMs());
    this.#seats = new PlayerSeats({ ...options, ended: (binding) => this.#ended(binding) });
    this.#turns = new LoginTurns({
      run: (player, conn) => this.#login(player, conn),
      replaced: (conn) => conn.end("replaced", "a newer login of this player came"),
      done: (player) => {
        this.#entering.delete(player);
        this.#fill();
      },
    });
    presence.onEnded((binding, how) => {
      if (how === "replaced") this.#seats.endSession(binding, "replaced", "a newer login of this player came");
      else this.#seats.endSession(binding, "kicked", "the session was ended");
    });
    this.#sweepLater();
  }

  status(): DoorStatus {
    return {
      conns: this.#counts.count,
      sessions: this.#seats.count,
      lost: this.#seats.lostCount,
      queued: this.#queue.count,
      maintenance: this.#maintenance.isOn,
    };
  }

  /** Both undefined: the player is not here. */
  find(player: string): { readonly session: FoundSession | undefined; readonly place: number | undefined } {
    const seat = this.#seats.find(player);
    const place = this.#queue.placeOf(player);
    if (seat === undefined) return { session: undefined, place };
    const map = this.#options.presence.mapOf({ player, session: seat.id })?.id;
    return { session: { ...seat, map }, place };
  }

  get maintenance(): Maintenance {
    return this.#maintenance;
  }

  players(): string[] {
    return this.#seats.players();
  }

  /** A connection has come; answers who hears from it. */
  accept(conn: PlayerConn): PlayerConnHandler {
    const { clock, limits } = this.#options;
    const guest = new DoorConn({
      conn,
      owner: this,
      limits,
      nowMs: () => clock.nowMs(),
      wallMs: () => clock.wallMs(),
    });
    const entered = this.#isStopping ? undefined : this.#counts.enter(conn.address, clock.nowMs());
    if (entered === "ok") {
      this.#guests.add(guest);
      return guest;
    }
    if (entered === undefined) guest.end("shutting_down", "this server is stopping", RETRY_MS.stopping);
    else guest.end("too_many_connections", entered.detail, RETRY_MS.tooMany);
    return DEAF;
  }

  /** False when the player has no session here. Throws PacketError when the body is not plain or too large. */
  push(player: string, type: string, body: unknown): boolean {
    return this.#seats.push(player, type, body);
  }

  /** Ends the player's session; false when there is none. */
  kick(player: string, detail: string): boolean {
    return this.#seats.end(player, "kicked", detail);
  }

  /** Those who may not stay are told and ended. */
  setMaintenance(maintenance: Maintenance): void {
    this.#maintenance = maintenance;
    this.#options.log.info("maintenance", { isOn: maintenance.isOn, whiteListCount: maintenance.whiteList.length });
    for (const player of this.#seats.players()) {
      if (!this.#mayPlay(player)) this.#seats.end(player, "maintenance", "maintenance has begun");
    }
    for (const { player, waiter } of this.#queue.all()) if (!this.#mayPlay(player)) this.#refuseMaintenance(waiter);
  }

  /** Takes nobody in any more, gives requests under way `deadlineMs`, then ends all sessions. */
  async stop(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    this.#isStopping = true;
    for (const guest of [...this.#guests]) guest.end("shutting_down", "this server is stopping", RETRY_MS.stopping);
    const late = Promise.withResolvers<void>();
    const timer = clock.after(deadlineMs, late.resolve);
    await Promise.race([this.#seats.drained(), late.promise]);
    timer.cancel();
    this.#timer?.cancel();
    this.#seats.endAll("shutting_down", "this server is stopping");
  }

  heard(conn: DoorConn, packet: ClientPacket): void {
    if (packet.kind === "hello") void this.#hello(conn, packet);
    else this.#seats.heard(conn, packet);
  }

  over(conn: DoorConn, stage: ConnStage, end: ConnEnd): void {
    const { counters } = this.#options;
    if (stage.kind === "online") {
      counters.add(`session.conn_ended:${end}`);
      this.#seats.left(conn, stage.session, end);
    } else counters.add(`session.refused:${end}`);
    if (stage.kind === "queued") this.#queue.remove(stage.player, conn);
    // One that was turned away was never counted.
    if (this.#guests.delete(conn) || stage.kind === "online") this.#counts.leave(conn.address);
  }

  /** Never rejects: a verifier does not. */
  async #hello(conn: DoorConn, { token, resume }: Hello): Promise<void> {
    conn.enter(undefined);
    if (resume !== null) {
      const player = this.#seats.playerOf(resume.session);
      if (player !== undefined && !this.#mayPlay(player)) return this.#refuseMaintenance(conn);
      // The resume token is proof enough: the login token may have expired since.
      this.#seats.resume(conn, resume);
      if (!conn.isOver) this.#guests.delete(conn);
      return;
    }
    const result = await this.#options.verifier.verify(token);
    if (conn.isOver) return;
    if (result.kind === "refused") return conn.end(result.code, result.detail);
    const { player } = result;
    if (!this.#mayPlay(player)) return this.#refuseMaintenance(conn);
    const takesNoPlace = this.#seats.has(player) || this.#turns.has(player);
    if (takesNoPlace || (this.#freeCount() > 0 && this.#queue.count === 0)) return this.#start(player, conn);
    const added = this.#queue.add(player, conn);
    if (added === "full") return conn.end("full", "too many players wait already", RETRY_MS.full);
    conn.wait(player);
    added.replaced?.end("replaced", "a newer login of this player came");
    this.#tellPlace(conn, added.place);
  }

  #start(player: string, conn: DoorConn): void {
    conn.enter(player);
    if (!this.#seats.has(player)) this.#entering.add(player);
    this.#turns.enter(player, conn);
  }

  async #login(player: string, conn: DoorConn): Promise<void> {
    const { presence, log } = this.#options;
    try {
      if (!conn.isOver) {
        const opened = await presence.login(player);
        if (opened === "full") conn.end("full", "the shard has all sessions that it may have", RETRY_MS.full);
        // All of this may have happened meanwhile.
        else if (!presence.has(opened)) conn.end("replaced", "a newer login of this player came");
        else if (conn.isOver || !this.#mayPlay(player)) {
          await presence.logout(opened);
          this.#refuseMaintenance(conn);
        } else {
          this.#guests.delete(conn);
          this.#entering.delete(player);
          this.#seats.open(opened, conn);
        }
      }
    } catch (error) {
      log.error("login failed", { error: messageOf(error) });
      conn.end("internal", "a fault of this server");
    }
  }

  #ended(binding: Binding): void {
    // The place is the newer login's, which has ended this one.
    if (this.#turns.has(binding.player)) this.#entering.add(binding.player);
    void this.#options.presence.logout(binding);
    this.#queue.freed(this.#options.clock.nowMs());
    this.#fill();
  }

  #freeCount(): number {
    return this.#options.limits.sessionsMax - this.#seats.count - this.#entering.size;
  }

  #fill(): void {
    while (!this.#isStopping && this.#freeCount() > 0) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#start(next.player, next.waiter);
    }
  }

  #mayPlay(player: string): boolean {
    return !this.#maintenance.isOn || this.#maintenance.whiteList.includes(player);
  }

  #refuseMaintenance(conn: DoorConn): void {
    conn.end("maintenance", "this shard is being maintained", RETRY_MS.maintenance);
  }

  #tellPlace(conn: DoorConn, place: number): void {
    conn.tell({ kind: "queued", place, estimateMs: this.#queue.estimateMs(place) });
  }

  #sweepLater(): void {
    this.#timer = this.#options.clock.after(SWEEP_MS, () => {
      this.#sweep(this.#options.clock.nowMs());
      if (!this.#isStopping) this.#sweepLater();
    });
  }

  #sweep(nowMs: number): void {
    for (const guest of [...this.#guests]) guest.sweep(nowMs);
    this.#seats.sweep(nowMs);
    this.#fill();
    if (this.#queue.count === 0 || nowMs - this.#toldMs < QUEUE_TELL_MS) return;
    this.#toldMs = nowMs;
    this.#queue.all().forEach(({ waiter }, index) => this.#tellPlace(waiter, index + 1));
  }
}
