import { describe, expect, test } from "#test";
import { Alarms } from "#base/alarms.ts";
import { AssertionError, assert, unreachable } from "#base/assert.ts";
import { sleep } from "#base/clock.ts";
import { Counters } from "#base/counters.ts";
import { equalBytes, equalConstantTime, fromHex, prefix64, toHex } from "#base/digest.ts";
import { Emitter } from "#base/emitter.ts";
import { isLoggedAttempt, messageOf, withData } from "#base/log.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { FakeClock, recordingLog, settle } from "../mesh/harness.ts";

describe("messageOf", () => {
  test("is an error's message, else the value as text", () => {
    expect(messageOf(new TypeError("no"))).toEqual("no");
    expect(messageOf("no")).toEqual("no");
    expect(messageOf(undefined)).toEqual("undefined");
    expect(messageOf(Symbol("no"))).toEqual("Symbol(no)");
  });

  test("is a text for whatever can be thrown, and never throws itself", () => {
    const nameless: unknown = Object.create(null);
    const numbered = Object.assign(new Error("x"), { message: 5 });
    const trap = new Error("x");
    Object.defineProperty(trap, "message", {
      get: () => {
        throw new Error("again");
      },
    });
    const unspeakable = {
      toString: (): string => {
        throw new Error("again");
      },
    };
    expect([nameless, numbered, trap, unspeakable].map(messageOf)).toEqual([
      "a value that has no text",
      "5",
      "a value that has no text",
      "a value that has no text",
    ]);
  });
});

describe("isLoggedAttempt", () => {
  test("is true at powers of two", () => {
    const logged = Array.from({ length: 70 }, (_, attempt) => attempt - 1).filter(isLoggedAttempt);
    expect(logged).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });
});

describe("withData", () => {
  test("adds to every line; the line's own data wins", () => {
    const { log, lines } = recordingLog();
    const more = withData(log, { node: "a", seq: 1 });
    more.debug("one");
    more.info("two", { seq: 2 });
    more.warn("three", { extra: true });
    more.error("four");
    expect(lines).toEqual([
      { level: "debug", phrase: "one", data: { node: "a", seq: 1 } },
      { level: "info", phrase: "two", data: { node: "a", seq: 2 } },
      { level: "warn", phrase: "three", data: { node: "a", seq: 1, extra: true } },
      { level: "error", phrase: "four", data: { node: "a", seq: 1 } },
    ]);
  });
});

describe("Alarms", () => {
  test("is said once however often it is raised, keeps its time and takes the newest detail", () => {
    const clock = new FakeClock(100);
    const { log, lines } = recordingLog();
    const alarms = new Alarms({ clock, log });
    alarms.raise("orphan:a", { reports: 1 });
    clock.advance(50);
    alarms.raise("orphan:a", { reports: 2 });
    expect(alarms.all()).toEqual([{ name: "orphan:a", detail: { reports: 2 }, sinceMs: 100 }]);
    expect(lines).toEqual([{ level: "warn", phrase: "alarm raised", data: { alarm: "orphan:a", reports: 1 } }]);
  });

  test("is cleared once and can be raised anew", () => {
    const clock = new FakeClock(100);
    const { log, lines } = recordingLog();
    const alarms = new Alarms({ clock, log });
    alarms.clear("x");
    alarms.raise("x");
    alarms.clear("x");
    alarms.clear("x");
    expect([alarms.has("x"), alarms.all()]).toEqual([false, []]);
    clock.advance(1);
    alarms.raise("x");
    expect(alarms.all()[0]?.sinceMs).toEqual(101);
    expect(lines.map(({ phrase }) => phrase)).toEqual(["alarm raised", "alarm cleared", "alarm raised"]);
  });

  test("the oldest gives way beyond the bound", () => {
    const alarms = new Alarms({ clock: new FakeClock(), log: recordingLog().log });
    for (let index = 0; index < 300; index += 1) alarms.raise(`a${index}`);
    expect(alarms.all().length).toEqual(256);
    expect([alarms.has("a43"), alarms.has("a44"), alarms.has("a299")]).toEqual([false, true, true]);
  });
});

