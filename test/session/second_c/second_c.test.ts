/**
 * The client in C that was written from docs/client.md and the vectors alone holds against the vectors, and its decoder against
 * bytes that are none. What it does with a gateway is test/cluster/second_client.test.ts.
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "#test";
import { CLIENT_VECTORS } from "../client_vectors.ts";
import { COMPILER, checkC } from "./c_client.ts";

const VECTORS = join(import.meta.dir, "../vectors/client.json");
const COMPILE_MS_MAX = 60_000;

describe("Second client in C", () => {
  if (COMPILER === undefined) {
    test("is left out where there is no compiler for it", () => {
      console.log("skip: there is no gcc or cc on Linux, so the client in C was not held against the vectors");
      expect(process.platform === "linux" ? (Bun.which("gcc") ?? Bun.which("cc")) : null).toBeNull();
    });
    return;
  }

  test(
    "reads every packet and stream, refuses the bad ones, and writes the good ones byte for byte",
    () => {
      const { code, output } = checkC("vectors", VECTORS);
      const count = CLIENT_VECTORS.packets.length + CLIENT_VECTORS.streams.length;
      const bad = output.split("\n").filter((line) => !line.startsWith("ok "));
      expect({ code, bad }).toEqual({ code: 0, bad: [`${count} vectors`, ""] });
    },
    COMPILE_MS_MAX,
  );

  test(
    "survives bytes that are no packet",
    () => {
      const { code, output } = checkC("selftest");
      expect(code === 0 ? "good" : output).toBe("good");
      const taken = /^ok: ([0-9]+) inputs \(100000 random\), ([0-9]+) packets taken\n$/.exec(output);
      expect(Number(taken?.[1])).toBeGreaterThan(150_000);
      // As many were packets after all: the decoder gets to its end.
      expect(Number(taken?.[2])).toBeGreaterThan(5_000);
    },
    COMPILE_MS_MAX,
  );

  test(
    "finds a fault when a vector is changed",
    () => {
      const folder = mkdtempSync(join(tmpdir(), "kuafu-client-"));
      try {
        const text = readFileSync(VECTORS, "utf8");
        const changed = join(folder, "client.json");
        for (const [from, to] of [
          ['"ackedPush": 300', '"ackedPush": 301'],
          ['"hex": "9203cc82"', '"hex": "9203cd0082"'],
          ['"fault": "unsupported_protocol"', '"fault": "bad_packet"'],
          ['"fault": "too_large"', '"fault": null'],
          ['"$integer": "9007199254740993"', '"$integer": "9007199254740992"'],
        ] as const) {
          expect(text).toContain(from);
          writeFileSync(changed, text.replace(from, to));
          expect({ from, code: checkC("vectors", changed).code }).toEqual({ from, code: 1 });
        }
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    COMPILE_MS_MAX,
  );
});
