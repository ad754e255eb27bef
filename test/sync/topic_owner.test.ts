import { describe, expect, test } from "#test";
import { BUMPS_MAX, BUMPS_WINDOW_MS, TopicOwner } from "#sync/topic_owner.ts";
import { EPOCH_JUMP_MAX } from "#wire/limits.ts";
import { version } from "./kit.ts";

const TOPIC = "activity/cross_center:1/boss";

function started(persisted: number): TopicOwner {
  const owner = new TopicOwner();
  owner.start(persisted);
  return owner;
}

describe("TopicOwner", () => {
  test("takes a new epoch at each start", () => {
    expect(new TopicOwner().start(0)).toBe(1);
    expect(new TopicOwner().start(41)).toBe(42);
    expect(started(41).epoch).toBe(42);
  });

  test("ignores what is not ahead", () => {
    const owner = started(1);
    expect(owner.judge(TOPIC, { held: version(2, 3), claims: [version(2, 3)] }, 0)).toEqual({ kind: "ignore" });
    expect(owner.judge(TOPIC, { held: version(2, 3), claims: [version(1, 9)] }, 0)).toEqual({ kind: "ignore" });
    expect(owner.epoch).toBe(2);
  });

  test("goes above a claim that is ahead", () => {
    const owner = started(0);
    expect(owner.judge(TOPIC, { held: version(1, 1), claims: [version(7, 3)] }, 0)).toEqual({ kind: "bump", epoch: 8 });
    expect(owner.epoch).toBe(8);
  });

  test("goes above a clash, also when only the pair shows it", () => {
    expect(started(0).judge(TOPIC, { held: version(1, 1, "x"), claims: [version(1, 1, "y")] }, 0)).toEqual({
      kind: "bump",
      epoch: 2,
    });
    const pair = [version(1, 1, "x"), version(1, 1, "y")];
    expect(started(0).judge(TOPIC, { held: version(1, 1, "x"), claims: pair }, 0)).toEqual({ kind: "bump", epoch: 2 });
  });

  test("does not go up again for a claim that the epoch under way is above", () => {
    const owner = started(0);
    const held = version(1, 1);
    expect(owner.judge(TOPIC, { held, claims: [version(7, 3)] }, 0).kind).toBe("bump");
    expect(owner.judge(TOPIC, { held, claims: [version(7, 3)] }, 1)).toEqual({ kind: "ignore" });
    expect(owner.judge(TOPIC, { held, claims: [version(7, 9)] }, 1)).toEqual({ kind: "ignore" });
    expect(owner.judge(TOPIC, { held, claims: [version(8, 1)] }, 1)).toEqual({ kind: "bump", epoch: 9 });
  });

  test("uses the epoch that it has when that is above the claim", () => {
    const owner = started(0);
    owner.judge(TOPIC, { held: version(1, 1), claims: [version(7, 3)] }, 0);
    const other = owner.judge("activity/cross_center:1/war", { held: version(1, 1), claims: [version(7, 1)] }, 0);
    expect(other).toEqual({ kind: "bump", epoch: 8 });
  });

  test("calls a topic that it does not have an orphan, and never publishes it", () => {
    const owner = started(0);
    expect(owner.judge(TOPIC, { held: undefined, claims: [version(3, 1)] }, 0)).toEqual({
      kind: "orphan",
      claim: version(3, 1),
    });
    expect(owner.epoch).toBe(1);
  });

  test("sees two owners at the fourth bump within a minute and stops", () => {
    const owner = started(0);
    for (let bump = 0; bump < BUMPS_MAX; bump += 1) {
      const held = version(owner.epoch, 1);
      expect(owner.judge(TOPIC, { held, claims: [version(owner.epoch, 2)] }, bump * 1000).kind).toBe("bump");
    }
    const claim = version(owner.epoch, 2);
    expect(owner.judge(TOPIC, { held: version(owner.epoch, 1), claims: [claim] }, BUMPS_WINDOW_MS - 1)).toEqual({
      kind: "two_owners",
      claim,
    });
    expect(owner.isHalted(TOPIC)).toBe(true);
    expect(owner.judge(TOPIC, { held: version(owner.epoch, 1), claims: [claim] }, 10 * BUMPS_WINDOW_MS).kind).toBe(
      "two_owners",
    );
    owner.resume(TOPIC);
    expect(owner.isHalted(TOPIC)).toBe(false);
    expect(owner.judge(TOPIC, { held: version(owner.epoch, 1), claims: [claim] }, 10 * BUMPS_WINDOW_MS).kind).toBe(
      "bump",
    );
  });

  test("counts bumps per topic and only those of the last minute", () => {
    const owner = started(0);
    for (let bump = 0; bump < 10; bump += 1) {
      const held = version(owner.epoch, 1);
      const verdict = owner.judge(
        TOPIC,
        { held, claims: [version(owner.epoch, 2)] },
        bump * (BUMPS_WINDOW_MS / BUMPS_MAX),
      );
      expect(verdict.kind).toBe("bump");
    }
    for (let index = 0; index < 10; index += 1) {
      const held = version(owner.epoch, 1);
      expect(
        owner.judge(`${TOPIC}${index}`, { held, claims: [version(owner.epoch, 2)] }, 10 * BUMPS_WINDOW_MS).kind,
      ).toBe("bump");
    }
  });

  test("does not follow a claim that jumps too far", () => {
    const owner = started(0);
    const at = version(1 + EPOCH_JUMP_MAX, 1);
    const over = version(2 + EPOCH_JUMP_MAX, 1);
    expect(owner.judge(TOPIC, { held: version(1, 1), claims: [over] }, 0)).toEqual({ kind: "epoch_jump", claim: over });
    expect(owner.judge(TOPIC, { held: version(1, 1), claims: [at] }, 0)).toEqual({
      kind: "bump",
      epoch: 2 + EPOCH_JUMP_MAX,
    });
    const last = version(0xffff_ffff, 1);
    expect(started(0xffff_fffe).judge(TOPIC, { held: version(1, 1), claims: [last] }, 0)).toEqual({
      kind: "epoch_jump",
      claim: last,
    });
  });
});
