/**
 * A player's connection as the door has it: reads packets within their limits, counts how fast they come, and says
 * goodbye with a code. Decides nothing about players: that is its owner's part.
 */

import { decodeClientPacket, encodeServerPacket } from "./client_codec.ts";
import type { ClientPacket, CloseCode, PacketFault, ServerPacket } from "./client_packets.ts";
import { LOGIN_MS_MAX, PACKET_UP_SIZE_MAX, PACKET_UP_SIZE_MAX_LOGIN } from "./client_packets.ts";
import type { DoorLimits } from "./door_limits.ts";
import { CONN_QUEUED_SIZE_MAX, IDLE_MS_MAX, QUEUED_MS_MAX, RETRY_MS } from "./door_limits.ts";
import type { PlayerConn, PlayerConnHandler } from "./player_conn.ts";
import { TokenBucket } from "./token_bucket.ts";

export type ConnStage =
  /** No hello yet. */
  | { readonly kind: "greeting" }
  /** The hello is being judged. */
  | { readonly kind: "entering"; readonly player: string | undefined }
  | { readonly kind: "queued"; readonly player: string; readonly sinceMs: number }
  | { readonly kind: "online"; readonly session: string }
  | { readonly kind: "over" };

/** Why it is over: a code that was told, or that it was lost, or that the player left. */
export type ConnEnd = CloseCode | "lost" | "left";

export interface ConnOwner {
  /** While `online`, or the hello while `greeting`. */
  heard(conn: DoorConn, packet: ClientPacket): void;
  /** Once. `stage` is the one that it was in. */
  over(conn: DoorConn, stage: ConnStage, end: ConnEnd): void;
}

export class DoorConn implements PlayerConnHandler {
  readonly #conn: PlayerConn;
  readonly #owner: ConnOwner;
  readonly #nowMs: () => number;
  readonly #wallMs: () => number;
  readonly #packets: TokenBucket;
  readonly #bytes: TokenBucket;
  #stage: ConnStage = { kind: "greeting" };
  /** When what the login deadline bounds began. */
  #loginSinceMs: number;
  #heardMs: number;

  constructor(options: {
    readonly conn: PlayerConn;
    readonly owner: ConnOwner;
    readonly limits: DoorLimits;
    readonly nowMs: () => number;
    readonly wallMs: () => number;
  }) {
    this.#conn = options.conn;
    this.#owner = options.owner;
    this.#nowMs = options.nowMs;
    this.#wallMs = options.wallMs;
    this.#heardMs = options.nowMs();
    this.#loginSinceMs = this.#heardMs;
    this.#packets = new TokenBucket(options.limits.packets, this.#heardMs);
    this.#bytes = new TokenBucket(options.limits.bytes, this.#heardMs);
  }

  get address(): string {
    return this.#conn.address;
  }
  get stage(): ConnStage {
    return this.#stage;
  }
  get isOver(): boolean {
    return this.#stage.kind === "over";
  }

  enter(player: string | undefined): void {
    if (this.#stage.kind === "queued") this.#loginSinceMs = this.#nowMs();
    this.#become({ kind: "entering", player });
  }
  wait(player: string): void {
    this.#become({ kind: "queued", player, sinceMs: this.#nowMs() });
  }
  goOnline(session: string): void {
    this.#heardMs = this.#nowMs();
    this.#become({ kind: "online", session });
  }

  received(bytes: Uint8Array): void {
    const { kind } = this.#stage;
    if (kind === "over") return;
    const nowMs = this.#nowMs();
    this.#heardMs = nowMs;
    if (!this.#packets.take(1, nowMs)) return this.end("too_fast", "more packets than this server takes");
    if (!this.#bytes.take(bytes.length, nowMs)) return this.end("too_fast", "more bytes than this server takes");
    const packet = decodeClientPacket(bytes, kind === "online" ? PACKET_UP_SIZE_MAX : PACKET_UP_SIZE_MAX_LOGIN);
    switch (packet.kind) {
      case "ignored":
        return;
      case "fault":
        return this.end(packet.code, packet.detail);
      case "ping":
        return this.tell({ kind: "pong", n: packet.n, serverMs: this.#wallMs() });
      case "bye":
        this.#finish("left");
        return;
      case "hello":
        if (kind !== "greeting") return this.end("bad_packet", "a second hello");
        return this.#owner.heard(this, packet);
      case "request":
      case "ack":
        if (kind !== "online") return this.end("bad_packet", `${packet.kind} before the welcome`);
        return this.#owner.heard(this, packet);
    }
  }

  broken({ code, detail }: PacketFault): void {
    this.end(code, detail);
  }

  closed(): void {
    this.#finish("lost");
  }

  tell(packet: ServerPacket): void {
    this.send(encodeServerPacket(packet));
  }

  send(bytes: Uint8Array): void {
    if (this.isOver) return;
    const queuedSize = this.#conn.queuedSize;
    const result = queuedSize > CONN_QUEUED_SIZE_MAX ? "full" : this.#conn.send(bytes);
    if (result === "full") this.end("slow_reader", `${queuedSize} bytes wait, limit is ${CONN_QUEUED_SIZE_MAX}`);
    else if (result === "closed") this.#finish("lost");
  }

  /** Says why and closes: `refuse` before the welcome, `kicked` after it. */
  end(code: CloseCode, detail: string, retryMs: number | null = null): void {
    if (this.isOver) return;
    const packet: ServerPacket =
      this.#stage.kind === "online" ? { kind: "kicked", code, detail } : { kind: "refuse", code, detail, retryMs };
    this.#conn.send(encodeServerPacket(packet));
    this.#finish(code);
  }

  /** Deadlines: of the login, of the queue, of silence. */
  sweep(nowMs: number): void {
    const stage = this.#stage;
    switch (stage.kind) {
      case "greeting":
      case "entering":
        if (nowMs - this.#loginSinceMs < LOGIN_MS_MAX) return;
        return this.end("login_timeout", `not logged in within ${LOGIN_MS_MAX} ms`);
      case "queued":
        if (nowMs - stage.sinceMs < QUEUED_MS_MAX) return;
        return this.end("full", `no place became free within ${QUEUED_MS_MAX} ms`, RETRY_MS.full);
      case "online":
        if (nowMs - this.#heardMs < IDLE_MS_MAX) return;
        return this.end("idle", `nothing was heard for ${IDLE_MS_MAX} ms`);
      case "over":
    }
  }

  #become(stage: ConnStage): void {
    if (!this.isOver) this.#stage = stage;
  }

  #finish(end: ConnEnd): void {
    if (this.isOver) return;
    const stage = this.#stage;
    this.#stage = { kind: "over" };
    this.#conn.close();
    this.#owner.over(this, stage, end);
  }
}
