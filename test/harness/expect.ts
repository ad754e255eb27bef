/**
 * `expect` for runtimes that have none: the matchers that the suites use, with the meaning that they have on Bun.
 * The list is explicit: a matcher that is not here fails the type check on Deno.
 */

import { equal, Matcher, matches } from "./equality.ts";

type AnyClass = abstract new (...args: never[]) => unknown;
/** A class, a part of the message, a pattern of it, or an error with the same message. */
type Thrown = AnyClass | string | RegExp | Error;

export interface Expectation {
  readonly not: Expectation;
  toBe(wanted: unknown): void;
  toEqual(wanted: unknown): void;
  toMatchObject(wanted: object): void;
  toContain(wanted: unknown): void;
  toContainEqual(wanted: unknown): void;
  toHaveLength(wanted: number): void;
  toMatch(wanted: RegExp | string): void;
  toStartWith(wanted: string): void;
  toEndWith(wanted: string): void;
  toBeDefined(): void;
  toBeUndefined(): void;
  toBeNull(): void;
  toBeInstanceOf(wanted: AnyClass): void;
  toBeGreaterThan(wanted: number | bigint): void;
  toBeGreaterThanOrEqual(wanted: number | bigint): void;
  toBeLessThan(wanted: number | bigint): void;
  toBeLessThanOrEqual(wanted: number | bigint): void;
  /** Without an argument: anything thrown. */
  toThrow(wanted?: Thrown): void;
  readonly resolves: AsyncExpectation;
  readonly rejects: AsyncExpectation;
}

export interface AsyncExpectation {
  toBe(wanted: unknown): Promise<void>;
  toEqual(wanted: unknown): Promise<void>;
  toMatchObject(wanted: object): Promise<void>;
  toBeInstanceOf(wanted: AnyClass): Promise<void>;
  toThrow(wanted?: Thrown): Promise<void>;
}

export class ExpectationError extends Error {
  override readonly name = "ExpectationError";
}

interface Judged {
  readonly holds: boolean;
  readonly wish: string;
  readonly wanted: unknown;
}

function expectation(found: unknown, isNot: boolean): Expectation {
  const judge = (holds: boolean, wish: string, wanted?: unknown): void => tell({ holds, wish, wanted }, found, isNot);
  const order = (wish: string, wanted: number | bigint, holds: (value: number | bigint) => boolean): void => {
    judge((typeof found === "number" || typeof found === "bigint") && holds(found), wish, wanted);
  };
  return {
    get not(): Expectation {
      return expectation(found, !isNot);
    },
    get resolves(): AsyncExpectation {
      return awaited(Promise.resolve(found), isNot);
    },
    get rejects(): AsyncExpectation {
      const rejected = Promise.resolve(found).then(
        (value) => {
          throw new ExpectationError(`wanted a rejection, found ${shown(value)}`);
        },
        (error: unknown) => error,
      );
      return awaited(rejected, isNot);
    },
    toBe: (wanted) => judge(Object.is(found, wanted), "to be", wanted),
    toEqual: (wanted) => judge(equal(found, wanted), "to equal", wanted),
    toMatchObject: (wanted) => judge(matches(found, wanted), "to match", wanted),
    toContain: (wanted) =>
      judge(
        contains(found, (each) => Object.is(each, wanted), wanted),
        "to contain",
        wanted,
      ),
    toContainEqual: (wanted) =>
      judge(
        contains(found, (each) => equal(each, wanted), wanted),
        "to contain",
        wanted,
      ),
    toHaveLength: (wanted) => judge(lengthOf(found) === wanted, "to have length", wanted),
    toMatch: (wanted) => judge(typeof found === "string" && found.search(wanted) >= 0, "to match", wanted),
    toStartWith: (wanted) => judge(typeof found === "string" && found.startsWith(wanted), "to start with", wanted),
    toEndWith: (wanted) => judge(typeof found === "string" && found.endsWith(wanted), "to end with", wanted),
    toBeDefined: () => judge(found !== undefined, "to be defined"),
    toBeUndefined: () => judge(found === undefined, "to be undefined"),
    toBeNull: () => judge(found === null, "to be null"),
    toBeInstanceOf: (wanted) => judge(found instanceof wanted, "to be an instance of", wanted.name),
    toBeGreaterThan: (wanted) => order("to be greater than", wanted, (value) => value > wanted),
    toBeGreaterThanOrEqual: (wanted) => order("to be at least", wanted, (value) => value >= wanted),
    toBeLessThan: (wanted) => order("to be less than", wanted, (value) => value < wanted),
    toBeLessThanOrEqual: (wanted) => order("to be at most", wanted, (value) => value <= wanted),
    toThrow: (wanted) => {
      const thrown = outcomeOf(found);
      const holds = thrown.kind === "thrown" && isThrown(thrown.error, wanted);
      tell({ holds, wish: "to throw", wanted }, thrown.kind === "thrown" ? thrown.error : "nothing thrown", isNot);
    },
  };
}

