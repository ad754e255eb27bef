import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { PYTHON, runPeer } from "./python.ts";

const VECTORS = new URL("../vectors", import.meta.url).pathname;
const CHECKS_MIN = 2000;

describe("second implementation: vectors", () => {
  if (PYTHON === undefined) {
    test("is left out where there is no python3", () => {
      console.log("skip: there is no python3, so the second implementation was not run");
      expect(Bun.which("python3")).toBeNull();
    });
    return;
  }

  test("reads every vector, and writes it again byte for byte", () => {
    const { code, output } = runPeer(["vectors", VECTORS]);
    console.log(`second implementation: ${output.trim()}`);
    const found = /^([0-9]+) checks, 0 faults$/m.exec(output);
    expect({ code, output: found === null ? output : "good" }).toEqual({ code: 0, output: "good" });
    expect(Number(found?.[1])).toBeGreaterThan(CHECKS_MIN);
  });

  test("finds a fault when a vector is changed", () => {
    const folder = mkdtempSync(join(tmpdir(), "kuafu-vectors-"));
    try {
      cpSync(VECTORS, folder, { recursive: true });
      const changes: readonly (readonly [string, string, string])[] = [
        ["frames.json", '"targetNumber": 3', '"targetNumber": 4'],
        ["handshake_transcripts.json", '"acceptKeyIndex": 1', '"acceptKeyIndex": 0'],
        ["sync.json", '"revision": 1', '"revision": 2'],
        ["digest.json", '"digest": "00', '"digest": "01'],
        ["bad_frames.json", '"bad_flags"', '"bad_kind"'],
      ];
      for (const [file, from, to] of changes) {
        const path = join(folder, file);
        const text = readFileSync(path, "utf8");
        expect(text).toContain(from);
        writeFileSync(path, text.replace(from, to));
        const { code, output } = runPeer(["vectors", folder]);
        expect(code).toBe(1);
        expect(output).toMatch(/checks, [1-9][0-9]* faults/);
        writeFileSync(path, text);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
