/**
 * Verbs for activities in trouble, over HTTP: what the port is given, what comes back, and what the trail keeps.
 */

import { describe, expect, test } from "#test";
import { Fixture, READ_SECRET } from "./fixture.ts";

const topic = "activity/cross_center:1/lost";

describe("Orphans: the list", () => {
  test("names owner, id and topic, the version and who holds it", async () => {
    const fixture = new Fixture();
    expect((await fixture.askJson("GET /api/orphans")).body).toEqual({ orphans: [], silent: [] });
    fixture.port.lost.push("lost");
    expect((await fixture.askJson("GET /api/orphans")).body).toEqual({
      orphans: [{ owner: "cross_center:1", id: "lost", topic, version: "8.3.00000000", reporter: "gateway:1" }],
      silent: [],
    });
  });

  test("without an owner to ask it is 503, not an empty list", async () => {
    const fixture = new Fixture();
    fixture.port.orphans = () => Promise.resolve({ kind: "unavailable", detail: "no cross_center is reachable" });
    expect(await fixture.askJson("GET /api/orphans")).toMatchObject({
      status: 503,
      body: { type: "urn:kuafu:problem:unavailable", detail: "no cross_center is reachable" },
    });
  });
});

describe("Orphans: adopt, cancel, resume", () => {
  test("adopting twice gives the same answer, the second time unchanged", async () => {
    const fixture = new Fixture();
    fixture.port.lost.push("lost");
    const first = await fixture.askJson("POST /api/activities/lost/adopt");
    expect(first).toMatchObject({ status: 200, body: { topic, changed: true, activity: { id: "lost" } } });
    expect(await fixture.askJson("POST /api/activities/lost/adopt")).toEqual({
      status: 200,
      body: { ...(first.body as object), changed: false },
    });
  });

  test("what is left of a cancelled one is a topic and a version", async () => {
    const fixture = new Fixture();
    fixture.port.lost.push("lost");
    expect(await fixture.askJson("POST /api/activities/lost/cancel")).toEqual({
      status: 200,
      body: { topic, version: "9.1.00000000", changed: true },
    });
  });

  test("the owner may be named, and reaches the port", async () => {
    const fixture = new Fixture();
    const refs: unknown[] = [];
    const refuse = (ref: unknown) => {
      refs.push(ref);
      return Promise.resolve({ kind: "not_found" as const, detail: "there is no such activity" });
    };
    fixture.port.adoptActivity = refuse;
    fixture.port.changeActivity = refuse;
    await fixture.ask("POST /api/activities/boss/adopt?owner=cross_center:7");
    await fixture.ask("POST /api/activities/boss/adopt");
    await fixture.ask("POST /api/activities/boss/open?owner=cross_center:7");
    expect(refs).toEqual([
      { id: "boss", owner: "cross_center:7" },
      { id: "boss" },
      { id: "boss", owner: "cross_center:7" },
    ]);
  });

  test("two owners that could be meant are 422 at ?owner", async () => {
    const fixture = new Fixture();
    const issues = [{ path: "?owner", message: "is needed: cross_center:1 and cross_center:2 each have one" }];
    fixture.port.adoptActivity = () => Promise.resolve({ kind: "invalid", detail: "Cannot choose", issues });
    expect(await fixture.askJson("POST /api/activities/boss/adopt")).toMatchObject({
      status: 422,
      body: { type: "urn:kuafu:problem:invalid", issues },
    });
  });

  test("each leaves an entry in the audit trail, with the owner where it was named", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    fixture.port.lost.push("lost", "gone");
    await fixture.ask("POST /api/activities/lost/adopt?owner=cross_center:1");
    await fixture.ask("POST /api/activities/lost/adopt");
    await fixture.ask("POST /api/activities/gone/cancel");
    await fixture.ask("POST /api/activities/boss/cancel");
    await fixture.ask("POST /api/activities/boss/resume");
    await fixture.ask("POST /api/activities/none/resume");
    await fixture.ask("POST /api/activities/boss/adopt", { token: READ_SECRET });
    expect(fixture.trail.map(({ who, verb, subject, outcome }) => [who, verb, subject, outcome])).toEqual([
      ["operator", "activity.adopt", "cross_center:1/lost", "done"],
      ["operator", "activity.adopt", "lost", "unchanged"],
      ["operator", "activity.cancel", "gone", "done"],
      ["operator", "activity.cancel", "boss", "conflict"],
      ["operator", "activity.resume", "boss", "unchanged"],
      ["operator", "activity.resume", "none", "not_found"],
      ["reader", "activity.adopt", "boss", "refused"],
    ]);
  });
});
