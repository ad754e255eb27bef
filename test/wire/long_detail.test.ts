import { describe, expect, test } from "#test";
import { ByteWriter } from "#wire/bytes.ts";
import { decodeGoodbye, decodeRefuse } from "#wire/handshake.ts";

const LONG = "x".repeat(60_000);

describe("detail that another end has made long", () => {
  test("is cut when it is read: what is kept of many links and shown of them stays small", () => {
    const goodbye = decodeGoodbye(new ByteWriter().u8(1).text16(LONG).finish());
    expect(goodbye).toEqual({ reason: "stopping", detail: LONG.slice(0, 512) });
    const refuse = decodeRefuse(new ByteWriter().u8(5).text16(LONG).ms(7).finish());
    expect(refuse).toEqual({ reason: "wrong_target", detail: LONG.slice(0, 512), otherStartedAtMs: 7 });
  });
});
