import { describe, expect, test } from "#test";
import { runNode } from "../../src/run.ts";
import { PLAN, setup } from "./run_ground.ts";

describe("runNode: lets go of what it has taken", () => {
  test("when it is stopped, once, also when it is asked twice", async () => {
    const { runtime, notes } = setup({});
    const started = await runNode(PLAN, runtime);
    if (started.kind !== "ok") throw new Error(started.lines.join());
    await Promise.all([started.running.stop("asked"), started.running.stop("asked again")]);
    expect(notes).toEqual(["locked", "store closed", "released"]);
  });

  test("when the store cannot be closed", async () => {
    const { runtime, notes } = setup({ close: true });
    const started = await runNode(PLAN, runtime);
    if (started.kind !== "ok") throw new Error(started.lines.join());
    await started.running.stop("asked");
    expect(notes).toEqual(["locked", "store closed", "released"]);
  });

  test("when it cannot start, with one line that says why, also when the store cannot be closed either", async () => {
    for (const close of [false, true]) {
      const { runtime, notes } = setup({ begin: true, close });
      expect(await runNode(PLAN, runtime)).toEqual({
        kind: "failed",
        code: 1,
        lines: ["Cannot begin: the disk is on fire"],
      });
      expect(notes).toEqual(["locked", "store closed", "released"]);
    }
  });
});
