/**
 * A door for tests: a fake clock, connections and a router that the test answers for, tokens that are the player's name.
 */

import { Counters } from "#base/counters.ts";
import { seededRandom } from "#base/random.ts";
import { decodeServerPacket, encodeClientPacket } from "#session/client_codec.ts";
import type { ClientPacket, ServerPacket } from "#session/client_packets.ts";
import type { DoorLimits } from "#session/door_limits.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import type { EndedHow } from "#session/gateway_sessions.ts";
import type { PlayerConn, PlayerConnHandler } from "#session/player_conn.ts";
import type { Maintenance, Presence } from "#session/player_door.ts";
import { PlayerDoor } from "#session/player_door.ts";
import type { PlayerAnswer, PlayerRequest, PlayerRouter } from "#session/player_router.ts";
import type { Binding } from "#session/session_table.ts";
import { SessionTable } from "#session/session_table.ts";
import type { TokenVerifier } from "#session/token.ts";
import type { Identity } from "#wire/identity.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { recordingLog } from "../mesh/harness.ts";
import type { LogLine } from "../mesh/harness.ts";

/** Microtasks that any step of a door may need. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

/** What a client sees, in words that a test can compare. */
export function words(packet: ServerPacket): string {
  switch (packet.kind) {
    case "welcome":
      return `welcome ${packet.welcome.player}${packet.welcome.resumed ? " again" : ""} ${packet.welcome.answered}`;
    case "queued":
      return `queued ${packet.place}`;
    case "refuse":
    case "kicked":
      return `${packet.kind} ${packet.code}`;
    case "reply":
      return `reply ${packet.seq} ${JSON.stringify(packet.body)}`;
    case "error":
      return `error ${packet.seq} ${packet.code} ${packet.executed}`;
    case "push":
      return `push ${packet.pushSeq} ${packet.type} ${JSON.stringify(packet.body)}`;
    case "pong":
      return `pong ${packet.n}`;
    case "renew":
      return "renew";
  }
}

/** A player's end of a connection, and the door's in one. */
export class FakeConn implements PlayerConn {
  readonly address: string;
  queuedSize = 0;
  isFull = false;
  isClosed = false;
  handler: PlayerConnHandler | undefined;
  readonly packets: ServerPacket[] = [];

  constructor(address: string) {
    this.address = address;
  }

  send(bytes: Uint8Array): "ok" | "full" | "closed" {
    if (this.isClosed) return "closed";
    if (this.isFull) return "full";
    const packet = decodeServerPacket(bytes);
    if (packet.kind === "fault" || packet.kind === "ignored") throw new Error(`no packet: ${JSON.stringify(packet)}`);
    this.packets.push(packet);
    return "ok";
  }

  close(): void {
    this.isClosed = true;
  }

  say(packet: ClientPacket): void {
    this.handler?.received(encodeClientPacket(packet));
  }

  /** The player's end is gone without a word. */
  lose(): void {
    this.isClosed = true;
    this.handler?.closed();
  }

  /** All that came since the last time. */
  heard(): string[] {
    return this.packets.splice(0).map(words);
  }
}

/** A shard that believes at once, or when the test says so. */
export class FakePresence implements Presence {
  readonly table = new SessionTable(seededRandom(7));
  /** What logins wait for. */
  gate: Promise<void> | undefined;
  loginCount = 0;
  /** Where everybody is who has a session. */
  map: Identity | undefined;
  #listener: (binding: Binding, how: EndedHow) => void = () => {};

  async login(player: string): Promise<Binding | "full"> {
    this.loginCount += 1;
    const result = this.table.open(player);
    if (result === "full") return "full";
    if (result.replaced !== undefined) this.#listener(result.replaced, "replaced");
    await this.gate;
    return result.opened;
  }
  async logout(binding: Binding): Promise<boolean> {
    if (!this.table.close(binding)) return false;
    this.#listener(binding, "logged_out");
    return true;
  }
  has(binding: Binding): boolean {
    return this.table.has(binding);
  }
  mapOf(binding: Binding): Identity | undefined {
    return this.has(binding) ? this.map : undefined;
  }
  onEnded(listener: (binding: Binding, how: EndedHow) => void): void {
    this.#listener = listener;
  }
}

/** Keeps requests until the test answers them. */
export class FakeRouter implements PlayerRouter {
  readonly waiting: { readonly request: PlayerRequest; readonly answer: (answer: PlayerAnswer) => void }[] = [];

  request(request: PlayerRequest): Promise<PlayerAnswer> {
    return new Promise((answer) => this.waiting.push({ request, answer }));
  }

  /** Answers the oldest. */
  reply(body: unknown): void {
    this.waiting.shift()?.answer({ kind: "reply", body });
  }
}

/** The token is the player's name; "expired" and "" are none. */
const VERIFIER: TokenVerifier = {
  verify: async (token) => {
    if (token === "expired") return { kind: "refused", code: "token_expired", detail: "it has expired" };
    if (token === "bad") return { kind: "refused", code: "bad_token", detail: "it is bad" };
    return { kind: "ok", player: token };
  },
};

export class DoorGround {
  readonly clock = new FakeClock();
  readonly presence = new FakePresence();
  readonly router = new FakeRouter();
  readonly counters = new Counters();
  readonly lines: LogLine[];
  readonly door: PlayerDoor;

  constructor(of: { readonly limits?: Partial<DoorLimits>; readonly maintenance?: Maintenance } = {}) {
    const { log, lines } = recordingLog();
    this.lines = lines;
    this.door = new PlayerDoor({
      clock: this.clock,
      random: seededRandom(3),
      log,
      counters: this.counters,
      presence: this.presence,
      verifier: VERIFIER,
      router: this.router,
      limits: { ...DOOR_LIMITS, ...of.limits },
      maintenance: of.maintenance ?? { isOn: false, whiteList: [] },
    });
  }

  conn(address = "10.0.0.1:1000"): FakeConn {
    const conn = new FakeConn(address);
    conn.handler = this.door.accept(conn);
    return conn;
  }

  /** A connection that has said hello, and what came of it. */
  async hello(
    token: string,
    resume: Extract<ClientPacket, { readonly kind: "hello" }>["resume"] = null,
  ): Promise<FakeConn> {
    const conn = this.conn();
    conn.say({ kind: "hello", token, resume });
    await settle();
    return conn;
  }

  /** A player who is online, and what to resume with. */
  async online(
    player: string,
  ): Promise<{ readonly conn: FakeConn; readonly session: string; readonly resumeToken: string }> {
    const conn = await this.hello(player);
    const welcome = conn.packets.shift();
    if (welcome?.kind !== "welcome") throw new Error(`no welcome: ${JSON.stringify(welcome)}`);
    return { conn, session: welcome.welcome.session, resumeToken: welcome.welcome.resumeToken };
  }
}
