/**
 * Known attacks on a link, in the state that they are meant for, with the reason for which it must close.
 */

import type { CloseReason } from "#link/link_port.ts";
import { encodeHello, decodeHello } from "#wire/handshake.ts";
import { Kind, Offset, encodeFrame, frameBody, writeU16, writeU32 } from "#wire/header.ts";
import { FRAME_SIZE_MAX, FRAME_SIZE_MAX_HANDSHAKE } from "#wire/limits.ts";
import { nodeKey } from "#wire/role.ts";
import { SyncMethod } from "#wire/sync_message.ts";
import type { FuzzGround } from "./link_ground.ts";
import type { FuzzedState, Reached } from "./link_states.ts";
import { reach } from "./link_states.ts";
import { join } from "./wire_mutate.ts";

export interface Attack {
  readonly name: string;
  readonly state: FuzzedState;
  readonly reason: CloseReason;
  readonly bytes: (at: Reached, ground: FuzzGround) => Uint8Array;
}

const USER = nodeKey("user", 101);
const GATEWAY = nodeKey("gateway", 1);
const EMPTY = new Uint8Array(0);

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function frame(kind: number, body: Uint8Array = EMPTY, method = 0): Uint8Array {
  return encodeFrame({ kind: kind as Kind, source: USER, target: GATEWAY, hops: 1, method }, body);
}

function withSize(size: number): Uint8Array {
  const bytes = frame(Kind.hello);
  writeU32(bytes, 0, size);
  return bytes;
}

/** What would be right now. */
function right(at: Reached): Uint8Array {
  const bytes = at.next();
  if (bytes === undefined) throw new Error("Cannot attack: nothing is right in this state");
  return bytes;
}

function changed(bytes: Uint8Array, offset: number, value: number): Uint8Array {
  const out = bytes.slice();
  out[offset] = value;
  return out;
}

function hello(at: Reached, change: Partial<Parameters<typeof encodeHello>[0]>): Uint8Array {
  const said = decodeHello(frameBody(right(at), 0));
  if (said === undefined) throw new Error("Cannot attack: the hello cannot be read");
  return frame(Kind.hello, encodeHello({ ...said, ...change }));
}

/** A hello whose cluster name claims more bytes than follow. */
function longName(at: Reached): Uint8Array {
  const bytes = right(at).slice();
  const size = text("fuzz").length;
  return changed(bytes, bytes.length - size - 1, 255);
}

function wrongMagic(at: Reached): Uint8Array {
  const bytes = right(at).slice();
  writeU16(bytes, Offset.magic, 0x4b47);
  return bytes;
}

/** What another conn would have been sent or told at this point. */
function ofAnotherRun(state: FuzzedState): Attack["bytes"] {
  return (_at, ground) => {
    const other = reach(ground, state);
    const bytes = right(other);
    other.conn.end();
    other.done();
    return bytes;
  };
}

/** The last frame that the hub has said, as another kind. */
function reflected(kind: Kind): Attack["bytes"] {
  return (at) => changed(at.conn.heard.at(-1) ?? EMPTY, Offset.kind, kind);
}

/** A body that says so many and has none. */
function count16(count: number, before: readonly number[] = []): Uint8Array {
  return Uint8Array.from([...before, count >>> 8, count & 0xff]);
}

const TOPIC = Uint8Array.from([1, 0x61]);
const VERSION = new Uint8Array(16);
const SIZE_2_32 = Uint8Array.from([0xff, 0xff, 0xff, 0xff]);
const UP = ["accepting: up", "dialing: up"] as const;
const ALL = [
  "accepting: hello awaited",
  "accepting: proof awaited",
  "accepting: twin in question",
  "dialing: challenge awaited",
  "dialing: welcome awaited",
  ...UP,
] as const;

function everywhere(name: string, reason: CloseReason, bytes: Attack["bytes"]): Attack[] {
  return ALL.map((state) => ({ name, state, reason, bytes }));
}

function onLinks(name: string, reason: CloseReason, bytes: Attack["bytes"]): Attack[] {
  return UP.map((state) => ({ name, state, reason, bytes }));
}

/** TLS 1.2 record, handshake, ClientHello. */
const CLIENT_HELLO = join(Uint8Array.from([0x16, 3, 1, 0, 0xf4, 1, 0, 0, 0xf0, 3, 3]), new Uint8Array(238).fill(7));

