import { describe, expect, test } from "#test";
import { type GroupRun, judgeGroup, shorten, skipLines } from "../../build/report.ts";

const PASSED = '<testcase name="one" classname="" file="test/a.test.ts" />';
const FAILED = '<testcase name="two" classname="" file="test/b.test.ts"><failure message="no"/></testcase>';

function run(changes: Partial<GroupRun>): GroupRun {
  return { files: ["test/a.test.ts"], xml: PASSED, code: 0, timedOut: false, isPartial: false, ...changes };
}

describe("judgeGroup()", () => {
  test("passes what the report says has passed", () => {
    expect(judgeGroup(run({}))).toEqual({ counts: { passed: 1, failed: 0, skipped: 0 }, lines: [] });
  });

  test("gives a failure one line", () => {
    const verdict = judgeGroup(run({ files: ["test/b.test.ts"], xml: FAILED, code: 1 }));
    expect(verdict).toEqual({
      counts: { passed: 0, failed: 1, skipped: 0 },
      lines: ["test/b.test.ts: two: no"],
    });
  });

  test("fails a file of which the report knows nothing", () => {
    const verdict = judgeGroup(run({ files: ["test/a.test.ts", "test/c.test.ts"], code: 1 }));
    expect(verdict.lines).toEqual(["test/c.test.ts: no test in it was run"]);
    expect(verdict.counts.failed).toBe(1);
  });

  test("does not miss such a file when tests were chosen by name", () => {
    const files = ["test/a.test.ts", "test/c.test.ts"];
    expect(judgeGroup(run({ files, isPartial: true })).counts.failed).toBe(0);
  });

  test("fails a run that ends badly although every test passed", () => {
    expect(judgeGroup(run({ code: 1 })).counts).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  test("fails a run without a report, and one that was stopped", () => {
    expect(judgeGroup(run({ xml: "", code: 139 })).lines).toEqual(["bun test ended with code 139 and no report"]);
    expect(judgeGroup(run({ xml: "", code: 143, timedOut: true })).lines).toEqual(["stopped: the group took too long"]);
  });
});

test("shorten() keeps both ends", () => {
  const text = ["1", "2", "3", "4", "5", "6"].join("\n");
  expect(shorten(text, 6)).toBe(text);
  expect(shorten(text, 4)).toBe("1\n2\n... 2 lines left out ...\n5\n6");
});

test("skipLines() tells once what is left out, and how to have it", () => {
  const output =
    "bun test\n\nskip: no browser (Debian: apt-get install chromium)\r\n  skip: no python3\n(skip) a test\nskip: no python3\n";
  expect(skipLines(output)).toEqual(["skip: no browser (Debian: apt-get install chromium)", "skip: no python3"]);
  expect(skipLines("(skip) a test\nthey skip: nothing")).toEqual([]);
});
