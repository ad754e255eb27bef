import { describe, expect, test } from "#test";
import { isLiteral, isWildcard, parseAddress } from "../../src/config/address.ts";

describe("parseAddress", () => {
  test("reads IPv4, IPv6 in brackets and names", () => {
    expect(parseAddress("127.0.0.1:7001")).toEqual({ host: "127.0.0.1", port: 7001 });
    expect(parseAddress("[::1]:65535")).toEqual({ host: "::1", port: 65535 });
    expect(parseAddress("gateway-3.internal:1")).toEqual({ host: "gateway-3.internal", port: 1 });
  });

  for (const text of [
    "",
    "7001",
    "127.0.0.1",
    ":7001",
    "a:0",
    "a:65536",
    "a:1x",
    "1.2.3:1",
    "1.2.3.256:1",
    "::1:7001",
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(parseAddress(text)).toBe(undefined);
    });
  }

  for (const text of ["[::1:7001", "[1.2.3.4]:1", "[zz::]:1", "a b:1", "-a:1", "http://a:1", "a:1/x", "01.2.3.4:1"]) {
    test(`refuses ${JSON.stringify(text)}`, () => {
      expect(parseAddress(text)).toBe(undefined);
    });
  }

  test("tells literal addresses and wildcards from others", () => {
    expect(["1.2.3.4", "::1", "localhost"].map(isLiteral)).toEqual([true, true, false]);
    expect(["0.0.0.0", "::", "0:0::0", "::1", "127.0.0.1"].map(isWildcard)).toEqual([true, true, true, false, false]);
  });
});
