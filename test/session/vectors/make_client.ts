/**
 * Makes the test vectors of the players' protocol: packets both ways, packets that must be refused, and byte streams
 * as they come over TCP. What JSON does not have is tagged: {"$bytes": hex}, {"$integer": text}.
 */

import { toHex } from "#base/digest.ts";
import { packBody } from "#wire/body.ts";
import { encodeClientPacket, encodeServerPacket } from "#session/client_codec.ts";
import type { ClientPacket, PacketFault, ServerPacket } from "#session/client_packets.ts";
import { prefixPacket } from "#session/packet_splitter.ts";
import { untag } from "../../wire/vectors/make_body.ts";

export interface PacketVector {
  readonly name: string;
  /** up: from the client to the server. */
  readonly way: "up" | "down";
  readonly hex: string;
  /** The value of the MessagePack array, or null where there is none. */
  readonly fields: unknown;
  /** What a reader makes of it; `ignored` for what is passed over. Null with `fault`. */
  readonly packet: unknown;
  /** The code with which it must be refused. */
  readonly fault: PacketFault["code"] | null;
  /** True when a writer writes exactly these bytes; others must be read all the same. */
  readonly written: boolean;
}

export interface ClientStreamVector {
  readonly name: string;
  readonly sizeMax: number;
  readonly stream: string;
  /** The packets that come before its end, or before the fault. */
  readonly packets: readonly string[];
  readonly fault: PacketFault["code"] | null;
}

export interface ClientVectors {
  readonly packets: readonly PacketVector[];
  readonly streams: readonly ClientStreamVector[];
}

const SESSION = "00112233445566778899aabbccddeeff";

/** Arrays within each other, the innermost is empty. */
const nested = (depth: number): unknown => (depth === 1 ? [] : [nested(depth - 1)]);
const PUSH_TYPE_LONGEST = "跨".repeat(126) + "😀";

const UP: readonly (readonly [string, unknown, ClientPacket])[] = [
  ["hello of a first login", [1, 1, "token-1", null], { kind: "hello", token: "token-1", resume: null }],
  [
    "hello that resumes",
    [1, 1, "token-1", [SESSION, "resume-7", 300]],
    { kind: "hello", token: "token-1", resume: { session: SESSION, resumeToken: "resume-7", ackedPush: 300 } },
  ],
  [
    "request",
    [2, 1, 2000, { hitId: "h-1", damage: 1200 }],
    { kind: "request", seq: 1, method: 2000, body: { hitId: "h-1", damage: 1200 } },
  ],
  [
    "request of the last number and method, with bytes",
    [2, 4_294_967_295, 65_535, { $bytes: "00ff10" }],
    { kind: "request", seq: 4_294_967_295, method: 65_535, body: { $bytes: "00ff10" } },
  ],
  ["request without a body", [2, 2, 1024, null], { kind: "request", seq: 2, method: 1024, body: null }],
  [
    "request with integers that no double holds",
    [2, 3, 2000, [{ $integer: "9007199254740993" }, { $integer: "-9223372036854775808" }]],
    {
      kind: "request",
      seq: 3,
      method: 2000,
      body: [{ $integer: "9007199254740993" }, { $integer: "-9223372036854775808" }],
    },
  ],
  [
    "request with a body of 31 containers within each other",
    [2, 5, 2000, nested(31)],
    { kind: "request", seq: 5, method: 2000, body: nested(31) },
  ],
  ["ack", [3, 130], { kind: "ack", pushSeq: 130 }],
  ["ping", [4, 9], { kind: "ping", n: 9 }],
  ["bye", [5], { kind: "bye" }],
];

const WELCOME = {
  session: SESSION,
  player: "跨服",
  resumeToken: "resume-8",
  resumed: true,
  serverMs: 1_763_000_000_000,
  heartbeatMs: 10_000,
  windowMs: 60_000,
  answered: 17,
};

