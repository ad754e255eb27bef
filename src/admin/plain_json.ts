/**
 * Plain data of modules as JSON, and back, with nothing lost. What JSON has no form for is an object with one key:
 *
 *   bytes                             {"$bytes": "00ff"}
 *   integers beyond 2^53              {"$integer": "9007199254740993"}
 *   numbers that are not finite       {"$number": "NaN"}, "Infinity", "-Infinity"
 *
 * A key of a module's own that begins with "$" gets one more.
 */

import { fromHex, toHex } from "#base/digest.ts";
import { faultOfJsonValue, type JsonFault } from "./json_value.ts";

const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 64n - 1n;

const TAGS: Readonly<
  Record<
    string,
    { readonly form: RegExp; readonly read: (text: string) => unknown; readonly allowed: string } | undefined
  >
> = {
  $bytes: { form: /^(?:[0-9a-f]{2})*$/, read: fromHex, allowed: "pairs of hex digits, 0-9 and a-f" },
  $integer: { form: /^-?[0-9]{1,20}$/, read: integerOf, allowed: "a whole number of 64 bits, in a text" },
  $number: { form: /^(?:NaN|-?Infinity)$/, read: Number, allowed: "NaN, Infinity or -Infinity" },
};

export function jsonOf(value: unknown): unknown {
  if (typeof value === "bigint") return { $integer: String(value) };
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (value instanceof Uint8Array) return { $bytes: toHex(value) };
  if (Array.isArray(value)) return value.map(jsonOf);
  return typeof value === "object" && value !== null ? jsonFieldsOf(value) : value;
}

export function jsonFieldsOf(fields: object): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [escaped(key), jsonOf(value)]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** What keeps parsed JSON from being plain data; at most one fault. */
export function faultOfPlainJson(value: unknown, path: readonly string[] = []): JsonFault | undefined {
  return faultOfJsonValue(value, path) ?? faultOfTags(value, path);
}

/** Of what has no fault. */
export function plainOf(json: unknown): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) return json.map(plainOf);
  const [[key, value] = ["", undefined]] = Object.entries(json);
  const tag = tagOf(key);
  return tag === undefined ? plainFieldsOf(json) : tag.read(String(value));
}

export function plainFieldsOf(fields: object): Record<string, unknown> {
  const entries = Object.entries(fields).map(([key, value]) => [key.replace(/^\$/, ""), plainOf(value)]);
  return Object.fromEntries(entries) as Record<string, unknown>;
}

function faultOfTags(value: unknown, path: readonly string[]): JsonFault | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const at = [...path, key];
    const tag = tagOf(key);
    if (key.startsWith("$") && !key.startsWith("$$")) {
      if (tag === undefined) return { path: at, message: "is not known here: a key that begins with $ is written $$" };
      if (Object.keys(value).length > 1) return { path: at, message: "must be the only key of its object" };
      if (typeof item !== "string" || !tag.form.test(item)) return { path: at, message: `must be ${tag.allowed}` };
      if (tag.read(item) === undefined) return { path: at, message: `must be ${tag.allowed}` };
      continue;
    }
    const fault = faultOfTags(item, at);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function tagOf(key: string) {
  return Object.hasOwn(TAGS, key) ? TAGS[key] : undefined;
}

/** A number where that is exact, as every reader of the data has it. Undefined: it has more than 64 bits. */
function integerOf(text: string): number | bigint | undefined {
  const integer = BigInt(text);
  if (integer < INTEGER_MIN || integer > INTEGER_MAX) return undefined;
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

function escaped(key: string): string {
  return key.startsWith("$") ? `$${key}` : key;
}