/** Of a promise: what is said about its value. `toThrow` is said about a rejection. */
function awaited(value: Promise<unknown>, isNot: boolean): AsyncExpectation {
  const on = async (say: (about: Expectation) => void): Promise<void> => say(expectation(await value, isNot));
  return {
    toBe: (wanted) => on((about) => about.toBe(wanted)),
    toEqual: (wanted) => on((about) => about.toEqual(wanted)),
    toMatchObject: (wanted) => on((about) => about.toMatchObject(wanted)),
    toBeInstanceOf: (wanted) => on((about) => about.toBeInstanceOf(wanted)),
    toThrow: async (wanted) => {
      const error = await value;
      tell({ holds: isThrown(error, wanted), wish: "to throw", wanted }, error, isNot);
    },
  };
}

function tell(judged: Judged, found: unknown, isNot: boolean): void {
  if (judged.holds !== isNot) return;
  const wanted = judged.wanted === undefined ? "" : ` ${shown(judged.wanted)}`;
  throw new ExpectationError(`expected ${shown(found)} ${isNot ? "not " : ""}${judged.wish}${wanted}`);
}

function outcomeOf(
  call: unknown,
): { readonly kind: "returned" } | { readonly kind: "thrown"; readonly error: unknown } {
  if (typeof call !== "function") throw new ExpectationError(`wanted a function, found ${shown(call)}`);
  try {
    call();
    return { kind: "returned" };
  } catch (error) {
    return { kind: "thrown", error };
  }
}

function isThrown(error: unknown, wanted: Thrown | undefined): boolean {
  if (wanted === undefined) return true;
  if (typeof wanted === "function") return error instanceof wanted;
  const message = error instanceof Error ? error.message : String(error);
  if (wanted instanceof Error) return message === wanted.message;
  return typeof wanted === "string" ? message.includes(wanted) : wanted.test(message);
}

function contains(found: unknown, isIt: (each: unknown) => boolean, wanted: unknown): boolean {
  if (typeof found === "string") return typeof wanted === "string" && found.includes(wanted);
  if (typeof found !== "object" || found === null || !(Symbol.iterator in found)) return false;
  return Array.from(found as Iterable<unknown>).some(isIt);
}

function lengthOf(found: unknown): unknown {
  if (typeof found === "string") return found.length;
  return typeof found === "object" && found !== null && "length" in found ? found.length : undefined;
}

const SHOWN_MAX = 2_000;

function shown(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Matcher) return value.name;
  if (typeof value === "function") return value.name;
  const replace = (_name: string, each: unknown): unknown => {
    if (typeof each === "bigint") return `${each}n`;
    if (each === undefined) return "undefined";
    if (each instanceof Map) return [...each];
    if (each instanceof Set) return [...each];
    if (each instanceof Uint8Array) return [...each];
    return each instanceof Matcher ? each.name : each;
  };
  let text: string;
  try {
    text = JSON.stringify(value, replace) ?? String(value);
  } catch {
    text = String(value);
  }
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

export interface Expect {
  (found: unknown): Expectation;
  any(wanted: AnyClass): Matcher;
  objectContaining(wanted: object): Matcher;
  stringContaining(wanted: string): Matcher;
  stringMatching(wanted: RegExp): Matcher;
}

export const expect: Expect = Object.assign((found: unknown) => expectation(found, false), {
  any: (wanted: AnyClass) => new Matcher(`any ${wanted.name}`, (found) => isOfClass(found, wanted)),
  objectContaining: (wanted: object) =>
    new Matcher("an object containing", (found) => {
      if (typeof found !== "object" || found === null) return false;
      return Object.entries(wanted).every(([name, value]) => equal(Reflect.get(found, name), value));
    }),
  stringContaining: (wanted: string) =>
    new Matcher(`a text with ${wanted}`, (found) => typeof found === "string" && found.includes(wanted)),
  stringMatching: (wanted: RegExp) =>
    new Matcher(`a text like ${wanted}`, (found) => typeof found === "string" && wanted.test(found)),
});

function isOfClass(found: unknown, wanted: unknown): boolean {
  if (wanted === String) return typeof found === "string";
  if (wanted === Number) return typeof found === "number";
  if (wanted === Boolean) return typeof found === "boolean";
  return typeof wanted === "function" && found instanceof wanted;
}
