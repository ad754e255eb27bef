/**
 * Changing activities over HTTP: creating, opening, closing, deleting, each more than once; what the port is
 * given, and what the audit trail keeps.
 */

import { describe, expect, test } from "#test";
import { SUBJECT_LENGTH_MAX } from "#admin/change.ts";
import { Fixture, READ_SECRET } from "./fixture.ts";

const boss = { id: "boss", kind: "boss", config: { hp: 10 } };

describe("Activities: create", () => {
  test("answers 201 with where it is, and 200 when it is there already", async () => {
    const fixture = new Fixture();
    const first = await fixture.ask("POST /api/activities", { body: boss });
    expect(first.status).toBe(201);
    expect(first.headers.get("Location")).toBe("/api/activities/boss");
    const created = (await first.json()) as object;
    expect(created).toMatchObject({ changed: true, activity: { id: "boss", phase: "scheduled", termNumber: 0 } });
    const again = await fixture.ask("POST /api/activities", { body: boss });
    expect(again.status).toBe(200);
    expect(again.headers.get("Location")).toBe(null);
    expect(await again.json()).toEqual({ ...created, changed: false });
  });

  test("passes on every field, and {} for a config that is left out", async () => {
    const fixture = new Fixture();
    const full = { ...boss, id: "full", owner: "cross_center:2", endsAtMs: 1_800_000_000_000, open: true };
    expect((await fixture.askJson("POST /api/activities", { body: full })).body).toMatchObject({
      activity: { owner: "cross_center:2", endsAtMs: 1_800_000_000_000, phase: "open", config: { hp: 10 } },
    });
    expect((await fixture.askJson("POST /api/activities", { body: { id: "bare", kind: "boss" } })).body).toMatchObject({
      activity: { owner: "cross_center:1", phase: "scheduled", config: {} },
    });
  });

  test("names the place of each fault", async () => {
    const body = {
      id: "Not An Id",
      kind: 7,
      config: { rewards: [{ count: 1 }, { count: "a\ud800" }] },
      owner: "center:1",
      endsAtMs: 1.5,
      open: "yes",
      prize: 1,
      prise: 2,
    };
    expect(await new Fixture().askJson("POST /api/activities", { body })).toEqual({
      status: 422,
      body: {
        type: "urn:kuafu:problem:invalid",
        title: "Invalid input",
        status: 422,
        detail: "Cannot accept body: 8 faults",
        issues: [
          { path: "id", message: "must be 1 to 64 of a-z, 0-9, _ and -" },
          { path: "kind", message: "must be a text" },
          { path: "config.rewards.1.count", message: "has half of a surrogate pair" },
          { path: "owner", message: "must be cross_center:NUMBER" },
          { path: "endsAtMs", message: "must be a whole number of milliseconds since 1970-01-01 UTC" },
          { path: "open", message: "must be true or false" },
          { path: "prize", message: "is not known here" },
          { path: "prise", message: "is not known here" },
        ],
      },
    });
  });

  test("names fields that are missing", async () => {
    expect((await new Fixture().askJson("POST /api/activities", { body: { open: true } })).body).toMatchObject({
      issues: [
        { path: "id", message: "is missing" },
        { path: "kind", message: "is missing" },
      ],
    });
  });

  test("passes on the faults that only the owner can see", async () => {
    expect(await new Fixture().askJson("POST /api/activities", { body: { ...boss, kind: "fishing" } })).toMatchObject({
      status: 422,
      body: { issues: [{ path: "kind", message: "is not a kind of any module" }] },
    });
  });
});

describe("Activities: open and close", () => {
  test("opening what is open gives the same answer again and no second opening", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    const first = await fixture.askJson("POST /api/activities/boss/open");
    const second = await fixture.askJson("POST /api/activities/boss/open");
    expect(first).toMatchObject({ status: 200, body: { changed: true, activity: { phase: "open", termNumber: 1 } } });
    expect(second).toEqual({ status: 200, body: { ...(first.body as object), changed: false } });
    expect(fixture.port.openings).toEqual(["boss"]);
  });

  test("closing what is closed changes nothing, and a new term can begin", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    const seen: unknown[] = [];
    for (const verb of ["open", "close", "close", "open"]) {
      const { status, body } = await fixture.askJson(`POST /api/activities/boss/${verb}`);
      seen.push([verb, status, (body as { changed: boolean }).changed]);
    }
    expect(seen).toEqual([
      ["open", 200, true],
      ["close", 200, true],
      ["close", 200, false],
      ["open", 200, true],
    ]);
    expect(fixture.port.openings).toEqual(["boss", "boss"]);
  });

  test("what the phase forbids is 409 with what is possible", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    expect(await fixture.askJson("POST /api/activities/boss/close")).toEqual({
      status: 409,
      body: {
        type: "urn:kuafu:problem:conflict",
        title: "Not possible in this state",
        status: 409,
        detail: "Cannot close boss: it is scheduled",
        allowed: ["open", "delete"],
      },
    });
  });

  test("deleting takes a closed one and leaves nothing", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    await fixture.ask("POST /api/activities/boss/open");
    expect((await fixture.ask("DELETE /api/activities/boss")).status).toBe(409);
    await fixture.ask("POST /api/activities/boss/close");
    expect((await fixture.ask("DELETE /api/activities/boss")).status).toBe(200);
    expect((await fixture.ask("GET /api/activities/boss")).status).toBe(404);
  });
});

interface List {
  readonly activities: readonly { readonly id: string; readonly nodes?: readonly unknown[] }[];
  readonly next?: string;
}

