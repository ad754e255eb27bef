import { describe, expect, test } from "#test";
import { LineSplitter } from "../../src/runtime/line_splitter.ts";

function split(chunks: readonly Uint8Array[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((text) => lines.push(text));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("LineSplitter", () => {
  test("gives the same lines however the bytes are cut", () => {
    const whole = bytes("eins\n跨服\r\n\nlast");
    for (let cut = 0; cut <= whole.length; cut += 1) {
      expect(split([whole.subarray(0, cut), whole.subarray(cut)])).toEqual(["eins", "跨服", "", "last"]);
    }
    expect(split(Array.from(whole, (byte) => Uint8Array.of(byte)))).toEqual(["eins", "跨服", "", "last"]);
  });

  test("cuts a line that has no end", () => {
    const lines = split([bytes("a".repeat(100_000)), bytes("a".repeat(100_000)), bytes("\nb\n")]);
    expect(lines.map((line) => line.length)).toEqual([65_536, 65_536, 65_536, 3_392, 1]);
  });
});
