import { describe, expect, test } from "#test";
import { faultText } from "../../src/config/fault.ts";
import { parseKey, parseTokens } from "../../src/config/secrets.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

describe("parseKey", () => {
  test("reads 32 to 64 bytes as hexadecimal digits", () => {
    const result = parseKey(`${"0a".repeat(32)}\n`, "k");
    expect(result.kind === "ok" && [...result.key]).toEqual(Array.from({ length: 32 }, () => 10));
  });

  for (const text of ["", "0a".repeat(31), "0a".repeat(65), `${"0a".repeat(32)}0`, "zz".repeat(32)]) {
    test(`refuses ${text.length} characters like ${JSON.stringify(text.slice(0, 2))} without repeating them`, () => {
      const result = parseKey(text, "cluster.key");
      const line = result.kind === "fault" ? faultText(result.fault) : "";
      expect(line).toContain("allowed: 64 to 128 hexadecimal digits (openssl rand -hex 32)");
      expect(line).not.toContain("0a0a");
      expect(line).not.toContain("zz");
    });
  }
});

describe("parseTokens", () => {
  test("reads names, roles and tokens, and skips comments", () => {
    expect(parseTokens(`# ours\n\nann read ${TOKEN}\nbob\toperate  ${TOKEN}x\n`, "t") as unknown).toEqual({
      kind: "ok",
      tokens: [
        { name: "ann", role: "read", token: TOKEN },
        { name: "bob", role: "operate", token: `${TOKEN}x` },
      ],
    });
  });

  test("refuses each bad line by number and never repeats a token", () => {
    const result = parseTokens(
      `ann read\nbob admin ${TOKEN}\ncay read short\ndan read ${TOKEN}\neve read ${TOKEN}\n`,
      "t",
    );
    const lines = result.kind === "faults" ? result.faults.map(faultText) : [];
    expect(lines).toEqual([
      "t: line 1: found 2 words; allowed: a name, a role and a token",
      "t: line 2: found a role other than these on the line of bob; allowed: read or operate",
      't: line 3: found a token of 5 characters; allowed: 32 to 512 letters, digits, "_" or "-"',
      "t: line 5: found eve or its token a second time; allowed: each name and each token once",
    ]);
  });

  test("refuses a file without tokens", () => {
    expect(parseTokens("# nobody\n", "t").kind).toBe("faults");
  });
});
