import { describe, expect, test } from "#test";
import { randomIndex, seededRandom } from "#base/random.ts";
import type { CallOutcome, PendingCall } from "#rpc/pending_calls.ts";
import { PENDING_MAX, PendingCalls } from "#rpc/pending_calls.ts";
import type { NodeKey } from "#wire/role.ts";
import { FakeClock, FakeLink, key } from "../mesh/harness.ts";

const TARGET = key("center:3");
const REPLY: CallOutcome = { kind: "reply", raw: false, body: new Uint8Array(0) };
const LOST: CallOutcome = { kind: "lost", sent: true, detail: "" };

function call(ended: string[], name: string, target: NodeKey = TARGET): PendingCall {
  return { target, link: undefined, position: 0, settle: (outcome) => ended.push(`${name} ${outcome.kind}`) };
}

describe("PendingCalls", () => {
  test("a call is found by its id until it ends, and ends once", () => {
    const pending = new PendingCalls(new FakeClock());
    const ended: string[] = [];
    const one = call(ended, "one");
    const id = pending.add(one, 1000) ?? 0;
    expect(pending.get(id)).toBe(one);
    expect(pending.count).toEqual(1);
    pending.end(id, REPLY);
    pending.end(id, LOST);
    expect(ended).toEqual(["one reply"]);
    expect(pending.get(id)).toEqual(undefined);
    expect(pending.count).toEqual(0);
  });

  test("a deadline ends it, and not once more", () => {
    const clock = new FakeClock();
    const pending = new PendingCalls(clock);
    const ended: string[] = [];
    const id = pending.add(call(ended, "one"), 50) ?? 0;
    const other = pending.add(call(ended, "two"), 90) ?? 0;
    clock.advance(60);
    expect(ended).toEqual(["one deadline"]);
    pending.end(id, REPLY);
    pending.end(other, REPLY);
    clock.advance(100);
    expect(ended).toEqual(["one deadline", "two reply"]);
  });

  test("ids are never 0 and are unsigned", () => {
    const pending = new PendingCalls(new FakeClock());
    for (let turn = 0; turn < 70_000; turn += 1) {
      const id = pending.add(call([], ""), 1000) ?? -1;
      if (id <= 0 || id > 0xffff_ffff || !Number.isInteger(id)) throw new RangeError(`the id is ${id}`);
      pending.end(id, REPLY);
    }
    expect(pending.count).toEqual(0);
  });

  test("an id comes back only after millions of calls, however few are under way at once", () => {
    const pending = new PendingCalls(new FakeClock());
    const first = pending.add(call([], ""), 1000) ?? 0;
    pending.end(first, REPLY);
    for (let turn = 0; turn < 300_000; turn += 1) {
      const id = pending.add(call([], ""), 1000) ?? 0;
      if (id === first) throw new RangeError(`id ${id} came back after ${turn} calls`);
      pending.end(id, REPLY);
    }
  });

  test("an id of the slot's call before, or of no slot, finds nothing and ends nothing", () => {
    const pending = new PendingCalls(new FakeClock());
    const ended: string[] = [];
    const ids = Array.from({ length: 64 }, (_, index) => pending.add(call(ended, `a${index}`), 1000) ?? 0);
    for (const id of ids) pending.end(id, REPLY);
    ended.length = 0;
    for (let index = 0; index < 64; index += 1) pending.add(call(ended, `b${index}`), 1000);
    for (const id of [...ids, 0, 0xffff_ffff, 0x0001_ffff]) {
      expect(pending.get(id)).toEqual(undefined);
      pending.end(id, LOST);
    }
    expect(ended).toEqual([]);
    expect(pending.count).toEqual(64);
  });

  test("grows to its bound, then refuses until one has ended", () => {
    const pending = new PendingCalls(new FakeClock());
    let endedCount = 0;
    const counting = (): PendingCall => ({
      target: TARGET,
      link: undefined,
      position: 0,
      settle: () => (endedCount += 1),
    });
    const ids = new Set<number>();
    for (let index = 0; index < PENDING_MAX; index += 1) ids.add(pending.add(counting(), 1000) ?? -1);
    expect(ids.size).toEqual(PENDING_MAX);
    expect(ids.has(-1)).toEqual(false);
    expect(pending.add(counting(), 1000)).toEqual(undefined);
    expect(pending.count).toEqual(PENDING_MAX);
    const [some = 0] = ids;
    pending.end(some, REPLY);
    expect(pending.add(counting(), 1000)).not.toEqual(undefined);
    expect(pending.add(counting(), 1000)).toEqual(undefined);
    pending.endWhere(() => LOST);
    expect([endedCount, pending.count]).toEqual([PENDING_MAX + 1, 0]);
  });

  test("growing loses no deadline", () => {
    const clock = new FakeClock();
    const pending = new PendingCalls(clock);
    const ended: string[] = [];
    for (let index = 0; index < 1000; index += 1) pending.add(call(ended, String(index)), 20 + index);
    clock.advance(20 + 1000 + 10);
    expect(ended.length).toEqual(1000);
    expect(new Set(ended).size).toEqual(1000);
    expect(pending.count).toEqual(0);
  });

  test("endWhere ends what matches and leaves the rest", () => {
    const clock = new FakeClock();
    const pending = new PendingCalls(clock);
    const ended: string[] = [];
    const link = new FakeLink("gateway:3", "above");
    const onLink = call(ended, "link");
    onLink.link = link;
    pending.add(onLink, 1000);
    pending.add(call(ended, "other", key("center:4")), 1000);
    pending.endWhere((one) => (one.link === link ? LOST : undefined));
    expect(ended).toEqual(["link lost"]);
    pending.endWhere((one) => (one.target === key("center:4") ? LOST : undefined));
    expect(ended).toEqual(["link lost", "other lost"]);
  });

  test("what a call does when it ends may end and add others", () => {
    const pending = new PendingCalls(new FakeClock());
    const ended: string[] = [];
    const second = pending.add(call(ended, "second"), 1000) ?? 0;
    const first: PendingCall = {
      ...call(ended, "first"),
      settle: () => {
        ended.push("first");
        pending.end(second, LOST);
        pending.add(call(ended, "third"), 1000);
      },
    };
    pending.add(first, 1000);
    pending.endWhere((one) => (one === first ? LOST : undefined));
    expect(ended).toEqual(["first", "second lost"]);
    expect(pending.count).toEqual(1);
  });

  test("every call ends exactly once, under random sequences", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const random = seededRandom(seed);
      const clock = new FakeClock();
      const pending = new PendingCalls(clock);
      const ends: number[] = [];
      const ids: number[] = [];
      for (let step = 0; step < 2000; step += 1) {
        const chance = random.unit();
        if (chance < 0.55) {
          const index = ids.length;
          const one: PendingCall = {
            target: key(`center:${1 + randomIndex(random, 3)}`),
            link: undefined,
            position: 0,
            settle: () => (ends[index] = (ends[index] ?? 0) + 1),
          };
          ends.push(0);
          ids.push(pending.add(one, clock.nowMs() + random.unit() * 500) ?? 0);
        } else if (chance < 0.85) {
          pending.end(ids[randomIndex(random, Math.max(1, ids.length))] ?? 0, REPLY);
        } else if (chance < 0.87) {
          const target = key(`center:${1 + randomIndex(random, 3)}`);
          pending.endWhere((one) => (one.target === target ? LOST : undefined));
        } else {
          clock.advance(random.unit() * 30);
        }
      }
      clock.advance(600);
      expect([seed, pending.count, new Set(ends)]).toEqual([seed, 0, new Set([1])]);
    }
  });
});
