/**
 * Shards and groups over HTTP: what the port is asked, and what comes back.
 */

import { describe, expect, test } from "#test";
import { STARTED_AT_MS } from "./fake_cluster.ts";
import { Fixture, READ_SECRET } from "./fixture.ts";

const DRY_RUN = "POST /api/groups/dry-run";
const BANDS = { kind: "bands", bands: [{ fromDay: 1 }], targetSize: 4, leastSize: 1 };

describe("Shards", () => {
  test("come with what is known, and without what is not", async () => {
    expect(await new Fixture().askJson("GET /api/shards", { token: READ_SECRET })).toEqual({
      status: 200,
      body: {
        owner: "cross_center:1",
        shards: [
          {
            shard: 1,
            openedAtMs: STARTED_AT_MS,
            timeZone: "Asia/Shanghai",
            source: "gateway:1",
            sinceMs: STARTED_AT_MS,
            heardAtMs: STARTED_AT_MS + 5,
            reachable: true,
            conflict: "gateway:9 says nothing",
          },
          { shard: 2, source: "gateway:2", sinceMs: STARTED_AT_MS, heardAtMs: STARTED_AT_MS, reachable: false },
          {
            shard: 3,
            mergedInto: 1,
            source: "gateway:1",
            sinceMs: STARTED_AT_MS,
            heardAtMs: STARTED_AT_MS,
            reachable: false,
          },
          { shard: 4, reachable: true },
        ],
      },
    });
  });

  test("are those of the owner that is named, which must be one", async () => {
    const fixture = new Fixture();
    expect(await fixture.askJson("GET /api/shards?owner=cross_center:7")).toMatchObject({
      status: 200,
      body: { owner: "cross_center:7" },
    });
    expect(await fixture.askJson("GET /api/shards?owner=center:7")).toMatchObject({
      status: 422,
      body: { issues: [{ path: "?owner", message: "must be cross_center:NUMBER" }] },
    });
  });

  test("without an owner to ask are 503", async () => {
    const fixture = new Fixture();
    fixture.port.shards = () => Promise.resolve({ kind: "unavailable", detail: "no cross_center is reachable" });
    expect((await fixture.ask("GET /api/shards")).status).toBe(503);
  });
});

describe("Groups: dry run", () => {
  test("shows who would meet whom, who nobody and why, and who is no more", async () => {
    const fixture = new Fixture();
    const body = { rule: BANDS, at: STARTED_AT_MS + 3 * 24 * 3600 * 1000 };
    expect(await fixture.askJson(DRY_RUN, { body })).toEqual({
      status: 200,
      body: {
        owner: "cross_center:1",
        atMs: body.at,
        groups: [{ name: "days-1-up", shards: [1] }],
        ungrouped: [
          { shard: 2, reason: "its config does not say when it opened" },
          { shard: 4, reason: "its config does not say when it opened" },
        ],
        merged: [{ shard: 3, into: 1 }],
      },
    });
  });

  test("reaches the port with the time and the owner, or without", async () => {
    const fixture = new Fixture();
    const asked: unknown[] = [];
    fixture.port.dryRunGroups = (request) => {
      asked.push(request);
      return Promise.resolve({ kind: "unavailable", detail: "no cross_center is reachable" });
    };
    await fixture.ask(DRY_RUN, { body: { rule: { kind: "all" } } });
    await fixture.ask(`${DRY_RUN}?owner=cross_center:2`, { body: { rule: { kind: "all" }, at: 5 } });
    expect(asked).toEqual([
      { rule: { kind: "all" }, atMs: undefined, owner: undefined },
      { rule: { kind: "all" }, atMs: 5, owner: "cross_center:2" },
    ]);
  });

  test("a reader may ask for one, and the audit trail has none", async () => {
    const fixture = new Fixture();
    const options = { token: READ_SECRET, body: { rule: { kind: "all" } } };
    expect((await fixture.ask(DRY_RUN, options)).status).toBe(200);
    expect(fixture.trail).toEqual([]);
  });

  test("a rule that does not fit the shards is 422 with the places that its owner named", async () => {
    const rule = { kind: "lists", groups: [{ name: "north", shards: [9] }] };
    expect(await new Fixture().askJson(DRY_RUN, { body: { rule } })).toMatchObject({
      status: 422,
      body: {
        type: "urn:kuafu:problem:invalid",
        issues: [{ path: "rule.groups.0.shards.0", message: "found 9, and there is no such shard; allowed: 1" }],
      },
    });
  });

  const bodies: [name: string, body: unknown, issues: unknown[]][] = [
    ["nothing", {}, [{ path: "rule", message: "is missing" }]],
    [
      "a kind that is none",
      { rule: { kind: "some" } },
      [{ path: "rule.kind", message: "must be all, lists or bands" }],
    ],
    ["no rule", { rule: 5 }, [{ path: "rule", message: "must be a rule, an object with kind" }]],
    ["an unknown field", { rule: { kind: "all" }, more: 1 }, [{ path: "more", message: "is not known here" }]],
    [
      "an unknown field of the rule",
      { rule: { kind: "all", groups: [] } },
      [{ path: "rule.groups", message: "is not known here" }],
    ],
    [
      "a size that is none",
      { rule: { ...BANDS, targetSize: 0 } },
      [{ path: "rule.targetSize", message: "must be a whole number from 1 to 2048" }],
    ],
    [
      "a time beyond time",
      { rule: BANDS, at: 8_640_000_000_000_001 },
      [
        {
          path: "at",
          message: "must be a whole number of milliseconds since 1970-01-01 UTC, at most 8640000000000000",
        },
      ],
    ],
  ];
  for (const [name, body, issues] of bodies) {
    test(`${name} is 422 with the place and what is allowed`, async () => {
      const { status, body: found } = await new Fixture().askJson(DRY_RUN, { body });
      expect([status, (found as { issues: unknown }).issues]).toEqual([422, issues]);
    });
  }
});
