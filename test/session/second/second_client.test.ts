/**
 * The players' packets in Python hold against the byte vectors. What its client does with a gateway is
 * test/cluster/second_client.test.ts.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { PYTHON, checkVectors } from "./python_client.ts";

const VECTORS = join(import.meta.dir, "../vectors/client.json");
const CHECKS_MIN = 190;

describe("Second client: vectors", () => {
  if (PYTHON === undefined) {
    test("is left out where there is no python3", () => {
      console.log("skip: there is no python3, so the second client was not held against the vectors");
      expect(Bun.which("python3")).toBeNull();
    });
    return;
  }

  test("reads every packet and stream, refuses the bad ones, and writes the good ones byte for byte", () => {
    const { code, output } = checkVectors(VECTORS);
    const found = /^([0-9]+) checks, 0 faults$/m.exec(output);
    expect({ code, output: found === null ? output : "good" }).toEqual({ code: 0, output: "good" });
    expect(Number(found?.[1])).toBeGreaterThan(CHECKS_MIN);
  });

  test("finds a fault when a vector is changed", () => {
    const folder = mkdtempSync(join(tmpdir(), "kuafu-client-"));
    try {
      const text = readFileSync(VECTORS, "utf8");
      const changes: readonly (readonly [string, string])[] = [
        ['"ackedPush": 300', '"ackedPush": 301'],
        ['"hex": "9203cc82"', '"hex": "9203cd0082"'],
        ['"fault": "unsupported_protocol"', '"fault": "bad_packet"'],
        ['"fault": "too_large"', '"fault": null'],
      ];
      for (const [from, to] of changes) {
        expect(text).toContain(from);
        const path = join(folder, "client.json");
        writeFileSync(path, text.replace(from, to));
        const { code, output } = checkVectors(path);
        expect({ from, code }).toEqual({ from, code: 1 });
        expect(output).toMatch(/checks, [1-9][0-9]* faults/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
