/**
 * The server's half of the players' protocol as docs/client.md says it, small, behind a network that delays, cuts and
 * silences connections by a seed. It throws when a client breaks a rule that an honest one can't break.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { ClientConnect, ClientSocketEvents } from "#client/client_socket.ts";
import { decodeClientPacket, encodeServerPacket } from "#session/client_codec.ts";
import type { ClientPacket, ServerPacket } from "#session/client_packets.ts";
import {
  PACKET_UP_SIZE_MAX,
  PUSHES_KEPT_MAX,
  REPLIES_KEPT,
  REQUESTS_WAITING_MAX,
  RESUME_WINDOW_MS,
} from "#session/client_packets.ts";
import type { FakeClock } from "../link/fake_clock.ts";

type Push = Extract<ServerPacket, { readonly kind: "push" }>;

/** What the model executes. With `isKeyed` it remembers that it has, over restarts too, as a database would. */
export interface Deed {
  readonly id: number;
  readonly isKeyed: boolean;
}

interface Request {
  readonly seq: number;
  readonly body: unknown;
}

/** One TCP connection: either end hears of its end late, or never. */
class Pipe {
  isCut = false;
  /** Nothing passes any more, and nobody is told. */
  isMute = false;
  session: Session | undefined;
  readonly events: ClientSocketEvents;
  readonly #clock: FakeClock;
  readonly #delayMs: () => number;
  #upAtMs = 0;
  #downAtMs = 0;

  constructor(events: ClientSocketEvents, clock: FakeClock, delayMs: () => number) {
    this.events = events;
    this.#clock = clock;
    this.#delayMs = delayMs;
  }

  /** In order, however long each takes. */
  up(run: () => void): void {
    this.#upAtMs = Math.max(this.#upAtMs, this.#clock.nowMs() + this.#delayMs());
    this.#clock.after(this.#upAtMs - this.#clock.nowMs(), () => this.#arrive(run));
  }

  down(packet: ServerPacket): void {
    const bytes = encodeServerPacket(packet);
    this.#downAtMs = Math.max(this.#downAtMs, this.#clock.nowMs() + this.#delayMs());
    this.#clock.after(this.#downAtMs - this.#clock.nowMs(), () => this.#arrive(() => this.events.message(bytes)));
  }

  #arrive(run: () => void): void {
    if (!this.isCut && !this.isMute) run();
  }
}

class Session {
  readonly name: string;
  resumeToken = "";
  pipe: Pipe | undefined;
  lostAtMs = 0;
  isOver = false;
  received = 0;
  answered = 0;
  readonly queue: Request[] = [];
  isRunning = false;
  readonly answers = new Map<number, ServerPacket>();
  pushes: Push[] = [];
  pushSeq = 0;
  isHopeless = false;

  constructor(name: string) {
    this.name = name;
  }
}

export class ModelDoor {
  /** Ids of deeds in the order in which they took effect. */
  readonly executed: number[] = [];
  /** Ids of deeds that were refused at least once. */
  readonly refused = new Set<number>();
  /** Requests that were answered from memory: their deed had taken effect in a session before. */
  remembered = 0;
  logins = 0;
  resumes = 0;
  session: Session | undefined;
  readonly #clock: FakeClock;
  readonly #random: Random;
  readonly #pipes = new Set<Pipe>();
  #tokens = 0;

