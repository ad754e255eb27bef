/**
 * Vectors of MessagePack bodies. A value that JSON has no word for is tagged: {"$bytes": hex}, {"$integer": decimal}.
 */

import { fromHex, toHex } from "#base/digest.ts";
import { packBody } from "#wire/body.ts";

export interface MessageBodyVector {
  readonly name: string;
  readonly body: string;
  /** Null with `refused`: the body must be refused. */
  readonly value: unknown;
  readonly refused: boolean;
  /** True when this is the shortest form, in which we write it too; longer ones must be taken all the same. */
  readonly written: boolean;
}

export function untag(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(untag);
  if (typeof value !== "object" || value === null) return value;
  if ("$bytes" in value) return fromHex(String(value.$bytes));
  if ("$integer" in value) return BigInt(String(value.$integer));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, untag(item)]));
}

export function messageBodyVectors(): readonly MessageBodyVector[] {
  const written = (name: string, value: unknown): MessageBodyVector => ({
    name,
    body: toHex(packBody(untag(value))),
    value,
    refused: false,
    written: true,
  });
  const taken = (name: string, body: string, value: unknown): MessageBodyVector => ({
    name,
    body,
    value,
    refused: false,
    written: false,
  });
  const refused = (name: string, body: string): MessageBodyVector => ({
    name,
    body,
    value: null,
    refused: true,
    written: false,
  });
  return [
    written("nothing but null", null),
    written("true and false", [true, false]),
    written("small integers", [0, 1, 127, -1, -32]),
    written(
      "integers at the edges of their forms",
      [128, 255, 256, 65_535, 65_536, 4_294_967_295, -33, -128, -129, -32_768, -32_769, -2_147_483_648],
    ),
    taken("integers beyond 32 bits", "93cf0000000100000000d3ffffffff7fffffffcf001fffffffffffff", [
      4_294_967_296,
      -2_147_483_649,
      Number.MAX_SAFE_INTEGER,
    ]),
    taken(
      "integers beyond 32 bits as float64",
      "92cb41f0000000000000cbc1e0000000200000",
      [4_294_967_296, -2_147_483_649],
    ),
    taken("integers that a double cannot hold", "93cf0020000000000001d30020000000000001cfffffffffffffffff", [
      { $integer: "9007199254740993" },
      { $integer: "9007199254740993" },
      { $integer: "18446744073709551615" },
    ]),
    written("fractions", [0.5, -1.25, 1e300]),
    written("text of every length form", ["", "跨服", "x".repeat(31), "x".repeat(32), "x".repeat(300)]),
    written("bytes", { $bytes: "00ff10" }),
    written("a request", { hitId: "h-1", player: "p-7", damage: 1200, marks: [1, 2, 3], none: null }),
    written("sixteen items, and sixteen keys", [
      Array.from({ length: 16 }, (_, index) => index),
      Object.fromEntries(Array.from({ length: 16 }, (_, index) => [`k${index}`, index])),
    ]),
    taken("an integer in a longer form than it needs", "cd0001", 1),
    taken("a float32", "ca3f000000", 0.5),
    taken("an integer as a float64", "cb4000000000000000", 2),
    taken("text, array and map in longer forms than they need", "df00000001db0000000161dd00000000", { a: [] }),
    refused("a value and one byte more", "c0c0"),
    refused("text that is cut", "a26100".slice(0, 4)),
    refused("an array that says 2^32-1 items", "ddffffffff"),
    refused("a key that is not text", "8101c0"),
    refused("an extension type", "d40100"),
    refused("a timestamp", "d6ff00000000"),
    refused("a token that MessagePack leaves unused", "c1"),
    refused("deeper than 32", `${"91".repeat(33)}c0`),
  ];
}