describe("Activities: reading", () => {
  test("comes page by page, each with a summary and without nodes", async () => {
    const fixture = new Fixture();
    for (const id of ["c", "a", "b"]) await fixture.ask("POST /api/activities", { body: { ...boss, id } });
    const first = (await fixture.askJson("GET /api/activities?limit=2")).body as List;
    expect([first.activities.map(({ id }) => id), first.next]).toEqual([["a", "b"], "cross_center:1/b"]);
    expect(first.activities[0]).toMatchObject({ applied: { current: 1, behind: 1, silent: 0 } });
    expect(first.activities.filter((row) => row.nodes !== undefined)).toEqual([]);
    for (const after of [first.next, "b"]) {
      const { activities, next } = (await fixture.askJson(`GET /api/activities?limit=2&after=${after}`)).body as List;
      expect([activities.map(({ id }) => id), next]).toEqual([["c"], undefined]);
    }
  });

  test("has the nodes of each when they are asked for", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    const { activities } = (await fixture.askJson("GET /api/activities?nodes=true")).body as List;
    expect(activities.map(({ nodes }) => nodes?.length)).toEqual([2]);
  });

  test("of one tells who lacks it, with one question, and pages through the nodes", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    const nodes = async (query: string): Promise<unknown> => {
      const { body } = await fixture.askJson(`GET /api/activities/boss${query}`);
      return (body as { activity: { nodes: { node: string }[] } }).activity.nodes.map(({ node }) => node);
    };
    expect(await nodes("")).toEqual(["gateway:1", "center:1"]);
    expect(await nodes("?behind=true")).toEqual(["center:1"]);
    expect(await nodes("?behind=false&afterNode=gateway:1")).toEqual(["center:1"]);
    expect(await nodes("?afterNode=center:1")).toEqual([]);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ["?limit=0", "?limit", "must be 1 to 200"],
    ["?limit=201", "?limit", "must be 1 to 200"],
    ["?limit=21&nodes=true", "?limit", "must be 1 to 20 with nodes=true"],
    ["?nodes=1", "?nodes", "must be true or false"],
    ["?after=Boss", "?after", "must be ID or cross_center:NUMBER/ID"],
    ["?after=center:1/boss", "?after", "must be ID or cross_center:NUMBER/ID"],
    ["?after=x/cross_center:1/boss", "?after", "must be ID or cross_center:NUMBER/ID"],
    ["/boss?behind=yes", "?behind", "must be true or false"],
    ["/boss?afterNode=boss", "?afterNode", "must be ROLE:NUMBER, e.g. center:3"],
    ["?before=boss", "?before", "is not known here"],
  ];
  for (const [query, path, message] of refused) {
    test(`refuses ${query} with what is allowed`, async () => {
      expect(await new Fixture().askJson(`GET /api/activities${query}`)).toMatchObject({
        status: 422,
        body: { issues: [{ path, message }] },
      });
    });
  }
});

describe("Activities: audit trail", () => {
  test("keeps every change with who, from where and what came of it", async () => {
    const fixture = new Fixture();
    await fixture.ask("POST /api/activities", { body: boss, remote: "10.0.0.9:4000" });
    fixture.clock.advance(5);
    await fixture.ask("POST /api/activities", { body: { ...boss, kind: "fishing" } });
    await fixture.ask("POST /api/activities/boss/open");
    await fixture.ask("POST /api/activities/boss/open");
    await fixture.ask("DELETE /api/activities/boss");
    await fixture.ask("POST /api/activities/boss/close", { token: READ_SECRET });
    await fixture.ask("POST /api/activities", { body: boss, token: READ_SECRET });
    await fixture.ask("POST /api/activities/none/close");
    const here = { who: "operator", remote: "127.0.0.1:50000", atMs: 1_000_005, why: "" };
    expect(fixture.trail).toEqual([
      { ...here, atMs: 1_000_000, remote: "10.0.0.9:4000", verb: "activity.create", subject: "boss", outcome: "done" },
      { ...here, verb: "activity.create", subject: "boss", outcome: "invalid" },
      { ...here, verb: "activity.open", subject: "boss", outcome: "done" },
      { ...here, verb: "activity.open", subject: "boss", outcome: "unchanged" },
      { ...here, verb: "activity.delete", subject: "boss", outcome: "conflict" },
      { ...here, who: "reader", verb: "activity.close", subject: "boss", outcome: "refused" },
      { ...here, who: "reader", verb: "activity.create", subject: "", outcome: "refused" },
      { ...here, verb: "activity.close", subject: "none", outcome: "not_found" },
    ]);
    expect(fixture.port.actors[0]).toEqual({ who: "operator", remote: "10.0.0.9:4000" });
  });

  test("has nothing of reads, of strangers and of input that was never a change", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    await fixture.ask("GET /api/activities");
    await fixture.ask("POST /api/activities/boss/open", { token: null });
    await fixture.ask("POST /api/activities", { body: "{" });
    await fixture.ask("POST /api/activities/BOSS/open");
    expect(fixture.trail).toEqual([]);
    expect(fixture.port.openings).toEqual([]);
  });

  test("cuts a subject that a refused caller made long", async () => {
    const fixture = new Fixture();
    await fixture.ask(`POST /api/activities/${"x".repeat(5_000)}/open`, { token: READ_SECRET });
    expect(fixture.trail.map(({ subject }) => subject)).toEqual(["x".repeat(SUBJECT_LENGTH_MAX)]);
  });
});