const DOWN: readonly (readonly [string, unknown, ServerPacket])[] = [
  ["welcome", [16, WELCOME], { kind: "welcome", welcome: WELCOME }],
  ["queued", [17, 12, 30_000], { kind: "queued", place: 12, estimateMs: 30_000 }],
  [
    "refuse with a time to try again",
    [18, "full", "sessions are 5000, limit is 5000", 2000],
    { kind: "refuse", code: "full", detail: "sessions are 5000, limit is 5000", retryMs: 2000 },
  ],
  ["refuse for good", [18, "bad_token", "", null], { kind: "refuse", code: "bad_token", detail: "", retryMs: null }],
  ["reply", [19, 1, { rank: 3 }], { kind: "reply", seq: 1, body: { rank: 3 } }],
  [
    "error of a request that may have been executed",
    [20, 2, "DEADLINE", "no reply in 2000 ms", null],
    { kind: "error", seq: 2, code: "DEADLINE", detail: "no reply in 2000 ms", executed: null },
  ],
  [
    "error of a request that was not executed",
    [20, 3, "OVERLOADED", "", false],
    { kind: "error", seq: 3, code: "OVERLOADED", detail: "", executed: false },
  ],
  [
    "push",
    [21, 301, "boss_open", { term: "t-1" }],
    { kind: "push", pushSeq: 301, type: "boss_open", body: { term: "t-1" } },
  ],
  [
    "push with the longest type, in units of UTF-16",
    [21, 1, PUSH_TYPE_LONGEST, null],
    { kind: "push", pushSeq: 1, type: PUSH_TYPE_LONGEST, body: null },
  ],
  [
    "reply with the largest integer",
    [19, 2, { $integer: "18446744073709551615" }],
    { kind: "reply", seq: 2, body: { $integer: "18446744073709551615" } },
  ],
  ["pong", [22, 9, 1_763_000_000_250], { kind: "pong", n: 9, serverMs: 1_763_000_000_250 }],
  ["kicked", [23, "replaced", "a newer login"], { kind: "kicked", code: "replaced", detail: "a newer login" }],
  ["renew", [24, "resume-9"], { kind: "renew", resumeToken: "resume-9" }],
];

const TAKEN: readonly (readonly [string, PacketVector["way"], string, unknown, unknown])[] = [
  ["numbers in longer forms than they need", "up", "92cd0004cb4022000000000000", [4, 9], { kind: "ping", n: 9 }],
  ["a number as float32", "up", "9204ca41100000", [4, 9], { kind: "ping", n: 9 }],
  [
    "a key twice: the last counts",
    "down",
    "93130182a16101a16102",
    [19, 1, { a: 2 }],
    { kind: "reply", seq: 1, body: { a: 2 } },
  ],
  [
    "text that is no UTF-8: U+FFFD stands for it",
    "down",
    "931301a3412d9f",
    [19, 1, "A-\ufffd"],
    { kind: "reply", seq: 1, body: "A-\ufffd" },
  ],
  [
    "a time as u64",
    "down",
    "931609cf0000019a7afd1e00",
    [22, 9, 1_763_000_000_000],
    { kind: "pong", n: 9, serverMs: 1_763_000_000_000 },
  ],
  ["a type of a later release", "up", "924001", [64, 1], { kind: "ignored", type: 64 }],
  ["the last type of a later release", "down", "917f", [127], { kind: "ignored", type: 127 }],
];

const CODES_OF_LATER: readonly (readonly [string, unknown, unknown])[] = [
  ["a close code of a later release", [23, "asleep", ""], { kind: "kicked", code: "internal", detail: "" }],
  [
    "an error code of a later release",
    [20, 1, "ASLEEP", "", true],
    { kind: "error", seq: 1, code: "FAILED", detail: "", executed: true },
  ],
  [
    "a welcome with a key of a later release",
    [16, { ...WELCOME, weather: "rain" }],
    { kind: "welcome", welcome: WELCOME },
  ],
];

const REFUSED: readonly (readonly [string, PacketVector["way"], unknown, PacketFault["code"]])[] = [
  ["no array", "up", { type: 1 }, "bad_packet"],
  ["an empty array", "up", [], "bad_packet"],
  ["a type that is no number", "up", ["1"], "bad_packet"],
  ["an unknown type below 64", "up", [6], "bad_packet"],
  ["a type above 127", "up", [128], "bad_packet"],
  ["a packet of the other way", "up", [22, 1, 1], "bad_packet"],
  ["a packet of the other way, down", "down", [4, 1], "bad_packet"],
  ["hello of another protocol, whatever follows", "up", [1, 2, { any: "thing" }], "unsupported_protocol"],
  ["hello of a protocol below 0", "up", [1, -1, "token-1", null], "unsupported_protocol"],
  ["hello of a protocol that is no integer", "up", [1, "1", "token-1", null], "bad_packet"],
  ["hello without a token", "up", [1, 1, "", null], "bad_packet"],
  ["hello with a field too few", "up", [1, 1, "token-1"], "bad_packet"],
  ["hello with a field too many", "up", [1, 1, "token-1", null, 1], "bad_packet"],
  ["hello with a resume of two fields", "up", [1, 1, "token-1", [SESSION, "resume-7"]], "bad_packet"],
  ["hello with a resume of no session", "up", [1, 1, "token-1", ["", "resume-7", 300]], "bad_packet"],
  ["request of number 0", "up", [2, 0, 2000, null], "bad_packet"],
  ["request of a number over 32 bits", "up", [2, 4_294_967_296, 2000, null], "bad_packet"],
  ["request of half a number", "up", [2, 1.5, 2000, null], "bad_packet"],
  ["request of a method of the runtime", "up", [2, 1, 1023, null], "bad_packet"],
  ["request of a method over 16 bits", "up", [2, 1, 65_536, null], "bad_packet"],
  ["request without the field of its body", "up", [2, 1, 2000], "bad_packet"],
  ["ack below 0", "up", [3, -1], "bad_packet"],
  ["bye with a field", "up", [5, 1], "bad_packet"],
  ["welcome without a heartbeat", "down", [16, { ...WELCOME, heartbeatMs: 0 }], "bad_packet"],
  ["welcome without a player", "down", [16, { ...WELCOME, player: "" }], "bad_packet"],
  ["welcome without the key of its session", "down", [16, { ...WELCOME, session: undefined }], "bad_packet"],
  ["refuse with a code of 129 characters", "down", [18, "c".repeat(129), "", null], "bad_packet"],
  ["kicked with a detail of 1025 characters", "down", [23, "kicked", "d".repeat(1025)], "bad_packet"],
  ["renew without a token", "down", [24, ""], "bad_packet"],
  ["renew with a token of 257 characters", "down", [24, "t".repeat(257)], "bad_packet"],
  ["reply to number 0", "down", [19, 0, null], "bad_packet"],
  ["error of number 0", "down", [20, 0, "FAILED", "", null], "bad_packet"],
  ["error without a code", "down", [20, 1, "", "", null], "bad_packet"],
  ["error with an executed that is a number", "down", [20, 1, "FAILED", "", 0], "bad_packet"],
  ["push of number 0", "down", [21, 0, "boss_open", null], "bad_packet"],
  ["push without a type", "down", [21, 1, "", null], "bad_packet"],
  ["push with a type of 129 units", "down", [21, 1, `${PUSH_TYPE_LONGEST}a`, null], "bad_packet"],
  ["pong with a time over 2^53-1", "down", [22, 9, 9_007_199_254_740_992], "bad_packet"],
];

