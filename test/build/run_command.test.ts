import { tmpdir } from "node:os";
import { describe, expect, test } from "#test";
import { cleanEnvironment, runCommand } from "../../build/run_command.ts";

const CAPTURE = { cwd: tmpdir(), output: "capture", timeLimitMs: 20_000 } as const;

test("cleanEnvironment() drops what changes a Bun executable", () => {
  expect(cleanEnvironment({ BUN_OPTIONS: "--smol", BUN_BE_BUN: "1", HOME: "/root", GONE: undefined })).toEqual({
    HOME: "/root",
  });
});

describe("runCommand()", () => {
  test("returns both outputs and the exit code", async () => {
    const result = await runCommand(["sh", "-c", "echo out; echo err >&2; exit 3"], CAPTURE);
    expect(result.code).toBe(3);
    expect(result.output.split("\n").toSorted()).toEqual(["", "err", "out"]);
    expect(result.timedOut).toBe(false);
  });

  test("adds to the environment of the child", async () => {
    const environment = { KUAFU_TEST: "yes" };
    const result = await runCommand(["sh", "-c", 'echo "$KUAFU_TEST"'], { ...CAPTURE, environment });
    expect(result.output).toBe("yes\n");
  });

  test("ends the whole process group at its time limit", async () => {
    const result = await runCommand(["sh", "-c", "sleep 60 & sleep 60"], { ...CAPTURE, timeLimitMs: 50 });
    expect(result.timedOut).toBe(true);
    expect(result.code).toBe(143);
  });

  test("does not wait for what a child left behind", async () => {
    const result = await runCommand(["sh", "-c", "sleep 60 & echo done"], CAPTURE);
    expect(result.output).toBe("done\n");
    expect(result.timedOut).toBe(false);
  });
});
