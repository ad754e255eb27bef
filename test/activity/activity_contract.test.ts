import { ActivityContract } from "#activity/activity_contract.ts";
import { describe, expect, test } from "#test";
import { safeParse } from "valibot";

describe("ActivityContract", () => {
  test("an answer that the release before has kept for a key is still one", () => {
    const value = {
      id: "boss",
      kind: "boss",
      owner: "cross_center:1",
      phase: "open",
      term: "0".repeat(32),
      termNumber: 1,
      openedAtMs: 1,
      phases: ["open", "closed"],
      schedule: { kind: "manual" },
      timing: { previewMs: 0, signupMs: 0, showMs: 0 },
      plan: [{ phase: "open", atMs: 1 }],
      config: { hp: 1 },
      version: "1.1.0123456789abcdef",
    };
    const parsed = safeParse(ActivityContract.verb.reply, { kind: "ok", value, changed: false });
    expect(parsed.issues).toBeUndefined();
    expect(parsed.output).toMatchObject({ value: { id: "boss", groups: { kind: "all" } } });
  });
});
