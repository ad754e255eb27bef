import { TOKENS_MAX, TOKEN_LENGTH_MAX, faultOfTokens } from "#admin/auth.ts";
import { describe, expect, test } from "#test";
import { parseTokens } from "../../src/config/secrets.ts";

function file(count: number, length: number): string {
  return Array.from({ length: count }, (_, index) => `op${index} read ${String(index).padStart(length, "t")}\n`).join(
    "",
  );
}

/** What the supervisor says of a file of tokens, and what a node says of those that it has read. */
function judged(text: string): [string, string | undefined] {
  const parsed = parseTokens(text, "tokens");
  if (parsed.kind === "faults") return ["refused", undefined];
  return ["ok", faultOfTokens(parsed.tokens.map(({ name, role, token }) => ({ name, role, secret: token })))];
}

describe("admin tokens", () => {
  test("that the file may have are those that a node takes: as many, as long", () => {
    expect(judged(file(TOKENS_MAX, 40))).toEqual(["ok", undefined]);
    expect(judged(file(TOKENS_MAX + 1, 40))).toEqual(["refused", undefined]);
    expect(judged(file(1, TOKEN_LENGTH_MAX))).toEqual(["ok", undefined]);
    expect(judged(file(1, TOKEN_LENGTH_MAX + 1))).toEqual(["refused", undefined]);
  });

  test("that are too long are refused with their length, not with themselves", () => {
    const parsed = parseTokens(file(1, TOKEN_LENGTH_MAX + 1), "tokens");
    expect(parsed).toMatchObject({ faults: [{ place: "line 1", found: "a token of 513 characters" }] });
    expect(JSON.stringify(parsed)).not.toContain("ttt");
  });
});
