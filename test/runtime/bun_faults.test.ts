import { describe, expect, test } from "#test";
import { join } from "node:path";
import { parseRecordLine } from "../../src/runtime/log_record.ts";

const CHILD = join(import.meta.dir, "faults_child.ts");

function start(kind: string): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  return Bun.spawn({ cmd: [process.execPath, CHILD, kind], stdin: "ignore", stdout: "pipe", stderr: "pipe" });
}

describe("endOnFaults", () => {
  for (const kind of ["exception", "rejection"]) {
    test(`an uncaught ${kind} is logged and ends the process with 70, also while the top level waits`, async () => {
      const child = start(kind);
      const lines = (await child.stdout.text()).trim().split("\n");
      expect(await child.exited).toBe(70);
      const [record] = lines.map(parseRecordLine);
      expect([record?.level, record?.phrase.includes(kind)]).toEqual(["error", true]);
      expect(String(record?.data["error"])).toContain("a bug");
    });
  }
});

describe("onStopSignals", () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    test(`hears ${signal}`, async () => {
      const child = start("wait");
      const reader = child.stdout.getReader();
      await reader.read();
      child.kill(signal);
      const { value } = await reader.read();
      expect(parseRecordLine(new TextDecoder().decode(value).trim())?.data).toEqual({ signal });
      expect(await child.exited).toBe(0);
    });
  }
});
