import { describe, expect, test } from "#test";
import { denoFiles, judgeDenoRun } from "../../build/deno.ts";

const PASSED = '<testcase name="one" classname="./test/harness/deno.ts"></testcase>';
const FAILED = '<testcase name="two" classname="./test/harness/deno.ts"><failure message="no"/></testcase>';
const RUN = { files: ["test/link/a.test.ts"], code: 0, timedOut: false, isPartial: false };
const RAN = "running 1 test from ./test/link/a.test.ts\n";

describe("denoFiles()", () => {
  const files = [
    "test/link/link.test.ts",
    "test/link/harness.ts",
    "test/deno/deno_lock.test.ts",
    "test/wire/second/join.test.ts",
    "test/admin/app.test.ts",
    "test/admin/mesh_port.test.ts",
    "test/store/audit_log.test.ts",
    "test/cluster/calls.test.ts",
  ];

  test("takes the suites that name no runtime, and Deno's own", () => {
    const wanted = ["test/admin/app.test.ts", "test/deno/deno_lock.test.ts", "test/link/link.test.ts"];
    expect(denoFiles(files, [])).toEqual(wanted);
    expect(denoFiles(files, ["test/link"])).toEqual(["test/link/link.test.ts"]);
  });
});

describe("judgeDenoRun()", () => {
  test("passes what the report says has passed", () => {
    const verdict = judgeDenoRun({ ...RUN, xml: PASSED, output: RAN });
    expect(verdict).toEqual({ counts: { passed: 1, failed: 0, skipped: 0 }, lines: [] });
  });

  test("gives a failure one line", () => {
    const verdict = judgeDenoRun({ ...RUN, xml: FAILED, output: RAN, code: 1 });
    expect(verdict).toEqual({ counts: { passed: 0, failed: 1, skipped: 0 }, lines: ["two: no"] });
  });

  test("fails a file in which nothing ran, as one that cannot be loaded", () => {
    for (const output of ["", "running 0 tests from ./test/link/a.test.ts\n"]) {
      const verdict = judgeDenoRun({ ...RUN, xml: PASSED, output, code: 1 });
      expect(verdict.lines).toEqual(["test/link/a.test.ts: no test in it was run"]);
      expect(verdict.counts.failed).toBe(1);
    }
  });

  test("fails a run that ended with an error or without a report", () => {
    expect(judgeDenoRun({ ...RUN, xml: PASSED, output: RAN, code: 1 }).counts.failed).toBe(1);
    expect(judgeDenoRun({ ...RUN, xml: "", output: "", code: 1 }).counts.failed).toBe(1);
    expect(judgeDenoRun({ ...RUN, xml: PASSED, output: RAN, timedOut: true }).counts.failed).toBe(1);
  });
});
