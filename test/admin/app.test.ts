/**
 * Every route of the admin app: its status in good and bad cases, its shape, its headers.
 */

import * as shapes from "#admin/shapes.ts";
import { describe, expect, test } from "#test";
import * as v from "valibot";
import { type Ask, Fixture, READ_SECRET } from "./fixture.ts";

const NIGHTLY = { kind: "cron", expression: "0 20 * * *", durationMs: 3_600_000, zone: "Asia/Shanghai" };
const json = { "Content-Type": "application/json" };

describe("Admin app: statuses", () => {
  const cases: [call: string, status: number, options?: Ask][] = [
    ["GET /api/nodes", 200],
    ["GET /api/nodes/center:1", 200],
    ["GET /api/nodes/center%3A1", 200],
    ["GET /api/nodes/center:99", 404],
    ["GET /api/nodes/nobody:1", 404],
    ["GET /api/nodes/center", 404],
    ["GET /api/nodes/center:0", 404],
    ["GET /api/nodes/center:4294967295", 404],
    ["GET /api/nodes?node=center:1", 422],
    ["GET /api/nodes/", 404],
    ["GET /api/links", 200],
    ["GET /api/links?node=center:1", 200],
    ["GET /api/links?node=center:99", 404],
    ["GET /api/links?node=nobody", 422],
    ["GET /api/links?nod=center:1", 422],
    ["GET /api/routes", 200],
    ["GET /api/routes?node=gateway:1", 200],
    ["GET /api/routes?node=gateway:99", 404],
    ["GET /api/explain?from=center:1&to=cross_center:1", 200],
    ["GET /api/explain?from=center:1", 422],
    ["GET /api/explain", 422],
    ["GET /api/explain?from=center:1&to=center:99", 404],
    ["GET /api/health", 200],
    ["GET /api/activities", 200],
    ["GET /api/activities/boss", 200],
    ["GET /api/activities/none", 404],
    ["GET /api/activities/Boss", 404],
    ["GET /api/activities/boss/why?node=center:1", 200],
    ["GET /api/activities/boss/why", 422],
    ["GET /api/activities/boss/ranking?ranking=damage&group=all&offset=2&limit=100&owner=cross_center:1", 200],
    ["GET /api/activities/boss/ranking", 422],
    ["GET /api/activities/boss/ranking?ranking=speed", 422],
    ["GET /api/activities/boss/ranking?ranking=damage&limit=101", 422],
    ["GET /api/activities/boss/ranking?ranking=damage&limit=0", 422],
    ["GET /api/activities/boss/ranking?ranking=damage&offset=-1", 422],
    ["GET /api/activities/none/ranking?ranking=damage", 404],
    ["GET /api/activities/none/why?node=center:1", 404],
    ["GET /api/activities/boss/why?node=center:99", 404],
    ["POST /api/activities", 201, { body: { id: "new", kind: "boss", config: {} } }],
    ["POST /api/activities", 200, { body: { id: "boss", kind: "boss", config: { hp: 10 } } }],
    ["POST /api/activities", 409, { body: { id: "boss", kind: "boss", config: { hp: 11 } } }],
    ["POST /api/activities", 422, { body: { id: "new", kind: "fishing" } }],
    ["POST /api/activities", 422, { body: {} }],
    ["POST /api/activities", 422, { body: [] }],
    ["POST /api/activities", 422, { body: "null" }],
    ["POST /api/activities", 400, { body: "{" }],
    ["POST /api/activities", 400, { body: "" }],
    ["POST /api/activities", 415],
    ["POST /api/activities", 415, { body: {}, headers: { "Content-Type": "text/plain" } }],
    ["POST /api/activities", 415, { body: {}, headers: { "Content-Encoding": "gzip" } }],
    ["POST /api/activities", 415, { body: {}, headers: { "Content-Type": "application/json; charset=gbk" } }],
    ["POST /api/activities", 403, { body: {}, token: READ_SECRET }],
    ["POST /api/activities/boss/open", 200],
    ["POST /api/activities/boss/open", 200, { body: {} }],
    ["POST /api/activities/boss/open", 200, { headers: json }],
    ["POST /api/activities/boss/open", 422, { body: { at: 1 } }],
    ["POST /api/activities/boss/open", 200, { body: { key: "k-1", why: "the players wait", dryRun: false } }],
    ["POST /api/activities/boss/open", 422, { body: { key: "no spaces" } }],
    ["POST /api/activities/boss/open", 422, { body: { why: "x".repeat(513) } }],
    ["POST /api/activities/boss/next", 409],
    ["POST /api/activities/boss/next", 422, { body: { from: "dawn" } }],
    ["POST /api/activities/boss/extend", 422, { body: {} }],
    ["POST /api/activities/boss/extend", 409, { body: { closesAtMs: 5 } }],
    ["POST /api/activities/boss/recall", 403, { token: READ_SECRET }],
    ["PATCH /api/activities/boss", 422, { body: { timing: { dawnMs: 1 } } }],
    ["PATCH /api/activities/boss", 422, { body: { schedule: { kind: "sometimes" } } }],
    ["POST /api/activities/boss/open", 403, { token: READ_SECRET }],
    ["POST /api/activities/none/open", 404],
    ["POST /api/activities/boss/close", 409],
    ["POST /api/activities/none/close", 404],
    ["POST /api/activities/boss/close?now=1", 422],
    ["DELETE /api/activities/boss", 200],
    ["DELETE /api/activities/none", 404],
    ["DELETE /api/activities/boss", 403, { token: READ_SECRET }],
    ["GET /api/activities/boss?owner=cross_center:1", 200],
    ["GET /api/activities/boss?owner=cross_center:2", 404],
    ["GET /api/activities/boss?owner=center:1", 422],
    ["GET /api/activities/boss/why?node=center:1&owner=cross_center:1", 200],
    ["POST /api/activities/boss/open?owner=cross_center:1", 200],
    ["POST /api/activities/boss/open?owner=cross_center:0", 422],
    ["POST /api/activities/boss/open?owner=cross_center:1&owner=cross_center:2", 422],
    ["POST /api/activities/lost/adopt", 200],
    ["POST /api/activities/lost/adopt?owner=cross_center:1", 200, { body: {} }],
    ["POST /api/activities/lost/adopt?from=center:1", 422],
    ["POST /api/activities/boss/adopt", 200],
    ["POST /api/activities/none/adopt", 404],
    ["POST /api/activities/lost/adopt", 400, { body: { from: "center:1" } }],
    ["POST /api/activities/lost/adopt", 403, { token: READ_SECRET }],
    ["POST /api/activities/lost/cancel", 200],
    ["POST /api/activities/boss/cancel", 409],
    ["POST /api/activities/lost/cancel", 403, { token: READ_SECRET }],
    ["POST /api/activities/boss/resume", 200],
    ["POST /api/activities/none/resume", 404],
    ["POST /api/activities/boss/resume", 403, { token: READ_SECRET }],
    ["GET /api/orphans", 200],
    ["GET /api/orphans", 200, { token: READ_SECRET }],
    ["GET /api/orphans", 401, { token: null }],
    ["GET /api/orphans?owner=cross_center:1", 422],
    ["GET /api/calendar", 200],
    ["GET /api/calendar?days=366", 200, { token: READ_SECRET }],
    ["GET /api/calendar", 401, { token: null }],
    ["GET /api/calendar?days=0", 422],
    ["GET /api/calendar?days=367", 422],
    ["GET /api/calendar?days=1.5", 422],
    ["GET /api/calendar?day=1", 422],
    ["POST /api/calendar/dry-run", 200, { body: { schedule: NIGHTLY } }],
    ["POST /api/calendar/dry-run", 200, { body: { schedule: NIGHTLY, days: 366 }, token: READ_SECRET }],
    ["POST /api/calendar/dry-run", 422, { body: {} }],
    ["POST /api/calendar/dry-run", 422, { body: { schedule: NIGHTLY, days: 367 } }],
    ["POST /api/calendar/dry-run", 422, { body: { schedule: { ...NIGHTLY, zone: "Mars/Olympus" } } }],
    ["POST /api/calendar/dry-run", 422, { body: { schedule: { ...NIGHTLY, expression: "nightly" } } }],
    ["POST /api/calendar/dry-run", 415],
    ["POST /api/calendar/dry-run?owner=center:1", 422, { body: { schedule: NIGHTLY } }],
    ["GET /api/audit", 200],
    ["GET /api/audit?before=3&limit=200", 200, { token: READ_SECRET }],
    ["GET /api/audit", 401, { token: null }],
    ["GET /api/audit?before=0", 422],
    ["GET /api/audit?before=1e3", 422],
    ["GET /api/audit?limit=201", 422],
    ["GET /api/audit?limit=0", 422],
    ["GET /api/audit?limit=ten", 422],
    ["GET /api/audit?after=1", 422],
    ["GET /healthz", 200, { token: null }],
    ["GET /readyz", 200, { token: null }],
    ["GET /openapi.json", 200, { token: null }],
    ["GET /nothing", 404, { token: null }],
    ["GET /api/nothing", 404],
    ["GET /api/nothing", 401, { token: null }],
    ["GET /api", 401, { token: null }],
    ["GET /api/nodes", 200, { token: READ_SECRET }],
    ["GET /api/nodes", 401, { token: null }],
    ["GET /api/nodes", 401, { token: "wrong-secret-0123456789" }],
    ["HEAD /api/nodes", 200],
    ["HEAD /healthz", 200, { token: null }],
    ["HEAD /api/activities/none", 404],
  ];
  for (const [call, status, options] of cases) {
    test(`${call} ${options === undefined ? "" : JSON.stringify(options)} is ${status}`, async () => {
      const fixture = new Fixture();
      await fixture.createBoss();
      fixture.port.lost.push("lost");
      const response = await fixture.ask(call, options);
      expect(response.status).toBe(status);
      const type = status < 300 ? "application/json" : "application/problem+json";
      expect(response.headers.get("Content-Type")).toBe(type);
      const body = await response.text();
      if (call.startsWith("HEAD")) expect(body).toBe("");
      else if (status >= 300) expect(v.is(shapes.ProblemShape, JSON.parse(body))).toBe(true);
    });
  }
});

