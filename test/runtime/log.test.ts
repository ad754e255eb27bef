import { describe, expect, test } from "#test";
import { relayChildLine } from "../../src/runtime/child_output.ts";
import { consolaSink, peopleLine } from "../../src/runtime/log_consola.ts";
import { jsonSink } from "../../src/runtime/log_json.ts";
import { type LogRecord, parseRecordLine, recordLine } from "../../src/runtime/log_record.ts";
import { recordLog } from "../../src/runtime/record_log.ts";

const AT_MS = Date.UTC(2026, 10, 23, 8, 30, 1, 5);

function linesOf(write: (log: ReturnType<typeof recordLog>) => void, least: "debug" | "info" = "info"): string[] {
  const lines: string[] = [];
  const sink = jsonSink((line) => lines.push(line));
  write(recordLog({ node: "center:3", sink, wallMs: () => AT_MS, least }));
  return lines;
}

function dataOf(data: Record<string, unknown>): unknown {
  const [line = ""] = linesOf((log) => log.info("x", data));
  return parseRecordLine(line)?.data;
}

describe("jsonSink", () => {
  test("writes one object per line: time, level, phrase, node, data", () => {
    expect(linesOf((log) => log.warn("link down", { peer: "gateway:3", sinceMs: 12 }))).toEqual([
      '{"time":"2026-11-23T08:30:01.005Z","level":"warn","phrase":"link down","node":"center:3","data":{"peer":"gateway:3","sinceMs":12}}',
    ]);
  });

  test("leaves out what is below its level", () => {
    expect(linesOf((log) => log.debug("x")).length).toBe(0);
    expect(linesOf((log) => log.debug("x"), "debug").length).toBe(1);
  });

  test("says what JSON cannot, on one line", () => {
    const circle: Record<string, unknown> = { name: "a\nb" };
    circle["self"] = circle;
    const twice = { x: 1 };
    expect(
      dataOf({ version: 2n ** 60n, bytes: new Uint8Array(3), circle, both: [twice, twice], none: undefined }),
    ).toEqual({
      version: "1152921504606846976",
      bytes: "3 bytes",
      circle: { name: "a\nb", self: "(a circle)" },
      both: [{ x: 1 }, { x: 1 }],
    });
    expect(dataOf({ map: new Map([["a", 1]]), set: new Set([1]) })).toEqual({ map: { a: 1 }, set: [1] });
    const error = dataOf({ error: new Error("broken", { cause: new Error("why") }) });
    expect(JSON.stringify(error)).toContain("broken");
    expect(JSON.stringify(error)).toContain("(cause: why)");
    expect(
      dataOf({
        get bad(): string {
          throw new Error("no");
        },
      }),
    ).toEqual({ unprintable: "Error: no" });
  });

  test("does not show values that are named like secrets", () => {
    expect(dataOf({ token: "t0p", deep: { clusterSecret: "t0p", Authorization: "t0p" }, tokenFile: "a/b" })).toEqual({
      token: "(not shown)",
      deep: { clusterSecret: "(not shown)", Authorization: "(not shown)" },
      tokenFile: "a/b",
    });
  });

  test("cuts a line that is too long, and it is JSON still", () => {
    const [line = ""] = linesOf((log) => log.info("x", { text: "a".repeat(100_000) }));
    expect(line.length).toBeLessThan(17_000);
    expect(parseRecordLine(line)?.phrase).toBe("x");
  });
});

describe("parseRecordLine", () => {
  test("reads back what recordLine wrote, and nothing else", () => {
    const record: LogRecord = { timeMs: AT_MS, level: "error", phrase: "p", node: "map:301", data: { a: [1] } };
    expect(parseRecordLine(recordLine(record))).toEqual(record);
    for (const line of [
      "",
      "text",
      "{",
      "{}",
      '{"level":"info"}',
      '{"time":"x","level":"info","phrase":"p","node":"n","data":{}}',
    ]) {
      expect(parseRecordLine(line)).toBe(undefined);
    }
  });
});

describe("consolaSink", () => {
  const record: LogRecord = {
    timeMs: AT_MS,
    level: "info",
    phrase: "link up",
    node: "center:3",
    data: { peer: "gateway:3", note: "two words", path: [] },
  };

  test("writes time, level, node, phrase and data", () => {
    expect(peopleLine(record, false)).toBe(
      '08:30:01.005 info  center:3        link up  peer=gateway:3 note="two words" path=[]',
    );
    const uncolored = ["2", "36", "0"].reduce(
      (line, color) => line.replaceAll(`\u001b[${color}m`, ""),
      peopleLine(record, true),
    );
    expect(uncolored).toBe(peopleLine(record, false));
    expect(peopleLine(record, true)).toContain("\u001b[36minfo \u001b[0m");
  });

  test("swallows no line that repeats, at no level", () => {
    const lines: string[] = [];
    const sink = consolaSink((line) => lines.push(line), { colors: false });
    for (const level of ["debug", "info", "warn", "error"] as const) {
      for (let count = 0; count < 20; count += 1) sink({ ...record, level });
    }
    expect(lines.length).toBe(80);
    expect(new Set(lines).size).toBe(4);
  });
});

describe("relayChildLine", () => {
  test("passes records on as they are and wraps other text", () => {
    const records: LogRecord[] = [];
    const relay = relayChildLine(
      (record) => records.push(record),
      () => AT_MS,
    );
    const own: LogRecord = { timeMs: 5, level: "info", phrase: "p", node: "map:301", data: {} };
    relay("map:301", recordLine(own));
    relay("map:301", "  at file.ts:3");
    relay("map:301", " ");
    expect(records).toEqual([
      own,
      { timeMs: AT_MS, level: "warn", phrase: "output", node: "map:301", data: { line: "  at file.ts:3" } },
    ]);
  });
});
