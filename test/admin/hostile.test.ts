/**
 * Hostile input: huge, deep and odd bodies, paths and queries. The answer is always a problem with a status
 * of ours, short, without the input in it, and the cluster is not asked.
 */

import { BODY_SIZE_MAX } from "#admin/body.ts";
import { JSON_DEPTH_MAX } from "#admin/json_value.ts";
import { describe, expect, test } from "#test";
import { type Ask, Fixture } from "./fixture.ts";

const ANSWER_SIZE_MAX = 8 * 1024;
const CREATE = "POST /api/activities";
const HEAD = '{"id":"new","kind":"boss","config":';

async function refused(call: string, options: Ask = {}): Promise<{ status: number; body: unknown }> {
  const fixture = new Fixture();
  const response = await fixture.ask(call, options);
  const text = await response.text();
  expect(response.headers.get("Content-Type")).toBe("application/problem+json");
  expect(text.length).toBeLessThan(ANSWER_SIZE_MAX);
  expect(fixture.port.actors).toEqual([]);
  expect(fixture.counters.get("admin.failed")).toBe(0);
  return { status: response.status, body: JSON.parse(text) };
}

function nested(depth: number): string {
  return `${HEAD}${'{"a":'.repeat(depth)}1${"}".repeat(depth)}}`;
}

describe("Hostile bodies", () => {
  test("the largest that is allowed is read, one byte more is 413", async () => {
    const room = BODY_SIZE_MAX - HEAD.length - '""}'.length;
    const body = `${HEAD}"${"x".repeat(room)}"}`;
    expect(body.length).toBe(BODY_SIZE_MAX);
    expect((await new Fixture().ask(CREATE, { body })).status).toBe(201);
    expect((await refused(CREATE, { body: `${body} ` })).status).toBe(413);
  });

  test("a length that is announced as too large is refused unread, one that lies does not help", async () => {
    const large = "x".repeat(BODY_SIZE_MAX + 1);
    const length = String(10 * 1024 * 1024 * 1024);
    expect((await refused(CREATE, { body: large, headers: { "Content-Length": length } })).status).toBe(413);
    for (const lie of ["1", "-1", "many"]) {
      expect((await refused(CREATE, { body: large, headers: { "Content-Length": lie } })).status).toBe(413);
    }
    const call = "POST /api/activities/boss/open";
    expect((await refused(call, { body: large, headers: { "Content-Length": "1" } })).status).toBe(413);
  });

  test("an endless stream is cut off at the limit", async () => {
    let pulled = 0;
    const stream = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(16 * 1024).fill(0x20));
      },
    });
    const { app } = new Fixture();
    const request = new Request("http://127.0.0.1:8900/api/activities", {
      method: "POST",
      headers: { Authorization: "Bearer operate-secret-0123456789", "Content-Type": "application/json" },
      body: stream,
      // Deno and Bun both want it said that the answer may come before the body has ended.
      ...{ duplex: "half" },
    });
    expect((await app.request(request)).status).toBe(413);
    expect(pulled).toBeLessThan(10);
  });

  test("JSON is bounded in depth", async () => {
    expect((await new Fixture().ask(CREATE, { body: nested(JSON_DEPTH_MAX) })).status).toBe(201);
    expect(await refused(CREATE, { body: nested(JSON_DEPTH_MAX + 1) })).toMatchObject({
      status: 422,
      body: { issues: [{ path: `config${".a".repeat(JSON_DEPTH_MAX)}`, message: "is nested deeper than 16" }] },
    });
    expect((await refused(CREATE, { body: nested(8_000) })).status).toBe(422);
    expect((await refused(CREATE, { body: "[".repeat(60_000) })).status).toBe(400);
    const closed = "[".repeat(30_000) + "]".repeat(30_000);
    expect((await refused(CREATE, { body: closed })).status).toBe(422);
  });

  const bodies: [name: string, body: string | Uint8Array, status: number][] = [
    ["bytes that are not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]), 400],
    ["two values", '{"id":"new","kind":"boss"}{}', 400],
    ["a comment", '{"id":"new","kind":"boss"/**/}', 400],
    ["NaN", `${HEAD}NaN}`, 400],
    ["a number out of range", `${HEAD}{"hp":1e999}}`, 422],
    ["__proto__ at the top", '{"id":"new","kind":"boss","__proto__":{"open":true}}', 422],
    ["__proto__ instead of fields", '{"__proto__":{"id":"new","kind":"boss"}}', 422],
    ["__proto__ deep in the config", `${HEAD}{"a":[{"__proto__":{"hp":1}}]}}`, 422],
    ["constructor at the top", '{"id":"new","kind":"boss","constructor":{"prototype":{}}}', 422],
    ["toString at the top", '{"id":"new","kind":"boss","toString":1}', 422],
    ["an id of Object.prototype", '{"id":"__proto__","kind":"boss"}', 422],
    ["an id with a line end", '{"id":"new\\n","kind":"boss"}', 422],
    ["an id that is a path", '{"id":"../../etc/passwd","kind":"boss"}', 422],
    ["an id that is too long", `{"id":"${"x".repeat(65)}","kind":"boss"}`, 422],
    ["an id that is a list", '{"id":["new"],"kind":"boss"}', 422],
    ["null for a field that may be left out", '{"id":"new","kind":"boss","owner":null}', 422],
    ["an end beyond time", '{"id":"new","kind":"boss","endsAtMs":9007199254740991}', 422],
    ["an end that is a text", '{"id":"new","kind":"boss","endsAtMs":"2030"}', 422],
    ["a form", "id=new&kind=boss", 400],
    ["markup", "<activity/>", 400],
  ];
  for (const [name, body, status] of bodies) {
    test(`${name} is ${status}`, async () => {
      expect((await refused(CREATE, { body })).status).toBe(status);
    });
  }

  test("thousands of unknown fields give a short answer that tells how many", async () => {
    const fields = Object.fromEntries(Array.from({ length: 3_000 }, (_, index) => [`field${index}`, 1]));
    const { status, body } = await refused(CREATE, { body: { id: "new", kind: "boss", ...fields } });
    expect(status).toBe(422);
    expect(body).toMatchObject({ detail: "Cannot accept body: 3000 faults, the first 32 are listed" });
    expect((body as { issues: unknown[] }).issues.length).toBe(32);
  });

  test("an unknown field with a huge name is cut, and values are not repeated", async () => {
    const { body } = await refused(CREATE, { body: { id: "MARKER".repeat(9_000), kind: "boss" } });
    expect(JSON.stringify(body)).not.toContain("MARKER");
    const long = await refused(CREATE, { body: { id: "new", kind: "boss", ["k".repeat(60_000)]: 1 } });
    expect(long.body).toMatchObject({ issues: [{ path: `${"k".repeat(128)}…` }] });
  });

  test("a media type that only looks like JSON is 415", async () => {
    for (const type of ["application/jsonp", "text/json", "application/json, text/plain", "application/x+json", ""]) {
      const answer = await refused(CREATE, { body: { id: "new", kind: "boss" }, headers: { "Content-Type": type } });
      expect([type, answer.status]).toEqual([type, 415]);
    }
    for (const type of ["Application/JSON", "application/json;charset=UTF-8", 'application/json; charset="utf-8"']) {
      const options = { body: { id: "new", kind: "boss" }, headers: { "Content-Type": type } };
      expect([type, (await new Fixture().ask(CREATE, options)).status]).toEqual([type, 201]);
    }
  });

  test("a config may hold names that only look dangerous, and keeps them", async () => {
    const config = { constructor: 1, toString: "x", hasOwnProperty: null, prototype: [], "": 0 };
    const { status, body } = await new Fixture().askJson(CREATE, { body: { id: "new", kind: "boss", config } });
    expect(status).toBe(201);
    expect(body).toMatchObject({ activity: { config } });
    expect(Object.hasOwn(Object.prototype, "open")).toBe(false);
  });
});

