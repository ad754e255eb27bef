import { describe, expect, test } from "#test";
import type { LogData } from "../../src/base/log.ts";
import { peopleLine } from "../../src/runtime/log_consola.ts";
import { parseRecordLine, recordLine } from "../../src/runtime/log_record.ts";

const ESC = "\u001b";
const record = (data: unknown, phrase = "dial failed") => ({
  timeMs: 0,
  level: "info" as const,
  phrase,
  node: "center:1",
  data: data as LogData,
});

describe("log for people", () => {
  test("lets nobody else speak to the terminal: no control character of a value, a name or a phrase gets there", () => {
    const hostile = [`${ESC}[2J`, "\u009b2J", "a\u007fb", "\u202eevil", "one\ntwo", `${ESC}]0;title\u0007`];
    for (const text of hostile) {
      const line = peopleLine(record({ detail: text, [text]: 1 }, `phrase ${text}`), false);
      expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
    expect(peopleLine(record({ detail: `${ESC}[2J` }), false)).toEndWith('detail="\\u001b[2J"');
  });

  test("leaves names in any script as they are", () => {
    expect(peopleLine(record({ name: "跨服" }), false)).toEndWith("name=跨服");
  });
});

describe("recordLine: whatever a team's code has put into it", () => {
  test("is one line that can be read back", () => {
    const throwing = {
      get value(): never {
        throw Object.create(null);
      },
    };
    for (const data of [{ toJSON: () => undefined }, () => 1, undefined, null, 5, "text", throwing, Symbol("x"), []]) {
      const line = recordLine(record(data));
      expect(line).not.toContain("\n");
      expect(parseRecordLine(line)?.phrase).toBe("dial failed");
    }
  });
});
