import { describe, expect, test } from "#test";
import { ReportSlots } from "#sync/report_slots.ts";
import { TOPICS_MAX } from "#wire/limits.ts";
import { node, version } from "./kit.ts";

const ONE = node("center", 1).key;
const TWO = node("center", 2).key;
const TOPIC = "activity/cross_center:1/boss";

describe("ReportSlots", () => {
  test("keeps the highest version and who reported it, whichever came first", () => {
    const up = new ReportSlots();
    up.add({ topic: TOPIC, reporter: ONE, claims: [version(1, 1)] });
    up.add({ topic: TOPIC, reporter: TWO, claims: [version(2, 1)] });
    const down = new ReportSlots();
    down.add({ topic: TOPIC, reporter: TWO, claims: [version(2, 1)] });
    down.add({ topic: TOPIC, reporter: ONE, claims: [version(1, 1)] });
    const wanted = [{ topic: TOPIC, reporter: TWO, claims: [version(2, 1)] }];
    expect(up.take(10)).toEqual(wanted);
    expect(down.take(10)).toEqual(wanted);
  });

  test("keeps two contents of one version, and no more than two", () => {
    const slots = new ReportSlots();
    for (const text of ["x", "y", "x", "z"]) slots.add({ topic: TOPIC, reporter: ONE, claims: [version(1, 1, text)] });
    expect(slots.take(10)).toEqual([{ topic: TOPIC, reporter: ONE, claims: [version(1, 1, "x"), version(1, 1, "y")] }]);
  });

  test("lets a pair pass whole, and a newer version end it", () => {
    const slots = new ReportSlots();
    const pair = [version(1, 1, "x"), version(1, 1, "y")];
    slots.add({ topic: TOPIC, reporter: ONE, claims: [version(1, 1, "x")] });
    slots.add({ topic: TOPIC, reporter: TWO, claims: pair });
    expect(slots.take(10)).toEqual([{ topic: TOPIC, reporter: ONE, claims: pair }]);
    slots.add({ topic: TOPIC, reporter: ONE, claims: pair });
    slots.add({ topic: TOPIC, reporter: TWO, claims: [version(1, 2, "z")] });
    expect(slots.take(10)).toEqual([{ topic: TOPIC, reporter: TWO, claims: [version(1, 2, "z")] }]);
  });

  test("gives away what it is asked for and keeps the rest", () => {
    const slots = new ReportSlots();
    for (const topic of ["a", "b", "c"]) slots.add({ topic, reporter: ONE, claims: [version(1, 1)] });
    expect(slots.take(2).map(({ topic }) => topic)).toEqual(["a", "b"]);
    expect([slots.size, slots.has("a"), slots.has("c")]).toEqual([1, false, true]);
  });

  test("has room for TOPICS_MAX topics", () => {
    const slots = new ReportSlots();
    for (let index = 0; index < TOPICS_MAX; index += 1)
      slots.add({ topic: `t${index}`, reporter: ONE, claims: [version(1, 1)] });
    expect(slots.add({ topic: "late", reporter: ONE, claims: [version(1, 1)] })).toBe(false);
    expect(slots.add({ topic: "t0", reporter: TWO, claims: [version(1, 2)] })).toBe(true);
    expect(slots.size).toBe(TOPICS_MAX);
  });
});
