/**
 * Bodies of sync frames; the header's method says which. They go over one link only.
 *
 *   1 list      flags u8 (0), count u16, then per entry: name text8, version        whole: replaces what was listed before
 *   2 snapshot  name text8, version, flags u8 (bit 0 tombstone), size u32, bytes
 *   3 want      count u16, then names text8
 *   4 report    count u16, then: name text8, reporterRole u16, reporterNumber u32, claims u8 (1 or 2), versions
 *   5 relist    empty: "what you said and what I heard differ, list again"
 *   6 route     name text8, hops u8 (links that it has come over before this one; 0: its owner says it), size u32, bytes:
 *               the last word of this link on a route topic
 *   7 withdraw  name text8
 *
 *   version     epoch u32, revision u32, hash 8
 *
 * Names have 1 to 128 bytes. Whatever is out of bounds, and bytes that are left over, make a body undefined; writing
 * such a message is a bug of the writer and fails an assertion.
 */

import { assert } from "#base/assert.ts";
import { toHex, fromHex } from "#base/digest.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { TOPICS_MAX, TOPIC_NAME_SIZE_MAX, TOPIC_SIZE_MAX } from "./limits.ts";
import type { NodeKey } from "./role.ts";
import { numberOfKey, roleNumberOfKey, wireKey } from "./role.ts";

export const SyncMethod = { list: 1, snapshot: 2, want: 3, report: 4, relist: 5, route: 6, withdraw: 7 } as const;

/** Version of a topic with the hash of its bytes: 16 hex digits. */
export interface Version {
  readonly epoch: number;
  readonly revision: number;
  readonly hash: string;
}

export interface ListEntry {
  readonly topic: string;
  readonly version: Version;
}

export interface Snapshot extends ListEntry {
  readonly tombstone: boolean;
  readonly bytes: Uint8Array;
}

/** "I hold this, and have seen this below me": one or two versions, two when their hashes clash. */
export interface Report {
  readonly topic: string;
  /** Who saw it first; the owner can ask it for the content. */
  readonly reporter: NodeKey;
  readonly claims: readonly Version[];
}

export type SyncMessage =
  | { readonly kind: "list"; readonly entries: readonly ListEntry[] }
  | { readonly kind: "snapshot"; readonly snapshot: Snapshot }
  | { readonly kind: "want"; readonly topics: readonly string[] }
  | { readonly kind: "report"; readonly reports: readonly Report[] }
  | { readonly kind: "relist" }
  | { readonly kind: "route"; readonly topic: string; readonly hops: number; readonly bytes: Uint8Array }
  | { readonly kind: "withdraw"; readonly topic: string };

const HASH_SIZE = 8;
/** Most of a route topic's bytes: what a frame holds. */
export const ROUTE_SIZE_MAX = 1000 * 1024;
/** Reports that one frame may carry; the rest waits for the next. */
export const REPORTS_PER_FRAME_MAX = 1024;
/** Versions in a report: the reporter's own, and one seen below it that clashes with it. */
const CLAIMS_MAX = 2;

function writeVersion(writer: ByteWriter, version: Version): void {
  writer.u32(version.epoch).u32(version.revision).fixed(fromHex(version.hash), HASH_SIZE);
}

function writeTopic(writer: ByteWriter, topic: string): void {
  const from = writer.size;
  writer.text8(topic);
  const size = writer.size - from - 1;
  assert(size >= 1 && size <= TOPIC_NAME_SIZE_MAX, "a topic name of 1 to TOPIC_NAME_SIZE_MAX bytes");
}

function readVersion(reader: ByteReader): Version {
  return { epoch: reader.u32(), revision: reader.u32(), hash: toHex(reader.bytes(HASH_SIZE)) };
}

