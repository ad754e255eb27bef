/**
 * Bearer tokens: which are taken, what a refusal says, and that a token is never repeated anywhere.
 */

import { createTokenCheck, faultOfTokens, TOKEN_LENGTH_MAX, TOKENS_MAX } from "#admin/auth.ts";
import type { AdminToken } from "#admin/auth.ts";
import type { Digest } from "#base/digest.ts";
import { describe, expect, test } from "#test";
import { digest } from "../wire/digest.ts";
import { Fixture, OPERATE_SECRET, READ_SECRET } from "./fixture.ts";

function token(name: string, secret: string): AdminToken {
  return { name, role: "read", secret };
}

describe("Tokens: the check", () => {
  const check = createTokenCheck(digest, [
    token("a", READ_SECRET),
    { name: "b", role: "operate", secret: OPERATE_SECRET },
  ]);

  test("tells whose a token is", () => {
    expect(check(READ_SECRET)).toEqual({ name: "a", role: "read" });
    expect(check(OPERATE_SECRET)).toEqual({ name: "b", role: "operate" });
  });

  test("takes nothing that only looks like one", () => {
    const near = ["", READ_SECRET.slice(1), `${READ_SECRET}0`, READ_SECRET.toUpperCase(), "a", "x".repeat(100_000)];
    expect(near.map(check)).toEqual(near.map(() => undefined));
  });
});

describe("Tokens: size", () => {
  test("a token that is longer than any can be is not even hashed", () => {
    let hashed = 0;
    const counting: Digest = {
      ...digest,
      sha256: (...parts) => {
        hashed += 1;
        return digest.sha256(...parts);
      },
    };
    const check = createTokenCheck(counting, [token("a", READ_SECRET)]);
    check("x".repeat(TOKEN_LENGTH_MAX));
    check("x".repeat(TOKEN_LENGTH_MAX + 1));
    expect(hashed).toBe(2);
  });
});

describe("Tokens: faults of a list", () => {
  const good = token("a", READ_SECRET);
  const cases: [name: string, tokens: AdminToken[], fault: string][] = [
    ["none", [], "there is no token"],
    ["too many", Array.from({ length: TOKENS_MAX + 1 }, (_, n) => token(`${n}`, READ_SECRET + n)), "limit is 64"],
    ["too short", [token("a", "0123456789abcde")], "has 15 characters, allowed are 16 to 512"],
    ["too long", [token("a", "x".repeat(TOKEN_LENGTH_MAX + 1))], "has 513 characters"],
    ["a space", [token("a", "0123456789 abcdef")], "characters that a bearer token cannot have"],
    ["a line end", [token("a", "0123456789abcdef\n")], "characters that a bearer token cannot have"],
    ["same names", [good, token("a", OPERATE_SECRET)], "two tokens have the same name"],
    ["same secrets", [good, token("b", READ_SECRET)], "two tokens are the same"],
  ];
  for (const [name, tokens, fault] of cases) {
    test(`${name}: says so without the secret, and no app is made of it`, () => {
      const found = faultOfTokens(tokens) ?? "";
      expect(found).toContain(fault);
      for (const { secret } of tokens) expect(found.includes(secret)).toBe(false);
      expect(() => createTokenCheck(digest, tokens)).toThrow("Cannot use admin tokens");
    });
  }

  test("a good list has none", () => {
    expect(faultOfTokens([good, token("b", OPERATE_SECRET)])).toBe(undefined);
  });
});

