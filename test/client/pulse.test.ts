import { describe, expect, test } from "#test";
import { Pulse } from "#client/pulse.ts";

describe("Pulse", () => {
  test("is dead at the second interval without a byte", () => {
    const pulse = new Pulse();
    pulse.start(1_000, 0);
    expect(pulse.tick(1_000)).toEqual({ kind: "ping", n: 1 });
    expect(pulse.tick(2_000)).toEqual({ kind: "ping", n: 2 });
    expect(pulse.tick(3_000)).toEqual({ kind: "dead" });
  });

  test("a late tick blames nobody", () => {
    const pulse = new Pulse();
    pulse.start(1_000, 0);
    pulse.tick(1_000);
    for (const nowMs of [9_000, 19_000, 29_000]) expect(pulse.tick(nowMs).kind).toBe("ping");
    expect(pulse.tick(30_000).kind).toBe("ping");
    expect(pulse.tick(31_000).kind).toBe("dead");
  });

  test("keeps the shortest round trip, and takes any after ten minutes", () => {
    const pulse = new Pulse();
    pulse.measure({ serverMs: 5_000, sentMs: 0, nowMs: 10 });
    pulse.measure({ serverMs: 9_000, sentMs: 0, nowMs: 20 });
    expect(pulse.serverMs(110)).toBe(5_105);
    pulse.measure({ serverMs: 700_000, sentMs: 600_000, nowMs: 600_020 });
    expect(pulse.serverMs(600_020)).toBe(700_010);
  });
});