describe("Counters", () => {
  test("count by name and are listed by name", () => {
    const counters = new Counters();
    counters.add("b.two");
    counters.add("a.one", 5);
    counters.add("b.two");
    expect(Object.entries(counters.all())).toEqual([
      ["a.one", 5],
      ["b.two", 2],
    ]);
    expect([counters.get("b.two"), counters.get("c")]).toEqual([2, 0]);
  });

  test("names beyond the bound go to one counter, known ones go on", () => {
    const counters = new Counters();
    for (let index = 0; index < 600; index += 1) counters.add(`n${index}`, 2);
    counters.add("n0");
    expect(counters.get("base.counter_overflow")).toEqual(2 * (600 - 512));
    expect([counters.get("n0"), counters.get("n511"), counters.get("n512")]).toEqual([3, 2, 0]);
    expect(Object.keys(counters.all()).length).toEqual(513);
  });
});

describe("Emitter", () => {
  test("tells every listener in order, though one throws, and stops when told to", () => {
    const faults: unknown[] = [];
    const heard: string[] = [];
    const emitter = new Emitter<string>((error) => faults.push(messageOf(error)));
    emitter.on((event) => heard.push(`a ${event}`));
    emitter.on(() => {
      throw new Error("broken");
    });
    const off = emitter.on((event) => heard.push(`c ${event}`));
    emitter.emit("1");
    off();
    emitter.emit("2");
    expect(heard).toEqual(["a 1", "c 1", "a 2"]);
    expect(faults).toEqual(["broken", "broken"]);
  });

  test("a listener that is added while telling hears the next event first", () => {
    const heard: string[] = [];
    const emitter = new Emitter<string>(() => {});
    emitter.on((event) => {
      heard.push(event);
      if (event === "1") emitter.on((later) => heard.push(`late ${later}`));
    });
    emitter.emit("1");
    emitter.emit("2");
    expect(heard).toEqual(["1", "2", "late 2"]);
  });
});

describe("assert", () => {
  test("throws AssertionError with what was expected, and only then", () => {
    expect(() => assert(true, "fine")).not.toThrow();
    expect(() => assert(false, "one of one")).toThrow(new AssertionError("one of one"));
    expect(() => unreachable("x" as never)).toThrow("unreachable: x");
  });
});

describe("digest helpers", () => {
  test("hex goes there and back", () => {
    const bytes = Uint8Array.of(0, 1, 0x7f, 0x80, 0xff);
    expect(toHex(bytes)).toEqual("00017f80ff");
    expect(fromHex("00017f80ff")).toEqual(bytes);
    expect(toHex(new Uint8Array(0))).toEqual("");
  });

  test("bytes are equal when all of them are", () => {
    const cases: [number[], number[], boolean][] = [
      [[], [], true],
      [[1, 2], [1, 2], true],
      [[1, 2], [1, 3], false],
      [[2, 2], [1, 2], false],
      [[1], [1, 2], false],
    ];
    for (const [a, b, equal] of cases) {
      expect(equalBytes(Uint8Array.from(a), Uint8Array.from(b))).toEqual(equal);
      expect(equalConstantTime(Uint8Array.from(a), Uint8Array.from(b))).toEqual(equal);
    }
  });

  test("the prefix is the first eight bytes as one unsigned number", () => {
    expect(prefix64(Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 1, 99))).toEqual(0xff00_0000_0000_0001n);
    expect(prefix64(new Uint8Array(32))).toEqual(0n);
  });
});

describe("seededRandom", () => {
  test("says the same for the same seed, and another thing for another one", () => {
    const draw = (seed: number): string => toHex(seededRandom(seed).bytes(16));
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  test("is even enough to choose with", () => {
    const random = seededRandom(1);
    const counts = [0, 0, 0, 0, 0];
    for (let draw = 0; draw < 10_000; draw += 1) {
      const index = randomIndex(random, 5);
      counts[index] = (counts[index] ?? 0) + 1;
    }
    expect(counts.length).toEqual(5);
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });
});

describe("sleep", () => {
  test("resolves when its time has come and not before", async () => {
    const clock = new FakeClock();
    let awake = false;
    void sleep(clock, 50).then(() => (awake = true));
    clock.advance(49);
    await settle();
    expect(awake).toEqual(false);
    clock.advance(1);
    await settle();
    expect(awake).toEqual(true);
  });
});
