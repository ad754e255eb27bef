import { describe, expect, test } from "#test";
import { addCounts, countCases, formatCounts, parseJunit } from "../../build/junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" failures="2" skipped="1">
  <testsuite name="test/a.test.ts" file="test/a.test.ts" tests="4">
    <testsuite name="Group" file="test/a.test.ts" line="2">
      <testcase name="ok" classname="Group" time="0.01" file="test/a.test.ts" line="3" assertions="0" />
      <testcase name="bad &lt;x&gt; &amp; &quot;y&quot;" classname="Group" time="0" file="test/a.test.ts">
        <failure type="AssertionError" message="short">AssertionError: expect&#10;  at line 4&#10;</failure>
      </testcase>
      <testcase name="left out" classname="Group" time="0" file="test/a.test.ts" line="5">
        <skipped />
      </testcase>
    </testsuite>
    <testcase name="slow" classname="" time="0.05" file="test/a.test.ts" line="6">
      <failure type="TimeoutError" message="test timed out" />
    </testcase>
  </testsuite>
</testsuites>`;

describe("parseJunit()", () => {
  test("reads names, outcomes and messages", () => {
    const file = "test/a.test.ts";
    expect(parseJunit(REPORT)).toEqual([
      { file, name: "Group > ok", outcome: "passed", message: "" },
      {
        file,
        name: 'Group > bad <x> & "y"',
        outcome: "failed",
        message: "AssertionError: expect\n  at line 4",
      },
      { file, name: "Group > left out", outcome: "skipped", message: "" },
      { file, name: "slow", outcome: "failed", message: "TimeoutError: test timed out" },
    ]);
  });

  test("finds nothing in an empty report", () => {
    expect(parseJunit("")).toEqual([]);
  });
});

test("countCases() and addCounts() add up", () => {
  const counts = countCases(parseJunit(REPORT));
  expect(counts).toEqual({ passed: 1, failed: 2, skipped: 1 });
  expect(addCounts(counts, counts)).toEqual({ passed: 2, failed: 4, skipped: 2 });
});

test("formatCounts() names skipped tests only if there are any", () => {
  expect(formatCounts({ passed: 3, failed: 0, skipped: 0 })).toBe("3 passed, 0 failed");
  expect(formatCounts({ passed: 3, failed: 1, skipped: 2 })).toBe("3 passed, 1 failed, 2 skipped");
});