describe("Admin app: methods", () => {
  const cases: [call: string, allow: string][] = [
    ["POST /api/nodes", "GET, HEAD"],
    ["PUT /api/nodes/center:1", "GET, HEAD"],
    ["OPTIONS /api/nodes", "GET, HEAD"],
    ["PATCH /api/activities", "GET, HEAD, POST"],
    ["POST /api/activities/boss", "DELETE, GET, HEAD, PATCH"],
    ["GET /api/activities/boss/extend", "POST"],
    ["GET /api/activities/boss/open", "POST"],
    ["GET /api/activities/boss/adopt", "POST"],
    ["POST /api/calendar", "GET, HEAD"],
    ["GET /api/calendar/dry-run", "POST"],
    ["POST /api/orphans", "GET, HEAD"],
    ["DELETE /api/audit", "GET, HEAD"],
    ["DELETE /api/activities/boss/close", "POST"],
    ["POST /healthz", "GET, HEAD"],
    ["DELETE /openapi.json", "GET, HEAD"],
  ];
  for (const [call, allow] of cases) {
    test(`${call} is 405 and says what is allowed`, async () => {
      const response = await new Fixture().ask(call);
      expect(response.status).toBe(405);
      expect(response.headers.get("Allow")).toBe(allow);
      expect(await response.json()).toMatchObject({ type: "urn:kuafu:problem:method_not_allowed", status: 405 });
    });
  }
});

