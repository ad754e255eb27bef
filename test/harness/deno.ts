/**
 * What a test file imports as "#test" when it runs on Deno: the same names as bun.ts, on Deno.test.
 * Groups become a part of the name; hooks run around the tests of their group and of the groups in it.
 */

/// <reference lib="deno.window" />

import { expect } from "./expect.ts";

export { expect };

type Body = () => void | Promise<void>;

interface Group {
  readonly name: string;
  readonly above: Group | undefined;
  readonly before: Body[];
  readonly after: Body[];
}

/** As `bun test` has it without a flag. */
const TEST_MS_MAX = 60_000;

/** The group that a file is in before it opens one. */
const top: Group = { name: "", above: undefined, before: [], after: [] };
let current = top;

export function describe(name: string, body: () => void): void {
  const outer = current;
  current = { name, above: outer, before: [], after: [] };
  try {
    body();
  } finally {
    current = outer;
  }
}

export function beforeEach(body: Body): void {
  current.before.push(body);
}

export function afterEach(body: Body): void {
  current.after.push(body);
}

function add(name: string, body: Body, timeMaxMs: number = TEST_MS_MAX): void {
  const groups: Group[] = [];
  for (let group: Group | undefined = current; group !== undefined; group = group.above) groups.unshift(group);
  Deno.test({
    name: [...groups.map((group) => group.name), name].filter((part) => part !== "").join(" > "),
    // Bun does not look for what a test leaves behind, and a suite means the same on both.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      for (const group of groups) for (const hook of group.before) await hook();
      try {
        await within(timeMaxMs, body);
      } finally {
        for (const group of groups.toReversed()) for (const hook of group.after) await hook();
      }
    },
  });
}

async function within(timeMaxMs: number, body: Body): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`the test took more than ${timeMaxMs} ms`)), timeMaxMs);
  try {
    await Promise.race([body(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** One test per entry, given to it whole, or item by item when it is a list; `%s` in the name stands for an item. */
function each(entries: readonly unknown[]) {
  return (name: string, body: (...items: never[]) => void | Promise<void>): void => {
    for (const entry of entries) {
      const items = Array.isArray(entry) ? entry : [entry];
      let index = 0;
      add(
        name.replace(/%[sdpj]/g, () => String(items[index++])),
        () => body(...(items as never[])),
      );
    }
  };
}

export const test = Object.assign(add, { each });
