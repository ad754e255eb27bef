/**
 * Packets between a player's client and its gateway: to bytes and back, for both directions. Pure.
 * Whatever the bytes are, decoding answers a packet, `ignored` or a typed fault, and never throws. Encoding throws
 * PacketError for a body that is not plain or too large, which comes from outside; of all other fields it trusts the types.
 */

import { unreachable } from "#base/assert.ts";
import { BodyError, packBody, unpackBody } from "#wire/body.ts";
import { METHOD_MAX, METHOD_TEAM_MIN } from "#wire/limits.ts";
import { PackedBody, joinPacket, packPacketBody } from "./client_body.ts";
import { FieldReader, describe } from "./client_fields.ts";
import type {
  ClientPacket,
  CloseCode,
  PacketBody,
  PacketFault,
  PacketIgnored,
  RequestErrorCode,
  Resume,
  ServerPacket,
  Welcome,
} from "./client_packets.ts";
import {
  CLOSE_CODES,
  DETAIL_LENGTH_MAX,
  NAME_LENGTH_MAX,
  PACKET_DOWN_SIZE_MAX,
  PACKET_TYPE_IGNORED_MIN,
  PACKET_TYPE_MAX,
  PACKET_UP_SIZE_MAX,
  PACKET_UP_SIZE_MAX_LOGIN,
  PLAYER_PROTOCOL,
  PacketType,
  REQUEST_ERROR_CODES,
  RESUME_TOKEN_LENGTH_MAX,
} from "./client_packets.ts";

/** A packet that can't be sent as it is. */
export class PacketError extends Error {
  override readonly name = "PacketError";
  readonly code: "INVALID" | "TOO_LARGE";