  constructor(clock: FakeClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  readonly connect: ClientConnect = (events) => {
    const pipe = new Pipe(events, this.#clock, () => 1 + randomIndex(this.#random, 40));
    this.#pipes.add(pipe);
    pipe.up(() => {
      events.opened();
    });
    return {
      send: (bytes) => {
        const packet = decodeClientPacket(bytes, PACKET_UP_SIZE_MAX);
        if (packet.kind === "fault" || packet.kind === "ignored") throw new Error(`bad packet: ${packet.kind}`);
        pipe.up(() => this.#hear(pipe, packet));
      },
      close: () => this.cut(pipe, false),
    };
  };

  /** The process ends and another takes its place, which knows of no session. */
  restart(): void {
    if (this.session !== undefined) this.session.isOver = true;
    this.session = undefined;
    for (const pipe of this.#pipes) this.cut(pipe, true);
  }

  /** Cuts or mutes one of the connections. */
  harm(): void {
    const pipe = [...this.#pipes].at(-1);
    if (pipe === undefined || pipe.isCut) return;
    if (this.#random.unit() < 0.3) pipe.isMute = true;
    else this.cut(pipe, true);
  }

  cut(pipe: Pipe, isTold: boolean): void {
    if (pipe.isCut) return;
    pipe.isCut = true;
    this.#pipes.delete(pipe);
    const { session } = pipe;
    if (session !== undefined && session.pipe === pipe) {
      session.pipe = undefined;
      session.lostAtMs = this.#clock.nowMs();
    }
    if (isTold) this.#clock.after(randomIndex(this.#random, 100), () => pipe.events.closed());
  }

  /** To whatever session there is; says in which, and as which. */
  push(): void {
    const { session } = this;
    if (session === undefined || session.isOver) return;
    session.pushSeq += 1;
    const body = { session: session.name, n: session.pushSeq };
    const packet: Push = { kind: "push", pushSeq: session.pushSeq, type: "news", body };
    session.pushes.push(packet);
    if (session.pushes.length > PUSHES_KEPT_MAX) session.isHopeless = true;
    session.pipe?.down(packet);
  }

  #hear(pipe: Pipe, packet: ClientPacket): void {
    const { session } = pipe;
    if (packet.kind === "hello") return this.#login(pipe, packet.resume);
    if (session === undefined || session.pipe !== pipe) return;
    switch (packet.kind) {
      case "request":
        return this.#request(session, packet);
      case "ack":
        if (packet.pushSeq > session.pushSeq) throw new Error("an ack of what was not pushed");
        session.pushes = session.pushes.filter(({ pushSeq }) => pushSeq > packet.pushSeq);
        return;
      case "ping":
        return pipe.down({ kind: "pong", n: packet.n, serverMs: this.#clock.wallMs() });
      case "bye":
        session.isOver = true;
    }
  }

  #login(pipe: Pipe, resume: Extract<ClientPacket, { readonly kind: "hello" }>["resume"]): void {
    let { session } = this;
    const isResumed = resume !== null;
    if (isResumed) {
      const isLate = session?.pipe === undefined && this.#clock.nowMs() - (session?.lostAtMs ?? 0) > RESUME_WINDOW_MS;
      const isGone = session === undefined || session.isOver || session.isHopeless || session.name !== resume.session;
      if (session === undefined || isGone || isLate || session.resumeToken !== resume.resumeToken) {
        pipe.down({ kind: "refuse", code: "session_gone", detail: "", retryMs: null });
        return this.#cutLater(pipe);
      }
      this.resumes += 1;
      session.pushes = session.pushes.filter(({ pushSeq }) => pushSeq > resume.ackedPush);
    } else {
      if (session !== undefined) session.isOver = true;
      this.logins += 1;
      session = new Session(String(this.logins).padStart(32, "0"));
      this.session = session;
    }
    const old = session.pipe;
    session.pipe = pipe;
    pipe.session = session;
    if (old !== undefined) this.cut(old, true);
    this.#tokens += 1;
    session.resumeToken = `r-${this.#tokens}`;
    pipe.down({
      kind: "welcome",
      welcome: {
        session: session.name,
        player: "p-1",
        resumeToken: session.resumeToken,
        resumed: isResumed,
        serverMs: this.#clock.wallMs(),
        heartbeatMs: 1_000,
        windowMs: RESUME_WINDOW_MS,
        answered: session.answered,
      },
    });
    for (const push of session.pushes) pipe.down(push);
  }

  /** What was written before goes out first. */
  #cutLater(pipe: Pipe): void {
    this.#clock.after(200, () => this.cut(pipe, true));
  }

  #request(session: Session, { seq, body }: Request): void {
    if (seq <= session.received) {
      const answer = session.answers.get(seq);
      if (answer !== undefined) session.pipe?.down(answer);
      else if (seq <= session.answered) throw new Error(`request ${seq} came again, and its answer is not kept`);
      return;
    }
    if (seq !== session.received + 1) throw new Error(`request ${seq} after ${session.received}`);
    session.received = seq;
    session.queue.push({ seq, body });
    if (session.queue.length > REQUESTS_WAITING_MAX) throw new Error("too many requests wait");
    this.#next(session);
  }

  #next(session: Session): void {
    const request = session.queue[0];
    if (session.isRunning || request === undefined || session.isOver) return;
    session.isRunning = true;
    this.#clock.after(randomIndex(this.#random, 60), () => {
      session.isRunning = false;
      if (session.isOver) return;
      session.queue.shift();
      const { seq, body } = request;
      const deed = body as Deed;
      const isExecuted = this.#random.unit() < 0.9;
      if (isExecuted) this.#execute(deed);
      else this.refused.add(deed.id);
      const answer: ServerPacket = isExecuted
        ? { kind: "reply", seq, body: { echo: deed.id } }
        : { kind: "error", seq, code: "OVERLOADED", detail: "", executed: false };
      session.answered = seq;
      session.answers.set(seq, answer);
      session.answers.delete(seq - REPLIES_KEPT);
      session.pipe?.down(answer);
      this.#next(session);
    });
  }

  #execute({ id, isKeyed }: Deed): void {
    if (isKeyed && this.executed.includes(id)) this.remembered += 1;
    else this.executed.push(id);
  }
}