export function encodeSync(message: SyncMessage): { readonly method: number; readonly body: Uint8Array } {
  const writer = new ByteWriter();
  switch (message.kind) {
    case "list":
      assert(message.entries.length <= TOPICS_MAX, "a list of at most TOPICS_MAX entries");
      writer.u8(0).u16(message.entries.length);
      for (const entry of message.entries) {
        writeTopic(writer, entry.topic);
        writeVersion(writer, entry.version);
      }
      break;
    case "snapshot":
      assert(message.snapshot.bytes.length <= TOPIC_SIZE_MAX, "a snapshot of at most TOPIC_SIZE_MAX bytes");
      writeTopic(writer, message.snapshot.topic);
      writeVersion(writer, message.snapshot.version);
      writer
        .u8(message.snapshot.tombstone ? 1 : 0)
        .u32(message.snapshot.bytes.length)
        .bytes(message.snapshot.bytes);
      break;
    case "want":
      assert(message.topics.length <= TOPICS_MAX, "at most TOPICS_MAX topics wanted at once");
      writer.u16(message.topics.length);
      for (const topic of message.topics) writeTopic(writer, topic);
      break;
    case "report":
      assert(message.reports.length <= REPORTS_PER_FRAME_MAX, "at most REPORTS_PER_FRAME_MAX reports");
      writer.u16(message.reports.length);
      for (const report of message.reports) {
        writeTopic(writer, report.topic);
        writer.u16(roleNumberOfKey(report.reporter)).u32(numberOfKey(report.reporter));
        assert(report.claims.length >= 1 && report.claims.length <= CLAIMS_MAX, "one or two claims");
        writer.u8(report.claims.length);
        for (const claim of report.claims) writeVersion(writer, claim);
      }
      break;
    case "relist":
      break;
    case "route":
      assert(message.bytes.length <= ROUTE_SIZE_MAX, "route news of at most ROUTE_SIZE_MAX bytes");
      writeTopic(writer, message.topic);
      writer.u8(message.hops).u32(message.bytes.length).bytes(message.bytes);
      break;
    case "withdraw":
      writeTopic(writer, message.topic);
      break;
  }
  return { method: SyncMethod[message.kind], body: writer.finish() };
}

/** Undefined when the body is not what the method says: the link closes with `bad_sync`. */
export function decodeSync(method: number, body: Uint8Array): SyncMessage | undefined {
  const reader = new ByteReader(body);
  const message = readMessage(method, reader);
  return reader.done ? message : undefined;
}

function readMessage(method: number, reader: ByteReader): SyncMessage | undefined {
  switch (method) {
    case SyncMethod.list: {
      reader.u8();
      const count = reader.u16();
      if (count > TOPICS_MAX) return undefined;
      return {
        kind: "list",
        entries: times(count, reader, () => ({ topic: readTopic(reader), version: readVersion(reader) })),
      };
    }
    case SyncMethod.snapshot: {
      const topic = readTopic(reader);
      const version = readVersion(reader);
      const tombstone = (reader.u8() & 1) !== 0;
      const size = reader.u32();
      if (size > TOPIC_SIZE_MAX) return undefined;
      return { kind: "snapshot", snapshot: { topic, version, tombstone, bytes: reader.bytes(size) } };
    }
    case SyncMethod.want: {
      const count = reader.u16();
      if (count > TOPICS_MAX) return undefined;
      return { kind: "want", topics: times(count, reader, () => readTopic(reader)) };
    }
    case SyncMethod.report: {
      const count = reader.u16();
      if (count > REPORTS_PER_FRAME_MAX) return undefined;
      return { kind: "report", reports: times(count, reader, () => readReport(reader)) };
    }
    case SyncMethod.relist:
      return { kind: "relist" };
    case SyncMethod.route: {
      const topic = readTopic(reader);
      const hops = reader.u8();
      const size = reader.u32();
      if (size > ROUTE_SIZE_MAX) return undefined;
      return { kind: "route", topic, hops, bytes: reader.bytes(size) };
    }
    case SyncMethod.withdraw:
      return { kind: "withdraw", topic: readTopic(reader) };
    default:
      return undefined;
  }
}

function readReport(reader: ByteReader): Report {
  const topic = readTopic(reader);
  const reporter = wireKey(reader.u16(), reader.u32());
  const count = reader.u8();
  if (count < 1 || count > CLAIMS_MAX) reader.fail();
  return { topic, reporter, claims: times(count, reader, () => readVersion(reader)) };
}

function readTopic(reader: ByteReader): string {
  const size = reader.u8();
  if (size < 1 || size > TOPIC_NAME_SIZE_MAX) reader.fail();
  return reader.text(size);
}

function times<T>(count: number, reader: ByteReader, read: () => T): T[] {
  const out: T[] = [];
  for (let index = 0; index < count && reader.ok; index += 1) out.push(read());
  return out;
}
