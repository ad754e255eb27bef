/**
 * What a test file imports as "#test" when it runs on Bun.
 * The list is explicit: a name that another runtime's harness does not offer must not slip in.
 */

export { afterEach, beforeEach, describe, expect, test } from "bun:test";