describe("Hostile paths", () => {
  const paths: [path: string, status: number][] = [
    ["/api/../healthz/../api/nothing", 404],
    ["/api/nodes/../../etc/passwd", 404],
    ["/api/nodes/%2e%2e/%2e%2e/etc/passwd", 404],
    ["/api/nodes/..%2f..%2fetc%2fpasswd", 404],
    ["/api/nodes/..%5c..%5cetc", 404],
    ["/api/activities/boss%00", 404],
    ["/api/activities/boss%0d%0aX-Evil:1", 404],
    ["/api/activities/%62oss%2fwhy", 404],
    ["/api/activities/%", 404],
    ["/api/activities/%zz", 404],
    ["/api/activities/%ff%fe", 404],
    ["/api/activities/%2562oss", 404],
    ["/api/activities/__proto__", 404],
    ["/api/activities/b%C3%B6ss", 404],
    [`/api/activities/${"x".repeat(65)}`, 404],
    [`/api/activities/${"%41".repeat(20_000)}`, 404],
    [`/api/${"a/".repeat(10_000)}`, 404],
    ["//api/nodes", 404],
    ["/API/nodes", 404],
    ["/api/nodes;x=1", 404],
    ["/api/nodes/__proto__", 404],
    ["/api/nodes/constructor:1", 404],
    ["/api/nodes/center:01", 404],
    ["/api/nodes/center:1e3", 404],
    ["/api/nodes/center:-1", 404],
    ["/api/nodes/center:99999999999999999999", 404],
  ];
  for (const [path, status] of paths) {
    test(`${path.slice(0, 60)} is ${status}`, async () => {
      expect((await refused(`GET ${path}`)).status).toBe(status);
    });
  }

  test("no way around the token by another writing of the path", async () => {
    const fixture = new Fixture();
    for (const path of [
      "/api/nodes",
      "/%61pi/nodes",
      "/api%2fnodes",
      "//api/nodes",
      "/./api/nodes",
      "/x/../api/nodes",
    ]) {
      const response = await fixture.ask(`GET ${path}`, { token: null });
      expect([path, response.status === 401 || response.status === 404]).toEqual([path, true]);
      expect(await response.text()).not.toContain("gateway:1");
    }
  });

  test("an id with percent-encoding is the same id", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    expect((await fixture.ask("GET /api/activities/%62%6fss")).status).toBe(200);
  });
});

describe("Hostile queries", () => {
  const queries: [query: string, path: string, message: string][] = [
    ["node=center:1&node=gateway:1", "?node", "must be a text"],
    ["node=", "?node", "must be ROLE:NUMBER, e.g. center:3"],
    ["node", "?node", "must be ROLE:NUMBER, e.g. center:3"],
    ["node[]=center:1", "?node[]", "is not known here"],
    ["__proto__=1", "?__proto__", "is not known here"],
    ["constructor=1", "?constructor", "is not known here"],
    ["node=center:1%00", "?node", "must be ROLE:NUMBER, e.g. center:3"],
    ["node=%zz", "?node", "must be ROLE:NUMBER, e.g. center:3"],
    [`node=${"x".repeat(20_000)}`, "?node", "must be ROLE:NUMBER, e.g. center:3"],
  ];
  for (const [query, path, message] of queries) {
    test(`?${query.slice(0, 40)} is 422`, async () => {
      expect(await refused(`GET /api/links?${query}`)).toMatchObject({
        status: 422,
        body: { issues: [{ path, message }] },
      });
    });
  }
});