describe("Tokens: requests", () => {
  test("no token is told how to send one", async () => {
    const response = await new Fixture().ask("GET /api/nodes", { token: null });
    expect(response.status).toBe(401);
    expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="kuafu"');
  });

  const bad: [name: string, header: string][] = [
    ["a wrong token", "Bearer wrong-secret-0123456789"],
    ["another scheme", `Basic ${btoa(`operator:${OPERATE_SECRET}`)}`],
    ["no scheme", OPERATE_SECRET],
    ["no token", "Bearer"],
    ["two tokens", `Bearer ${OPERATE_SECRET} ${OPERATE_SECRET}`],
    ["two headers", `Bearer ${OPERATE_SECRET}, Bearer ${READ_SECRET}`],
    ["half a token", `Bearer ${OPERATE_SECRET.slice(0, -1)}`],
    ["a name of Object.prototype", "Bearer __proto__"],
    ["a huge one", `Bearer ${"x".repeat(100_000)}`],
  ];
  for (const [name, header] of bad) {
    test(`${name} is 401`, async () => {
      const response = await new Fixture().ask("GET /api/nodes", { headers: { Authorization: header } });
      expect(response.status).toBe(401);
      expect(response.headers.get("WWW-Authenticate")).toBe('Bearer realm="kuafu", error="invalid_token"');
    });
  }

  test("the scheme may be written in any case", async () => {
    const response = await new Fixture().ask("GET /api/nodes", { headers: { Authorization: `bEARER ${READ_SECRET}` } });
    expect(response.status).toBe(200);
  });

  test("a token in the query is none", async () => {
    const response = await new Fixture().ask(`GET /api/nodes?token=${OPERATE_SECRET}`, { token: null });
    expect(response.status).toBe(401);
  });

  test("the role read may not change anything, and nothing was asked of the cluster", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    const asked = fixture.port.actors.length;
    const answers = [];
    for (const call of ["POST /api/activities", "POST /api/activities/boss/open", "DELETE /api/activities/boss"]) {
      answers.push(await fixture.askJson(call, { token: READ_SECRET }));
    }
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 403, body: { type: "urn:kuafu:problem:forbidden" } });
    }
    expect(fixture.port.actors.length).toBe(asked);
  });
});

describe("Tokens: secrecy", () => {
  test("no answer, log line or audit entry repeats a token", async () => {
    const fixture = new Fixture();
    const wrong = "wrong-secret-0123456789";
    const secrets = [READ_SECRET, OPERATE_SECRET, wrong];
    const said: string[] = [];
    const calls = [
      "GET /api/nodes",
      "GET /api/nodes/center:99",
      "POST /api/activities/boss/open",
      "PUT /api/nodes",
      "GET /none",
      "GET /openapi.json",
      `GET /api/links?token=${OPERATE_SECRET}`,
    ];
    for (const secret of secrets) {
      for (const call of calls) {
        const response = await fixture.ask(call, { token: secret });
        const text = await response.text();
        said.push(JSON.stringify([...response.headers]), text);
      }
      fixture.port.fault = () => Promise.reject(new Error("broken"));
      said.push(await (await fixture.ask(`GET /api/nodes/center:1?x=${secret}`, { token: secret })).text());
      fixture.port.fault = undefined;
    }
    fixture.port.fault = () => Promise.reject(new Error("broken"));
    await fixture.ask("GET /api/nodes");
    said.push(JSON.stringify(fixture.lines), JSON.stringify(fixture.trail));
    expect(fixture.lines.length).toBeGreaterThan(1);
    expect(fixture.trail.length).toBeGreaterThan(1);
    for (const secret of secrets) expect(said.filter((text) => text.includes(secret))).toEqual([]);
  });

  test("refusals are counted, and logged at 1, 2, 4, 8", async () => {
    const fixture = new Fixture();
    for (let attempt = 0; attempt < 9; attempt += 1) await fixture.ask("GET /api/nodes", { token: null });
    expect(fixture.counters.get("admin.refused:token")).toBe(9);
    expect(fixture.lines.map(({ data }) => data?.["count"])).toEqual([1, 2, 4, 8]);
    expect(fixture.lines[0]).toEqual({
      level: "warn",
      phrase: "admin request refused",
      data: { reason: "token", count: 1, remote: "127.0.0.1:50000" },
    });
  });
});
