/**
 * Vectors of sync messages and heartbeats: bodies with their fields, and bodies that must be refused.
 */

import { fromHex, toHex } from "#base/digest.ts";
import { encodeHeartbeat } from "#wire/heartbeat.ts";
import { nodeKey, numberOfKey, roleNumberOfKey } from "#wire/role.ts";
import { encodeSync } from "#wire/sync_message.ts";
import type { SyncMessage, Version } from "#wire/sync_message.ts";

export interface HeartbeatVector {
  readonly name: string;
  readonly body: string;
  readonly trailing: string;
  readonly fields: {
    readonly sequence: number;
    readonly clusterMs: number;
    readonly echoMs: number;
    /** 16 hex digits. */
    readonly saidDigest: string;
    readonly appliedDigest: string;
  } | null;
}

export interface SyncVector {
  readonly name: string;
  readonly method: number;
  readonly body: string;
  /** Null: the body must be refused. */
  readonly message: unknown;
}

const BOSS = "activity/cross_center:1/world_boss";
const first: Version = { epoch: 1, revision: 1, hash: "0123456789abcdef" };
const largest: Version = { epoch: 0xffff_ffff, revision: 0xffff_ffff, hash: "ffffffffffffffff" };

function messages(): readonly (readonly [string, SyncMessage])[] {
  return [
    ["list of nothing", { kind: "list", entries: [] }],
    ["list of one", { kind: "list", entries: [{ topic: BOSS, version: first }] }],
    [
      "list of two",
      {
        kind: "list",
        entries: [
          { topic: BOSS, version: first },
          { topic: "activity/cross_center:2/跨服", version: largest },
        ],
      },
    ],
    [
      "snapshot",
      {
        kind: "snapshot",
        snapshot: { topic: BOSS, version: first, tombstone: false, bytes: fromHex("81a5706861736581a46f70656e") },
      },
    ],
    [
      "snapshot that is a tombstone",
      { kind: "snapshot", snapshot: { topic: BOSS, version: largest, tombstone: true, bytes: fromHex("") } },
    ],
    ["want of two", { kind: "want", topics: [BOSS, "x"] }],
    [
      "report with one claim",
      { kind: "report", reports: [{ topic: BOSS, reporter: nodeKey("gateway", 3), claims: [first] }] },
    ],
    [
      "report with a clash, and another one",
      {
        kind: "report",
        reports: [
          { topic: BOSS, reporter: nodeKey("center", 3), claims: [first, { ...first, hash: "fedcba9876543210" }] },
          { topic: "x".repeat(128), reporter: nodeKey("cross_gateway", 1), claims: [largest] },
        ],
      },
    ],
    ["relist", { kind: "relist" }],
    ["route", { kind: "route", topic: "attached/gateway:3", hops: 0, bytes: fromHex("00ff") }],
    ["route over one peer hop", { kind: "route", topic: "attached/gateway:3", hops: 1, bytes: fromHex("") }],
    ["withdraw", { kind: "withdraw", topic: "attached/gateway:3" }],
  ];
}

/** As the files have it: bytes in hex, a reporter as role and number. */
export function plainMessage(message: SyncMessage): unknown {
  switch (message.kind) {
    case "snapshot":
      return { kind: "snapshot", snapshot: { ...message.snapshot, bytes: toHex(message.snapshot.bytes) } };
    case "route":
      return { ...message, bytes: toHex(message.bytes) };
    case "report":
      return {
        kind: "report",
        reports: message.reports.map(({ topic, reporter, claims }) => ({
          topic,
          reporterRole: roleNumberOfKey(reporter),
          reporterNumber: numberOfKey(reporter),
          claims,
        })),
      };
    default:
      return message;
  }
}

const VERSION = "00000001" + "00000002" + "0123456789abcdef";

export function syncVectors(): readonly SyncVector[] {
  const bad = (name: string, method: number, body: string): SyncVector => ({ name, method, body, message: null });
  return [
    ...messages().map(([name, message]): SyncVector => {
      const { method, body } = encodeSync(message);
      return { name, method, body: toHex(body), message: plainMessage(message) };
    }),
    {
      name: "list, flags that nobody knows are ignored",
      method: 1,
      body: "fe0000",
      message: { kind: "list", entries: [] },
    },
    bad("method 0", 0, ""),
    bad("method 8", 8, ""),
    bad("list that ends in its count", 1, "0000"),
    bad("list with one entry too few", 1, `0000020178${VERSION}`),
    bad("list with a byte too many", 1, `0000010178${VERSION}00`),
    bad("list of 4097", 1, `001001${`0178${VERSION}`.repeat(2)}`),
    bad("list with an empty name", 1, `00000100${VERSION}`),
    bad("list with a name of 129 bytes", 1, `00000181${"78".repeat(129)}${VERSION}`),
    bad("list with a name that is not UTF-8", 1, `00000101ff${VERSION}`),
    bad("snapshot that says more bytes than there are", 2, `0178${VERSION}000000000500`),
    bad("snapshot of more than 256 KiB", 2, `0178${VERSION}0000040001`),
    bad("want with a cut name", 3, "0001057878"),
    bad("report without a claim", 4, "00010178000100000003" + "00"),
    bad("report with three claims", 4, `0001017800010000000303${VERSION}${VERSION}${VERSION}`),
    bad("report of 1025", 4, `0401017800010000000301${VERSION}`),
    bad("relist with a body", 5, "00"),
    bad("route without its bytes", 6, "0178000000000100".slice(0, -2)),
    bad("route of more than 1,024,000 bytes", 6, "017800000fa001"),
    bad("withdraw of nothing", 7, "00"),
    bad("withdraw with a byte too many", 7, "017800"),
  ];
}

export function heartbeatVectors(): readonly HeartbeatVector[] {
  const beat = (name: string, fields: NonNullable<HeartbeatVector["fields"]>, trailing = ""): HeartbeatVector => {
    const body = encodeHeartbeat({
      ...fields,
      saidDigest: BigInt(`0x${fields.saidDigest}`),
      appliedDigest: BigInt(`0x${fields.appliedDigest}`),
    });
    return { name, body: toHex(body) + trailing, trailing, fields };
  };
  const zeros = "0000000000000000";
  const ping = beat("ping", {
    sequence: 1,
    clusterMs: 1_767_225_600_000,
    echoMs: 0,
    saidDigest: zeros,
    appliedDigest: zeros,
  });
  return [
    ping,
    beat("pong", {
      sequence: 1,
      clusterMs: 1_767_225_600_012,
      echoMs: 1_767_225_600_000,
      saidDigest: "0123456789abcdef",
      appliedDigest: "fedcba9876543210",
    }),
    beat("largest values", {
      sequence: 0xffff_ffff,
      clusterMs: Number.MAX_SAFE_INTEGER,
      echoMs: Number.MAX_SAFE_INTEGER,
      saidDigest: "ffffffffffffffff",
      appliedDigest: "ffffffffffffffff",
    }),
    beat(
      "ping with bytes of a later version",
      { sequence: 2, clusterMs: 0, echoMs: 0, saidDigest: zeros, appliedDigest: zeros },
      "0102",
    ),
    { name: "one byte short", body: ping.body.slice(0, -2), trailing: "", fields: null },
    { name: "empty", body: "", trailing: "", fields: null },
  ];
}