const BROKEN: readonly (readonly [string, PacketVector["way"], string])[] = [
  ["no bytes", "up", ""],
  ["a packet that is cut", "up", "9204"],
  ["bytes behind the packet", "up", "91052a"],
  ["an extension type", "up", "9204d40100"],
  ["an array that says 2^32-1 items", "up", "ddffffffff"],
  ["an extension type in a packet of a later release", "up", "9240d40100"],
  ["an empty array within 32 containers", "up", `940201cd07d0${"91".repeat(31)}90`],
  ["a body whose packet is deeper than 32", "up", `940201cd07d0${"91".repeat(32)}c0`],
];

function packetVectors(): PacketVector[] {
  const same = (
    way: PacketVector["way"],
    bytes: Uint8Array,
    rest: Omit<PacketVector, "way" | "hex">,
  ): PacketVector => ({
    name: rest.name,
    way,
    hex: toHex(bytes),
    fields: rest.fields,
    packet: rest.packet,
    fault: rest.fault,
    written: rest.written,
  });
  return [
    ...UP.map(([name, fields, packet]) =>
      same("up", encodeClientPacket(untag(packet) as ClientPacket), {
        name,
        fields,
        packet,
        fault: null,
        written: true,
      }),
    ),
    ...DOWN.map(([name, fields, packet]) =>
      same("down", encodeServerPacket(untag(packet) as ServerPacket), {
        name,
        fields,
        packet,
        fault: null,
        written: true,
      }),
    ),
    ...TAKEN.map(([name, way, hex, fields, packet]) => ({
      name,
      way,
      hex,
      fields,
      packet,
      fault: null,
      written: false,
    })),
    ...CODES_OF_LATER.map(([name, fields, packet]) =>
      same("down", packBody(fields), { name, fields, packet, fault: null, written: false }),
    ),
    ...REFUSED.map(([name, way, fields, fault]) =>
      same(way, packBody(fields), { name, fields, packet: null, fault, written: false }),
    ),
    ...BROKEN.map(([name, way, hex]) => ({
      name,
      way,
      hex,
      fields: null,
      packet: null,
      fault: "bad_packet" as const,
      written: false,
    })),
  ];
}

function streamVectors(): ClientStreamVector[] {
  const hello = encodeClientPacket({ kind: "hello", token: "token-1", resume: null });
  const ping = encodeClientPacket({ kind: "ping", n: 9 });
  const two = toHex(prefixPacket(hello)) + toHex(prefixPacket(ping));
  return [
    { name: "two packets", sizeMax: 4096, stream: two, packets: [toHex(hello), toHex(ping)], fault: null },
    {
      name: "a packet, and a second that is not all there",
      sizeMax: 4096,
      stream: two.slice(0, -2),
      packets: [toHex(hello)],
      fault: null,
    },
    {
      name: "a packet, and one that says 4097 bytes",
      sizeMax: 4096,
      stream: `${toHex(prefixPacket(ping))}00001001`,
      packets: [toHex(ping)],
      fault: "too_large",
    },
    { name: "a packet of no bytes", sizeMax: 4096, stream: "00000000", packets: [], fault: "bad_packet" },
  ];
}

export function clientVectors(): ClientVectors {
  return { packets: packetVectors(), streams: streamVectors() };
}