  constructor(code: "INVALID" | "TOO_LARGE", message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** Throws PacketError: a body that is not plain, or more than PACKET_UP_SIZE_MAX bytes (a hello: PACKET_UP_SIZE_MAX_LOGIN). */
export function encodeClientPacket(packet: ClientPacket): Uint8Array {
  const limit = packet.kind === "hello" ? PACKET_UP_SIZE_MAX_LOGIN : PACKET_UP_SIZE_MAX;
  return bounded(packet.kind, limit, () => packClientPacket(packet));
}

/** Throws PacketError: a body that is not plain, or more than PACKET_DOWN_SIZE_MAX bytes. */
export function encodeServerPacket(packet: ServerPacket): Uint8Array {
  return bounded(packet.kind, PACKET_DOWN_SIZE_MAX, () => packServerPacket(packet));
}

/** `sizeMax`: PACKET_UP_SIZE_MAX_LOGIN before the welcome, PACKET_UP_SIZE_MAX after it. */
export function decodeClientPacket(bytes: Uint8Array, sizeMax: number): ClientPacket | PacketIgnored | PacketFault {
  return decode(bytes, sizeMax, readClientPacket);
}

export function decodeServerPacket(bytes: Uint8Array): ServerPacket | PacketIgnored | PacketFault {
  return decode(bytes, PACKET_DOWN_SIZE_MAX, readServerPacket);
}

function packClientPacket(packet: ClientPacket): Uint8Array {
  switch (packet.kind) {
    case "hello": {
      const { resume } = packet;
      const back = resume === null ? null : [resume.session, resume.resumeToken, resume.ackedPush];
      return packBody([PacketType.hello, PLAYER_PROTOCOL, packet.token, back]);
    }
    case "request":
      return join([PacketType.request, packet.seq, packet.method], packet.body);
    case "ack":
      return packBody([PacketType.ack, packet.pushSeq]);
    case "ping":
      return packBody([PacketType.ping, packet.n]);
    case "bye":
      return packBody([PacketType.bye]);
    default:
      return unreachable(packet);
  }
}

function packServerPacket(packet: ServerPacket): Uint8Array {
  switch (packet.kind) {
    case "welcome": {
      const { session, player, resumeToken, resumed, serverMs, heartbeatMs, windowMs, answered } = packet.welcome;
      const info = { session, player, resumeToken, resumed, serverMs, heartbeatMs, windowMs, answered };
      return packBody([PacketType.welcome, info]);
    }
    case "queued":
      return packBody([PacketType.queued, packet.place, packet.estimateMs]);
    case "refuse":
      return packBody([PacketType.refuse, packet.code, cut(packet.detail), packet.retryMs]);
    case "reply":
      return join([PacketType.reply, packet.seq], packet.body);
    case "error":
      return packBody([PacketType.error, packet.seq, packet.code, cut(packet.detail), packet.executed]);
    case "push":
      return join([PacketType.push, packet.pushSeq, packet.type], packet.body);
    case "pong":
      return packBody([PacketType.pong, packet.n, packet.serverMs]);
    case "kicked":
      return packBody([PacketType.kicked, packet.code, cut(packet.detail)]);
    case "renew":
      return packBody([PacketType.renew, packet.resumeToken]);
    default:
      return unreachable(packet);
  }
}

function join(head: readonly unknown[], body: PacketBody): Uint8Array {
  return joinPacket(head, body instanceof PackedBody ? body : packPacketBody(body));
}

/** Not in the middle of a character of two units. */
function cut(detail: string): string {
  if (detail.length <= DETAIL_LENGTH_MAX) return detail;
  const last = detail.charCodeAt(DETAIL_LENGTH_MAX - 1);
  return detail.slice(0, last >= 0xd800 && last < 0xdc00 ? DETAIL_LENGTH_MAX - 1 : DETAIL_LENGTH_MAX);
}

function bounded(kind: string, limit: number, pack: () => Uint8Array): Uint8Array {
  try {
    const bytes = pack();
    if (bytes.length <= limit) return bytes;
    throw new PacketError("TOO_LARGE", `Cannot encode ${kind}: it is ${bytes.length} bytes, allowed is ${limit}`);
  } catch (error) {
    if (error instanceof BodyError) throw new PacketError("INVALID", `Cannot encode ${kind}: ${error.message}`, error);
    throw error;
  }
}

function decode<Packet>(
  bytes: Uint8Array,
  sizeMax: number,
  read: (type: number, fields: readonly unknown[]) => Packet | PacketFault | undefined,
): Packet | PacketIgnored | PacketFault {
  if (bytes.length > sizeMax) return fault("too_large", `packet is ${bytes.length} bytes, allowed is ${sizeMax}`);
  let value: unknown;
  try {
    value = unpackBody(bytes);
  } catch (error) {
    return fault("bad_packet", error instanceof BodyError ? error.message : "Cannot decode body");
  }
  if (!Array.isArray(value)) return fault("bad_packet", `packet is ${describe(value)}, allowed is an array`);
  const type: unknown = value[0];
  if (typeof type !== "number" || !Number.isInteger(type) || type < 0 || type > PACKET_TYPE_MAX) {
    return fault(
      "bad_packet",
      `packet has ${describe(type)} as type, allowed is an integer from 0 to ${PACKET_TYPE_MAX}`,
    );
  }
  const packet = read(type, value);
  if (packet !== undefined) return packet;
  if (type >= PACKET_TYPE_IGNORED_MIN) return { kind: "ignored", type };
  return fault("bad_packet", `packet has ${type} as type, which does not go this way`);
}

function fault(code: PacketFault["code"], detail: string): PacketFault {
  return { kind: "fault", code, detail };
}

/** The packet unless its fields are at fault. */
function checked<Packet>(reader: FieldReader, packet: Packet): Packet | PacketFault {
  return reader.fault === undefined ? packet : fault("bad_packet", reader.fault);
}

function readClientPacket(type: number, fields: readonly unknown[]): ClientPacket | PacketFault | undefined {
  switch (type) {
    case PacketType.hello: {
      // Of another protocol nothing but the number is known.
      if (Number.isInteger(fields[1]) && fields[1] !== PLAYER_PROTOCOL) {
        return fault("unsupported_protocol", `hello has protocol ${String(fields[1])}, allowed is ${PLAYER_PROTOCOL}`);
      }
      const reader = new FieldReader("hello", fields);
      reader.integer("protocol", { min: PLAYER_PROTOCOL, max: PLAYER_PROTOCOL });
      const token = reader.text("token", { max: PACKET_UP_SIZE_MAX_LOGIN });
      return checked(reader, { kind: "hello", token, resume: readResume(reader, fields[3]) });
    }
    case PacketType.request: {
      const reader = new FieldReader("request", fields);
      const seq = reader.integer("seq", { min: 1 });
      const method = reader.integer("method", { min: METHOD_TEAM_MIN, max: METHOD_MAX });
      return checked(reader, { kind: "request", seq, method, body: reader.any("body") });
    }
    case PacketType.ack: {
      const reader = new FieldReader("ack", fields);
      return checked(reader, { kind: "ack", pushSeq: reader.integer("pushSeq") });
    }
    case PacketType.ping: {
      const reader = new FieldReader("ping", fields);
      return checked(reader, { kind: "ping", n: reader.integer("n") });
    }
    case PacketType.bye:
      return checked(new FieldReader("bye", fields), { kind: "bye" });
    default:
      return undefined;
  }
}

function readResume(reader: FieldReader, value: unknown): Resume | null {
  if (value === null) {
    reader.any("resume");
    return null;
  }
  const inner = new FieldReader("resume of hello", [PacketType.hello, ...reader.list("resume")]);
  const session = inner.text("session", { max: NAME_LENGTH_MAX });
  const resumeToken = inner.text("resumeToken", { max: RESUME_TOKEN_LENGTH_MAX });
  const ackedPush = inner.integer("ackedPush");
  reader.take(inner.fault);
  return { session, resumeToken, ackedPush };
}

function readServerPacket(type: number, fields: readonly unknown[]): ServerPacket | PacketFault | undefined {
  switch (type) {
    case PacketType.welcome: {
      const reader = new FieldReader("welcome", fields);
      const welcome = readWelcome(reader, reader.record("info"));
      return checked(reader, { kind: "welcome", welcome });
    }
    case PacketType.queued: {
      const reader = new FieldReader("queued", fields);
      return checked(reader, {
        kind: "queued",
        place: reader.integer("place"),
        estimateMs: reader.integer("estimateMs"),
      });
    }
    case PacketType.refuse: {
      const reader = new FieldReader("refuse", fields);
      const code = readCloseCode(reader);
      const detail = readDetail(reader);
      return checked(reader, { kind: "refuse", code, detail, retryMs: reader.integerOrNull("retryMs") });
    }
    case PacketType.reply: {
      const reader = new FieldReader("reply", fields);
      return checked(reader, { kind: "reply", seq: reader.integer("seq", { min: 1 }), body: reader.any("body") });
    }
    case PacketType.error: {
      const reader = new FieldReader("error", fields);
      const seq = reader.integer("seq", { min: 1 });
      const name = reader.text("code", { max: NAME_LENGTH_MAX });
      const code: RequestErrorCode = REQUEST_ERROR_CODES.find((one) => one === name) ?? "FAILED";
      const detail = readDetail(reader);
      return checked(reader, { kind: "error", seq, code, detail, executed: reader.booleanOrNull("executed") });
    }
    case PacketType.push: {
      const reader = new FieldReader("push", fields);
      const pushSeq = reader.integer("pushSeq", { min: 1 });
      const name = reader.text("type", { max: NAME_LENGTH_MAX });
      return checked(reader, { kind: "push", pushSeq, type: name, body: reader.any("body") });
    }
    case PacketType.pong: {
      const reader = new FieldReader("pong", fields);
      const n = reader.integer("n");
      return checked(reader, {
        kind: "pong",
        n,
        serverMs: reader.integer("serverMs", { max: Number.MAX_SAFE_INTEGER }),
      });
    }
    case PacketType.kicked: {
      const reader = new FieldReader("kicked", fields);
      const code = readCloseCode(reader);
      return checked(reader, { kind: "kicked", code, detail: readDetail(reader) });
    }
    case PacketType.renew: {
      const reader = new FieldReader("renew", fields);
      return checked(reader, { kind: "renew", resumeToken: readResumeToken(reader) });
    }
    default:
      return undefined;
  }
}

/** Keys that a later release adds are passed over. */
function readWelcome(reader: FieldReader, info: Readonly<Record<string, unknown>>): Welcome {
  const { session, player, resumeToken, resumed, serverMs, heartbeatMs, windowMs, answered } = info;
  const values = [session, player, resumeToken, resumed, serverMs, heartbeatMs, windowMs, answered];
  const inner = new FieldReader("info of welcome", [PacketType.welcome, ...values]);
  const welcome = {
    session: inner.text("session", { max: NAME_LENGTH_MAX }),
    player: inner.text("player", { max: NAME_LENGTH_MAX }),
    resumeToken: readResumeToken(inner),
    resumed: inner.boolean("resumed"),
    serverMs: inner.integer("serverMs", { max: Number.MAX_SAFE_INTEGER }),
    heartbeatMs: inner.integer("heartbeatMs", { min: 1 }),
    windowMs: inner.integer("windowMs"),
    answered: inner.integer("answered"),
  };
  reader.take(inner.fault);
  return welcome;
}

function readResumeToken(reader: FieldReader): string {
  return reader.text("resumeToken", { max: RESUME_TOKEN_LENGTH_MAX });
}

function readCloseCode(reader: FieldReader): CloseCode {
  const name = reader.text("code", { max: NAME_LENGTH_MAX });
  return CLOSE_CODES.find((one) => one === name) ?? "internal";
}

function readDetail(reader: FieldReader): string {
  return reader.text("detail", { min: 0, max: DETAIL_LENGTH_MAX });
}
