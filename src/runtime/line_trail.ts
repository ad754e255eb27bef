/**
 * Audit trail without a database: one JSON object per line, appended and synced before `record` resolves, in files of
 * about `segmentSizeMax` of which the newest `segmentsMax` are kept. Entries that come while a write is under way go
 * out together with the next.
 *
 *   audit-000000000001.jsonl    named after the number of its first entry; numbers have no gaps
 *
 * A line that a crash cut off is removed at the next start: nobody was told that it is kept.
 */

import { readdirSync, readFileSync, truncateSync } from "node:fs";
import { type FileHandle, open, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import { type AuditEntry, type Trail, TrailError } from "#admin/audit.ts";
import { messageOf } from "#base/log.ts";
import { AUDIT_PAGE_MAX, type AuditPage, type AuditRecord, auditText } from "#store/audit_log.ts";

const SEGMENT_SIZE_MAX = 4 * 1024 * 1024;
const SEGMENTS_MAX = 16;
/** Entries that wait for the disk; what comes beyond it is refused. */
const WAITING_MAX = 1024;
const NAME = /^audit-([0-9]{12})\.jsonl$/;

export interface LineTrailOptions {
  readonly segmentSizeMax?: number;
  readonly segmentsMax?: number;
}

interface Segment {
  readonly first: number;
  readonly path: string;
}

interface Waiting {
  readonly entry: AuditEntry;
  readonly kept: () => void;
  readonly failed: (error: Error) => void;
}

/** Throws TrailError. The folder exists, and no other process writes there. */
export function openLineTrail(folder: string, options: LineTrailOptions = {}): Trail {
  try {
    const segments = readdirSync(folder)
      .flatMap((name): Segment[] => {
        const first = NAME.exec(name)?.[1];
        return first === undefined ? [] : [{ first: Number(first), path: join(folder, name) }];
      })
      .toSorted((a, b) => a.first - b.first);
    const last = segments.at(-1);
    const end = last === undefined ? { size: 0, lineCount: 0 } : cutTorn(last.path);
    const next = (last?.first ?? 1) + end.lineCount;
    return new LineTrail({ folder, segments, size: end.size, next, ...options });
  } catch (error) {
    throw new TrailError(`Cannot open audit trail in ${folder}: ${messageOf(error)}`, { cause: error });
  }
}

/** Leaves whole lines only. */
function cutTorn(path: string): { readonly size: number; readonly lineCount: number } {
  const bytes = readFileSync(path);
  const size = bytes.lastIndexOf(0x0a) + 1;
  if (size < bytes.length) truncateSync(path, size);
  let lineCount = 0;
  for (let index = 0; index < size; index += 1) if (bytes[index] === 0x0a) lineCount += 1;
  return { size, lineCount };
}

class LineTrail implements Trail {
  readonly #folder: string;
  readonly #segmentSizeMax: number;
  readonly #segmentsMax: number;
  readonly #encoder = new TextEncoder();
  /** The oldest first; the last is the one that is written. */
  readonly #segments: Segment[];
  #size: number;
  #next: number;
  #file: FileHandle | undefined;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    options: LineTrailOptions & {
      readonly folder: string;
      readonly segments: Segment[];
      readonly size: number;
      readonly next: number;
    },
  ) {
    this.#folder = options.folder;
    this.#segmentSizeMax = options.segmentSizeMax ?? SEGMENT_SIZE_MAX;
    this.#segmentsMax = options.segmentsMax ?? SEGMENTS_MAX;
    this.#segments = options.segments;
    this.#size = options.size;
    this.#next = options.next;
  }

  record(entry: AuditEntry): Promise<void> {
    if (this.#isClosed) return Promise.reject(new TrailError("Cannot keep audit entry: the trail is closed"));
    if (this.#waiting.length >= WAITING_MAX) {
      return Promise.reject(new TrailError(`Cannot keep audit entry: ${WAITING_MAX} wait for the disk`));
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ entry, kept: resolve, failed: reject });
    this.#writing ??= this.#writeAll();
    return promise;
  }

  async page(options: {
    readonly before?: number | undefined;
    readonly limit?: number | undefined;
  }): Promise<AuditPage> {
    const limit = Math.max(1, Math.min(options.limit ?? AUDIT_PAGE_MAX, AUDIT_PAGE_MAX));
    const before = Math.min(options.before ?? Number.MAX_SAFE_INTEGER, this.#next);
    const records: AuditRecord[] = [];
    for (const segment of this.#segments.toReversed()) {
      if (segment.first >= before) continue;
      const text = await readFile(segment.path, "utf8").catch(goneIsEmpty);
      const lines = text.split("\n");
      for (let index = Math.min(lines.length, before - segment.first) - 1; index >= 0; index -= 1) {
        const record = parseLine(lines[index] ?? "", segment.first + index);
        if (record === undefined) continue;
        if (records.length === limit) return { records, next: records.at(-1)?.number };
        records.push(record);
      }
    }
    return { records, next: undefined };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }

  /** Never rejects: each entry hears of its own end. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#append(batch.map(({ entry }, index) => line(entry, this.#next + index)).join(""));
        this.#next += batch.length;
        for (const { kept } of batch) kept();
      } catch (error) {
        const failure = new TrailError(`Cannot keep audit entry: ${messageOf(error)}`, { cause: error });
        for (const { failed } of batch) failed(failure);
      }
    }
    this.#writing = undefined;
  }

  async #append(text: string): Promise<void> {
    const bytes = this.#encoder.encode(text);
    const file = await this.#fileFor(bytes.length);
    try {
      for (let at = 0; at < bytes.length;) {
        at += (await file.write(bytes, at, bytes.length - at, this.#size + at)).bytesWritten;
      }
      await file.datasync();
      this.#size += bytes.length;
    } catch (error) {
      // What is there of it must not become a part of the next line, nor be read.
      await file.truncate(this.#size).catch(() => undefined);
      throw error;
    }
  }

  async #fileFor(size: number): Promise<FileHandle> {
    const last = this.#segments.at(-1);
    const isFull = this.#size > 0 && this.#size + size > this.#segmentSizeMax;
    if (last !== undefined && !isFull) return (this.#file ??= await open(last.path, "r+"));
    const path = join(this.#folder, `audit-${String(this.#next).padStart(12, "0")}.jsonl`);
    const file = await open(path, "w+", 0o600);
    await syncFolder(this.#folder);
    await this.#file?.close();
    this.#file = file;
    this.#size = 0;
    if (last?.path !== path) this.#segments.push({ first: this.#next, path });
    for (const old of this.#segments.splice(0, Math.max(0, this.#segments.length - this.#segmentsMax))) {
      await unlink(old.path).catch(() => undefined);
    }
    return file;
  }
}

/** Or a crash could forget that the file was made. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function line(entry: AuditEntry, number: number): string {
  const { atMs, who, remote, verb, subject, outcome, why } = entry;
  const texts = { who, remote, verb, subject, outcome, why };
  const kept = Object.entries(texts).map(([name, text]) => [name, auditText(text)] as const);
  return `${JSON.stringify({ number, atMs: Math.trunc(atMs), ...Object.fromEntries(kept) })}\n`;
}

/** Undefined for a line that is no record: somebody has edited the file. */
function parseLine(text: string, number: number): AuditRecord | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== "object" || found === null) return undefined;
    // Entries of earlier releases have no reason.
    const { atMs, who, remote, verb, subject, outcome, why = "" } = found as Record<string, unknown>;
    if (typeof atMs !== "number") return undefined;
    const texts = { who, remote, verb, subject, outcome, why };
    if (!Object.values(texts).every((each) => typeof each === "string")) return undefined;
    return { number, atMs, ...(texts as Record<keyof typeof texts, string>) };
  } catch {
    return undefined;
  }
}

/** It was the oldest when the page began, and is no more. */
function goneIsEmpty(error: unknown): string {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
  throw error;
}
