/**
 * The heartbeat of one link: pings at once and at the ticks that have to, answers pings, and ends the link when it was
 * silent or stood still for too long. The rules are in heartbeat.ts, when a tick comes is shared_ticks.ts's; this is
 * where they meet.
 */

import type { Clock, Timer } from "#base/clock.ts";
import { Kind } from "#wire/header.ts";
import type { Heartbeat } from "#wire/heartbeat.ts";
import { decodeHeartbeat, encodeHeartbeat } from "#wire/heartbeat.ts";
import { PingTurn, SilenceWatch, StallWatch } from "./heartbeat.ts";
import type { CloseReason, LinkEvents, PeerLink } from "./link_port.ts";
import { PingTimes } from "./ping_times.ts";
import type { SendQueue } from "./send_queue.ts";
import type { SharedTicks } from "./shared_ticks.ts";

/** Pings and pongs of the other end that are looked at in one interval: who sends more is alive, and told no more. */
export const BEATS_PER_TICK_MAX = 1024;

export type BeatKind = typeof Kind.ping | typeof Kind.pong;

/** The link whose pulse it is. */
export interface Pulsed extends PeerLink {
  end(reason: CloseReason, detail: string): void;
}

export interface PulseOptions {
  readonly link: Pulsed;
  readonly clock: Clock;
  readonly ticks: SharedTicks;
  readonly events: LinkEvents;
  readonly queue: SendQueue;
  readonly send: (kind: BeatKind, body: Uint8Array) => void;
  /** A ping or a pong was one too many. */
  readonly ignored: () => void;
  /** Runs what may throw. */
  readonly guard: (run: () => void) => void;
}

export class Pulse {
  readonly #options: PulseOptions;
  readonly #silence: SilenceWatch;
  readonly #stall: StallWatch;
  readonly #turn: PingTurn;
  readonly #pings: PingTimes;
  #timer: Timer | undefined;
  #beatCount = 0;
  #probe: { readonly sequence: number; readonly answered: () => void } | undefined;

  constructor(options: PulseOptions) {
    const { heartbeatMs, receivedSize, relation } = options.link;
    this.#options = options;
    this.#silence = new SilenceWatch(receivedSize);
    this.#stall = new StallWatch(heartbeatMs);
    this.#turn = new PingTurn({ maySpare: relation === "below" });
    this.#pings = new PingTimes(heartbeatMs);
  }

  get rttMs(): number | undefined {
    return this.#pings.rttMs;
  }
  get clusterOffsetMs(): number | undefined {
    return this.#pings.offsetMs;
  }

  start(): void {
    this.#ping();
    const { link, ticks, guard } = this.#options;
    if (link.isUp) this.#timer = ticks.every(link.heartbeatMs, () => guard(() => this.#tick()));
  }

  stop(): void {
    this.#timer?.cancel();
  }

  /** Bytes may have been under way for long; only an answer to what we say now proves that somebody is there now. */
  probe(answered: () => void): void {
    this.#probe = { sequence: this.#ping(), answered };
  }

  receive(kind: BeatKind, body: Uint8Array): void {
    const { link, events } = this.#options;
    this.#beatCount += 1;
    if (this.#beatCount > BEATS_PER_TICK_MAX) return this.#options.ignored();
    const beat = decodeHeartbeat(body);
    if (beat === undefined) return link.end("bad_heartbeat", "it is cut short");
    if (kind === Kind.ping) {
      this.#beat(Kind.pong, beat.sequence, beat.clusterMs);
      this.#turn.answered();
    } else this.#answered(beat);
    if (link.isUp) events.heartbeat(link, beat);
  }

  #answered(pong: Heartbeat): void {
    this.#pings.answered(pong, this.#options.clock.nowMs());
    const probe = this.#probe;
    if (probe === undefined || pong.sequence < probe.sequence) return;
    this.#probe = undefined;
    probe.answered();
  }

  #ping(): number {
    const sequence = this.#pings.sent(this.#options.clock.nowMs());
    this.#beat(Kind.ping, sequence, 0);
    return sequence;
  }

  #beat(kind: BeatKind, sequence: number, echoMs: number): void {
    const { link, events, send } = this.#options;
    const saidDigest = events.saidDigest(link);
    const appliedDigest = events.appliedDigest();
    send(kind, encodeHeartbeat({ sequence, clusterMs: events.clusterMs(), echoMs, saidDigest, appliedDigest }));
  }

  #tick(): void {
    const { link, queue, events } = this.#options;
    if (!link.isUp) return;
    this.#beatCount = 0;
    const silence = this.#silence.tick(link.receivedSize);
    const isStalled = this.#stall.tick(queue.takenSize, queue.queuedSize);
    events.tick(link);
    if (silence === "silent") return link.end("silent", `no byte for 2 intervals of ${link.heartbeatMs} ms`);
    if (isStalled) return link.end("slow_consumer", `${queue.queuedSize} bytes stand still`);
    if (this.#turn.tick() === "ping") this.#ping();
  }
}