describe("Admin app: shapes", () => {
  const cases: [call: string, shape: v.GenericSchema][] = [
    ["GET /api/nodes", shapes.NodesAnswer],
    ["GET /api/nodes/center:1", shapes.NodeAnswer],
    ["GET /api/links", shapes.LinksAnswer],
    ["GET /api/routes", shapes.RoutesAnswer],
    ["GET /api/explain?from=center:1&to=gateway:1", shapes.ExplanationShape],
    ["GET /api/health", shapes.HealthAnswer],
    ["GET /api/activities", shapes.ActivitiesAnswer],
    ["GET /api/activities/boss", shapes.ActivityAnswer],
    ["GET /api/activities/boss/why?node=center:1", shapes.WhyShape],
    ["GET /api/activities/boss/ranking?ranking=damage", shapes.RankingShape],
    ["POST /api/activities/boss/open", shapes.ChangeAnswer],
    ["POST /api/activities/lost/adopt", shapes.TopicChangeAnswer],
    ["POST /api/activities/lost/cancel", shapes.TopicChangeAnswer],
    ["POST /api/activities/boss/resume", shapes.TopicChangeAnswer],
    ["GET /api/orphans", shapes.OrphansAnswer],
    ["GET /api/calendar", shapes.CalendarAnswer],
    ["GET /api/audit", shapes.AuditAnswer],
    ["DELETE /api/activities/boss", shapes.ChangeAnswer],
    ["GET /healthz", shapes.LiveAnswer],
    ["GET /readyz", shapes.ReadyAnswer],
  ];
  for (const [call, shape] of cases) {
    test(`${call} answers what /openapi.json promises and no more`, async () => {
      const fixture = new Fixture();
      await fixture.createBoss();
      fixture.port.lost.push("lost");
      await fixture.ask("POST /api/activities/boss/open", { token: READ_SECRET });
      const { status, body } = await fixture.askJson(call);
      expect(status).toBe(200);
      expect(v.parse(shape, body)).toEqual(body);
    });
  }

  test("health: one sick node makes the whole not ok", async () => {
    expect((await new Fixture().askJson("GET /api/health")).body).toMatchObject({ ok: false });
  });

  test("readyz: 503 with what it waits for", async () => {
    const fixture = new Fixture();
    fixture.port.waitingFor = ["link to gateway:1"];
    expect(await fixture.askJson("GET /readyz", { token: null })).toEqual({
      status: 503,
      body: { ready: false, waitingFor: ["link to gateway:1"] },
    });
  });

  test("healthz: 503 when the process is not alive", async () => {
    const fixture = new Fixture();
    fixture.port.isLive = false;
    expect(await fixture.askJson("GET /healthz", { token: null })).toEqual({ status: 503, body: { ok: false } });
  });
});

describe("Admin app: headers", () => {
  const calls: [call: string, options?: Ask][] = [
    ["GET /api/nodes"],
    ["GET /api/nodes", { token: null }],
    ["GET /api/nodes", { headers: { Host: "evil.example" } }],
    ["GET /api/nodes", { headers: { Origin: "http://127.0.0.1:8900" } }],
    ["HEAD /api/nodes"],
    ["PUT /api/nodes"],
    ["OPTIONS /api/nodes", { headers: { "Access-Control-Request-Method": "POST" } }],
    ["GET /nothing"],
    ["POST /api/activities", { body: "{" }],
    ["GET /openapi.json"],
  ];
  for (const [call, options] of calls) {
    test(`${call} ${JSON.stringify(options ?? {})} is never stored, sniffed or shared`, async () => {
      const { headers } = await new Fixture().ask(call, options);
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
      expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    });
  }

  test("an unexpected error has them too", async () => {
    const fixture = new Fixture();
    fixture.port.fault = () => Promise.reject(new Error("broken"));
    const response = await fixture.ask("GET /api/nodes");
    expect(response.status).toBe(500);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
  });
});
