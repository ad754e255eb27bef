/**
 * The states that a link can be in, each reached over a conn of its own by an other end that holds the key, and the
 * frame that would be right to send next.
 */

import type { Handshake } from "#link/handshake.ts";
import { AcceptorHandshake } from "#link/handshake_acceptor.ts";
import { DialerHandshake } from "#link/handshake_dialer.ts";
import { Kind, encodeFrame } from "#wire/header.ts";
import { encodeHeartbeat } from "#wire/heartbeat.ts";
import { nodeKey } from "#wire/role.ts";
import { encodeSync } from "#wire/sync_message.ts";
import type { FuzzConn, FuzzGround } from "./link_ground.ts";

export const LINK_STATES = [
  "accepting: hello awaited",
  "accepting: proof awaited",
  "accepting: twin in question",
  "accepting: refused, leaving",
  "accepting: up",
  "dialing: challenge awaited",
  "dialing: welcome awaited",
  "dialing: up",
] as const;
export type FuzzedState = (typeof LINK_STATES)[number];

export interface Reached {
  readonly conn: FuzzConn;
  /** What a good peer may send now. Undefined: nothing. */
  readonly next: () => Uint8Array | undefined;
  /** Links that are up after the state was reached. */
  readonly ups: number;
  /** To be called when the conn has ended. */
  readonly done: () => void;
}

const GATEWAY = nodeKey("gateway", 1);
const EMPTY = new Uint8Array(0);
const NOTHING = (): undefined => undefined;
const beat = encodeHeartbeat({ sequence: 1, clusterMs: 2, echoMs: 3, saidDigest: 4n, appliedDigest: 5n });
const version = { epoch: 1, revision: 2, hash: "0123456789abcdef" };

function goodFrames(source: ReturnType<typeof nodeKey>, target: ReturnType<typeof nodeKey>): Uint8Array[] {
  const hop = { source, target, hops: 1 };
  const list = encodeSync({ kind: "list", entries: [{ topic: "activity/cross_center:1/boss", version }] });
  const report = encodeSync({ kind: "report", reports: [{ topic: "a", reporter: source, claims: [version] }] });
  return [
    encodeFrame({ ...hop, kind: Kind.ping }, beat),
    encodeFrame({ ...hop, kind: Kind.pong }, beat),
    encodeFrame({ ...hop, kind: Kind.sync, method: list.method }, list.body),
    encodeFrame({ ...hop, kind: Kind.sync, method: report.method }, report.body),
    encodeFrame({ ...hop, kind: Kind.cast, method: 2000 }, beat),
    encodeFrame({ ...hop, kind: Kind.call, method: 2000, callId: 7, deadlineMs: 100 }, beat),
  ];
}

const FROM_BELOW = goodFrames(nodeKey("user", 101), GATEWAY);
const FROM_ABOVE = goodFrames(GATEWAY, nodeKey("center", 1));

/** The machine's answer to the last frame that the hub has written. */
function answer(machine: Handshake, conn: FuzzConn): Uint8Array {
  const frame = conn.heard.at(-1) ?? EMPTY;
  const step = machine.receive(frame, 0);
  if (step.kind === "send") return step.frame;
  if (step.kind === "proved" && step.welcome !== undefined) return step.welcome;
  throw new Error(`Cannot reach the state: the handshake ended with ${JSON.stringify(step)}`);
}

export function reach(ground: FuzzGround, state: FuzzedState): Reached {
  let index = 0;
  const oneOf = (frames: readonly Uint8Array[]) => (): Uint8Array | undefined => frames[(index += 1) % frames.length];
  const reached = (conn: FuzzConn, next: Reached["next"], done: () => void = NOTHING): Reached => ({
    conn,
    next,
    done,
    ups: ground.witness.ups.length,
  });
  switch (state) {
    case "accepting: hello awaited": {
      const hello = dialer(ground).start();
      return reached(ground.dialled(), () => hello);
    }
    case "accepting: proof awaited": {
      const { conn, proof } = greeted(ground);
      return reached(conn, () => proof);
    }
    case "accepting: refused, leaving": {
      const conn = ground.dialled();
      const stranger = new DialerHandshake(
        { ...ground.self("user", 101), cluster: "other" },
        { role: "gateway", number: 1 },
      );
      conn.say(stranger.start());
      return reached(conn, oneOf(FROM_BELOW));
    }
    case "accepting: twin in question": {
      const first = greeted(ground);
      first.conn.say(first.proof);
      const second = greeted(ground);
      second.conn.say(second.proof);
      return reached(second.conn, oneOf(FROM_BELOW), () => {
        first.conn.end();
        ground.clock.advance(3_000);
      });
    }
    case "accepting: up": {
      const { conn, proof } = greeted(ground);
      conn.say(proof);
      return reached(conn, oneOf(FROM_BELOW));
    }
    case "dialing: challenge awaited": {
      const conn = ground.dialling();
      const challenge = answer(new AcceptorHandshake(ground.self("gateway", 1)), conn);
      return reached(conn, () => challenge);
    }
    case "dialing: welcome awaited": {
      const { conn, welcome } = challenged(ground);
      return reached(conn, () => welcome);
    }
    case "dialing: up": {
      const { conn, welcome } = challenged(ground);
      conn.say(welcome);
      return reached(conn, oneOf(FROM_ABOVE));
    }
  }
}

function dialer(ground: FuzzGround): DialerHandshake {
  return new DialerHandshake(ground.self("user", 101), { role: "gateway", number: 1 });
}

function greeted(ground: FuzzGround): { conn: FuzzConn; proof: Uint8Array } {
  const conn = ground.dialled();
  const machine = dialer(ground);
  conn.say(machine.start());
  return { conn, proof: answer(machine, conn) };
}

function challenged(ground: FuzzGround): { conn: FuzzConn; welcome: Uint8Array } {
  const conn = ground.dialling();
  const machine = new AcceptorHandshake(ground.self("gateway", 1));
  conn.say(answer(machine, conn));
  return { conn, welcome: answer(machine, conn) };
}