export const ATTACKS: readonly Attack[] = [
  ...everywhere("an HTTP request", "bad_magic", () => text("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")),
  ...everywhere("an HTTP/2 preface", "bad_magic", () => text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")),
  ...everywhere("a TLS ClientHello", "bad_magic", () => CLIENT_HELLO),
  ...everywhere("an SSH banner", "bad_magic", () => text("SSH-2.0-OpenSSH_9.9\r\n")),
  ...everywhere("zeros", "bad_magic", () => new Uint8Array(4096)),
  ...everywhere("a wrong magic", "bad_magic", wrongMagic),
  ...everywhere("size 0", "bad_size", () => withSize(0)),
  ...everywhere("size 35", "bad_size", () => withSize(35)),
  ...everywhere("size 2^32-1", "bad_size", () => withSize(0xffff_ffff)),
  ...everywhere("size 2^31", "bad_size", () => withSize(0x8000_0000)),
  ...everywhere("one byte more than any frame has", "bad_size", () => withSize(FRAME_SIZE_MAX + 1)),
  ...everywhere("kind 0", "bad_kind", () => frame(0)),
  ...everywhere("kind 255", "bad_kind", () => frame(255)),
  ...everywhere("a critical flag", "bad_flags", (at) => changed(right(at), Offset.flags, 0x80)),
  ...ALL.filter((state) => !state.endsWith("up")).flatMap((state): Attack[] => [
    {
      name: "one byte more than a handshake has",
      state,
      reason: "bad_size",
      bytes: () => withSize(FRAME_SIZE_MAX_HANDSHAKE + 1),
    },
    ...(["ping", "pong", "sync", "cast", "call", "reply", "error", "goodbye"] as const).map((kind): Attack => ({
      name: `a ${kind} too early`,
      state,
      reason: "unexpected_frame",
      bytes: () => frame(Kind[kind], new Uint8Array(40), 1),
    })),
  ]),
  {
    name: "a hello twice",
    state: "accepting: hello awaited",
    reason: "unexpected_frame",
    bytes: (at) => join(right(at), right(at)),
  },
  {
    name: "a cluster name of 255 bytes",
    state: "accepting: hello awaited",
    reason: "refused",
    bytes: (at) => hello(at, { cluster: "a".repeat(255) }),
  },
  {
    name: "a cluster name that is longer than the frame",
    state: "accepting: hello awaited",
    reason: "bad_hello",
    bytes: longName,
  },
  {
    name: "a hello cut short",
    state: "accepting: hello awaited",
    reason: "bad_hello",
    bytes: () => frame(Kind.hello, new Uint8Array(30)),
  },
  {
    name: "a protocol that will never be",
    state: "accepting: hello awaited",
    reason: "bad_protocol",
    bytes: (at) => hello(at, { protocolMin: 255, protocolMax: 255 }),
  },
  {
    name: "the number of every node",
    state: "accepting: hello awaited",
    reason: "bad_hello",
    bytes: (at) => hello(at, { number: 0xffff_ffff }),
  },
  {
    name: "a heartbeat of 2^32-1 ms",
    state: "accepting: hello awaited",
    reason: "bad_hello",
    bytes: (at) => hello(at, { heartbeatMs: 0xffff_ffff }),
  },
  {
    name: "a header that names somebody else",
    state: "accepting: hello awaited",
    reason: "bad_hello",
    bytes: (at) => changed(right(at), Offset.sourceNumber + 3, 9),
  },
  {
    name: "a hello for somebody else",
    state: "accepting: hello awaited",
    reason: "wrong_identity",
    bytes: (at) => hello(at, { targetNumber: 9 }),
  },
  {
    name: "a role that may not dial",
    state: "accepting: hello awaited",
    reason: "bad_hello",
    bytes: (at) => hello(at, { roleNumber: 8 }),
  },
  {
    name: "the challenge, reflected",
    state: "accepting: proof awaited",
    reason: "unexpected_frame",
    bytes: reflected(Kind.challenge),
  },
  {
    name: "the challenge, reflected as a proof",
    state: "accepting: proof awaited",
    reason: "bad_proof",
    bytes: reflected(Kind.proof),
  },
  {
    name: "a proof, replayed",
    state: "accepting: proof awaited",
    reason: "bad_proof",
    bytes: ofAnotherRun("accepting: proof awaited"),
  },
  { name: "an empty proof", state: "accepting: proof awaited", reason: "bad_proof", bytes: () => frame(Kind.proof) },
  {
    name: "a proof of zeros",
    state: "accepting: proof awaited",
    reason: "bad_proof",
    bytes: () => frame(Kind.proof, new Uint8Array(32)),
  },
  {
    name: "a proof of 33 bytes",
    state: "accepting: proof awaited",
    reason: "bad_proof",
    bytes: (at) => frame(Kind.proof, join(frameBody(right(at), 0), new Uint8Array(1))),
  },
  {
    name: "a welcome instead of a proof",
    state: "accepting: proof awaited",
    reason: "unexpected_frame",
    bytes: (at) => changed(right(at), Offset.kind, Kind.welcome),
  },
  {
    name: "a second proof",
    state: "accepting: twin in question",
    reason: "unexpected_frame",
    bytes: () => frame(Kind.proof, new Uint8Array(32)),
  },
  {
    name: "our hello, reflected",
    state: "dialing: challenge awaited",
    reason: "unexpected_frame",
    bytes: reflected(Kind.hello),
  },
  {
    name: "our hello, reflected as a challenge",
    state: "dialing: challenge awaited",
    reason: "bad_challenge",
    bytes: reflected(Kind.challenge),
  },
  {
    name: "a welcome without a challenge",
    state: "dialing: challenge awaited",
    reason: "unexpected_frame",
    bytes: () => frame(Kind.welcome, new Uint8Array(32)),
  },
  {
    name: "a challenge twice",
    state: "dialing: challenge awaited",
    reason: "unexpected_frame",
    bytes: (at) => join(right(at), right(at)),
  },
  {
    name: "a refusal that cannot be read",
    state: "dialing: challenge awaited",
    reason: "unexpected_frame",
    bytes: () => frame(Kind.refuse),
  },
  {
    name: "our proof, reflected as a welcome",
    state: "dialing: welcome awaited",
    reason: "bad_welcome",
    bytes: reflected(Kind.welcome),
  },
  {
    name: "a welcome, replayed",
    state: "dialing: welcome awaited",
    reason: "bad_welcome",
    bytes: () => frame(Kind.welcome, new Uint8Array(32).fill(9)),
  },
  {
    name: "an empty welcome",
    state: "dialing: welcome awaited",
    reason: "bad_welcome",
    bytes: () => frame(Kind.welcome),
  },
  ...(["hello", "challenge", "proof", "welcome", "refuse"] as const).flatMap((kind) =>
    onLinks(`a ${kind} on a link that is up`, "unexpected_frame", () => frame(Kind[kind], new Uint8Array(32))),
  ),
  ...onLinks("a list of 65535 without one", "bad_sync", () => frame(Kind.sync, count16(0xffff, [0]), SyncMethod.list)),
  ...onLinks("a want of 65535 without one", "bad_sync", () => frame(Kind.sync, count16(0xffff), SyncMethod.want)),
  ...onLinks("a report of 65535 without one", "bad_sync", () => frame(Kind.sync, count16(0xffff), SyncMethod.report)),
  ...onLinks("a snapshot of 2^32-1 bytes", "bad_sync", () =>
    frame(Kind.sync, join(TOPIC, VERSION, Uint8Array.from([0]), SIZE_2_32), SyncMethod.snapshot),
  ),
  ...onLinks("a route of 2^32-1 bytes", "bad_sync", () =>
    frame(Kind.sync, join(TOPIC, Uint8Array.from([0]), SIZE_2_32), SyncMethod.route),
  ),
  ...onLinks("a topic without a name", "bad_sync", () => frame(Kind.sync, Uint8Array.from([0]), SyncMethod.withdraw)),
  ...onLinks("a sync method that is not", "bad_sync", () => frame(Kind.sync, EMPTY, 999)),
  ...onLinks("a short ping", "bad_heartbeat", () => frame(Kind.ping, new Uint8Array(39))),
  ...onLinks("an empty pong", "bad_heartbeat", () => frame(Kind.pong)),
];
