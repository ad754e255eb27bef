/** Runs on Bun and on Deno. */

import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "#test";
import { type AuditEntry, type Trail, TrailError } from "#admin/audit.ts";
import { openLineTrail } from "#runtime/line_trail.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kuafu-trail-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const entry = (subject: string): AuditEntry => ({
  atMs: 1_700_000_000_000.7,
  who: "ann",
  remote: "127.0.0.1",
  verb: "activity.open",
  subject,
  outcome: "done",
  why: "",
});

async function fill(trail: Trail, count: number): Promise<void> {
  for (let index = 1; index <= count; index += 1) await trail.record(entry(`s${index}`));
}

async function numbers(
  trail: Trail,
  options: { readonly before?: number; readonly limit?: number } = {},
): Promise<readonly [readonly number[], number | undefined]> {
  const page = await trail.page(options);
  return [page.records.map(({ number }) => number), page.next];
}

describe("openLineTrail", () => {
  test("keeps entries, the newest first, with their numbers; times are whole", async () => {
    const trail = openLineTrail(folder);
    await fill(trail, 2);
    const { records, next } = await trail.page({});
    expect(records).toEqual([
      { ...entry("s2"), atMs: 1_700_000_000_000, number: 2 },
      { ...entry("s1"), atMs: 1_700_000_000_000, number: 1 },
    ]);
    expect(next).toBeUndefined();
    await trail.close();
  });

  test("is on disk when record resolves, and goes on where another life ended", async () => {
    const first = openLineTrail(folder);
    await fill(first, 3);
    // Not closed: a process that is killed closes nothing.
    const second = openLineTrail(folder);
    await second.record(entry("s4"));
    expect(await numbers(second)).toEqual([[4, 3, 2, 1], undefined]);
    await Promise.all([first.close(), second.close()]);
  });

  test("gives pages by number, across files, down to the oldest", async () => {
    const trail = openLineTrail(folder, { segmentSizeMax: 400 });
    await fill(trail, 10);
    expect(readdirSync(folder).length).toBeGreaterThan(3);
    expect(await numbers(trail, { limit: 4 })).toEqual([[10, 9, 8, 7], 7]);
    expect(await numbers(trail, { limit: 4, before: 7 })).toEqual([[6, 5, 4, 3], 3]);
    expect(await numbers(trail, { limit: 4, before: 3 })).toEqual([[2, 1], undefined]);
    expect(await numbers(trail, { before: 1 })).toEqual([[], undefined]);
    expect(await numbers(trail, { before: 99, limit: 1 })).toEqual([[10], 10]);
    await trail.close();
  });

  test("keeps the newest files only", async () => {
    const trail = openLineTrail(folder, { segmentSizeMax: 300, segmentsMax: 2 });
    await fill(trail, 20);
    expect(readdirSync(folder).length).toBe(2);
    const [kept] = await numbers(trail);
    expect(kept[0]).toBe(20);
    expect(kept.length).toBeLessThan(8);
    await trail.close();
    const again = openLineTrail(folder, { segmentSizeMax: 300, segmentsMax: 2 });
    await again.record(entry("s21"));
    expect((await numbers(again, { limit: 1 }))[0]).toEqual([21]);
    await again.close();
  });

  test("removes a line that a crash cut off, and numbers on without a gap", async () => {
    const trail = openLineTrail(folder);
    await fill(trail, 2);
    await trail.close();
    const path = join(folder, readdirSync(folder)[0] ?? "");
    appendFileSync(path, '{"number":3,"atMs":17');
    const again = openLineTrail(folder);
    await again.record(entry("after"));
    const { records } = await again.page({});
    expect(records.map(({ number, subject }) => [number, subject])).toEqual([
      [3, "after"],
      [2, "s2"],
      [1, "s1"],
    ]);
    expect(readFileSync(path, "utf8").split("\n").length).toBe(4);
    await again.close();
  });

  test("passes over a line that somebody has spoiled", async () => {
    const trail = openLineTrail(folder);
    await fill(trail, 3);
    await trail.close();
    const path = join(folder, readdirSync(folder)[0] ?? "");
    const lines = readFileSync(path, "utf8").split("\n");
    writeFileSync(path, lines.with(1, "spoiled").join("\n"));
    const again = openLineTrail(folder);
    expect(await numbers(again)).toEqual([[3, 1], undefined]);
    await again.close();
  });

  test("keeps what comes at once in order, and cuts long texts", async () => {
    const trail = openLineTrail(folder);
    const many = Array.from({ length: 50 }, (_, index) => entry(`${"x".repeat(1000)}${index}`));
    await Promise.all(many.map((each) => trail.record(each)));
    expect((await numbers(trail, { limit: 60 }))[0].length).toBe(50);
    expect((await trail.page({ limit: 1 })).records[0]?.subject.length).toBe(512);
    await trail.close();
  });

  test("refuses what comes while too much waits, and after it was closed", async () => {
    const trail = openLineTrail(folder);
    const all = await Promise.allSettled(Array.from({ length: 1100 }, (_, index) => trail.record(entry(`s${index}`))));
    const refused = all.filter((each) => each.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect((await numbers(trail, { limit: 1 }))[0]).toEqual([1100 - refused.length]);
    await trail.close();
    expect(await trail.record(entry("late")).catch((error: unknown) => error)).toBeInstanceOf(TrailError);
  });

  test("says what it cannot use", () => {
    expect(() => openLineTrail(join(folder, "absent"))).toThrow(TrailError);
  });
});
