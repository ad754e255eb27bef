/**
 * Rewards and mails over HTTP: what the port is asked, what comes back, and what the audit trail keeps.
 */

import { describe, expect, test } from "#test";
import { STARTED_AT_MS } from "./fake_cluster.ts";
import { DELIVERIES, HELD, MAIL, TERM } from "./fake_rewards.ts";
import { Fixture, READ_SECRET } from "./fixture.ts";

const RESEND = "POST /api/deliveries/resend";
const RELEASE = "POST /api/deliveries/release";
const OF = { activity: "boss", term: TERM };
const HELD_OF = { ...OF, group: "all", ranking: "damage", tier: "4" };
const GIVEN = { title: "Boss", text: "", items: [{ item: "gold", count: 1 }] };

/** As JSON has it. */
function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

describe("Deliveries", () => {
  test("say which shard has not got its rewards, since when and why, in one request", async () => {
    const { status, body } = await new Fixture().askJson("GET /api/deliveries", { token: READ_SECRET });
    expect([status, body]).toEqual([200, json(DELIVERIES)]);
    expect(body).toMatchObject({
      deliveries: [{ shard: 2, pendingSinceMs: STARTED_AT_MS, why: "the center of shard 2 is not reachable" }],
    });
  });

  test("are asked for by owner, activity, term, shard and state", async () => {
    const fixture = new Fixture();
    const query = `owner=cross_center:2&activity=boss&term=${TERM}&shard=2&state=held`;
    const { body } = await fixture.askJson(`GET /api/deliveries?${query}`);
    expect(fixture.port.asked).toEqual([{ ...OF, owner: "cross_center:2", shard: 2, state: "held" }]);
    expect(body).toMatchObject({ heldRewards: [HELD] });
  });

  const queries: [query: string, path: string, message: string][] = [
    ["shard=0", "?shard", "must be the number of a shard, 1 to 4294967280"],
    ["state=lost", "?state", "must be one of pending, held, acknowledged"],
    ["owner=center:1", "?owner", "must be cross_center:NUMBER"],
    ["more=1", "?more", "is not known here"],
  ];
  for (const [query, path, message] of queries) {
    test(`asked with ${query} are 422 with the place and what is allowed`, async () => {
      const { status, body } = await new Fixture().askJson(`GET /api/deliveries?${query}`);
      expect([status, (body as { issues: unknown }).issues]).toEqual([422, [{ path, message }]]);
    });
  }
});

describe("Deliveries: resend", () => {
  test("says how many go again, and leaves the reason in the audit trail", async () => {
    const fixture = new Fixture();
    const { status, body } = await fixture.askJson(RESEND, {
      body: { ...OF, shard: 2, player: "ann", ackedUntilMs: 5, why: "ticket 7" },
    });
    expect([status, body]).toEqual([200, { count: 3, more: false, ackedUntilMs: STARTED_AT_MS, changed: true }]);
    expect(fixture.port.asked).toEqual([{ ...OF, shard: 2, player: "ann", ackedUntilMs: 5, owner: undefined }]);
    expect(fixture.trail.map(({ verb, subject, outcome, why }) => [verb, subject, outcome, why])).toEqual([
      ["rewards.resend", `boss/${TERM}/ann`, "done", "ticket 7"],
    ]);
  });

  test("a dry run is one in the audit trail too", async () => {
    const fixture = new Fixture();
    await fixture.ask(RESEND, { body: { ...OF, dryRun: true } });
    expect(fixture.port.asked).toEqual([{ ...OF, dryRun: true, owner: undefined }]);
    expect(fixture.trail.map(({ outcome }) => outcome)).toEqual(["dry_run"]);
  });

  test("of a term that nobody has is 404, and a reader may not", async () => {
    const fixture = new Fixture();
    expect((await fixture.ask(RESEND, { body: { ...OF, term: "none" } })).status).toBe(404);
    expect((await fixture.ask(RESEND, { token: READ_SECRET, body: OF })).status).toBe(403);
    expect(fixture.trail.map(({ outcome }) => outcome)).toEqual(["not_found", "refused"]);
  });
});

describe("Deliveries: release", () => {
  test("gives what is held its mail", async () => {
    const fixture = new Fixture();
    const { status, body } = await fixture.askJson(RELEASE, { body: { ...HELD_OF, mail: GIVEN, why: "row added" } });
    expect([status, body]).toEqual([200, { count: 2, more: false, changed: true }]);
    expect(fixture.port.asked).toEqual([{ ...HELD_OF, mail: GIVEN, owner: undefined }]);
    expect(fixture.trail.map(({ verb, outcome, why }) => [verb, outcome, why])).toEqual([
      ["rewards.release", "done", "row added"],
    ]);
  });

  test("where nothing is held is unchanged", async () => {
    const fixture = new Fixture();
    const { body } = await fixture.askJson(RELEASE, { body: { ...HELD_OF, tier: "5", mail: GIVEN } });
    expect([body, fixture.trail.map(({ outcome }) => outcome)]).toEqual([
      { count: 0, more: false, changed: false },
      ["unchanged"],
    ]);
  });

  const bodies: [name: string, mail: unknown, path: string, message: string][] = [
    ["no mail", undefined, "mail", "is missing"],
    ["no title", { ...GIVEN, title: "" }, "mail.title", "must have 1 to 128 characters"],
    [
      "nothing of an item",
      { ...GIVEN, items: [{ item: "gold", count: 0 }] },
      "mail.items.0.count",
      "must be a whole number from 1 to 1000000000000",
    ],
    [
      "too many items",
      { ...GIVEN, items: Array.from({ length: 65 }, () => ({ item: "gold", count: 1 })) },
      "mail.items",
      "must have at most 64 items",
    ],
    ["an unknown field", { ...GIVEN, from: "me" }, "mail.from", "is not known here"],
  ];
  for (const [name, mail, path, message] of bodies) {
    test(`with ${name} is 422 with the place and what is allowed`, async () => {
      const { status, body } = await new Fixture().askJson(RELEASE, { body: { ...HELD_OF, mail } });
      expect([status, (body as { issues: unknown }).issues]).toEqual([422, [{ path, message }]]);
    });
  }
});

describe("Mails of a shard", () => {
  test("are those of a player, by the page", async () => {
    const fixture = new Fixture();
    const after = `5.${"0".repeat(32)}`;
    const { status, body } = await fixture.askJson(`GET /api/shards/1/mail?player=ann&limit=2&after=${after}`, {
      token: READ_SECRET,
    });
    expect([status, body]).toEqual([200, json({ node: "center:1", mails: [MAIL] })]);
    expect(body).toMatchObject({ mails: [{ claimedAtMs: STARTED_AT_MS + 1 }] });
    expect(fixture.port.asked).toEqual([{ shard: 1, player: "ann", limit: 2, after }]);
  });

  test("of a shard without a center are 503, of what is none 404, of no player 422", async () => {
    const fixture = new Fixture();
    expect((await fixture.ask("GET /api/shards/9/mail?player=ann")).status).toBe(503);
    expect((await fixture.ask("GET /api/shards/x/mail?player=ann")).status).toBe(404);
    expect(await fixture.askJson("GET /api/shards/1/mail")).toMatchObject({
      status: 422,
      body: { issues: [{ path: "?player", message: "is missing" }] },
    });
    expect(await fixture.askJson("GET /api/shards/1/mail?player=ann&limit=201")).toMatchObject({
      status: 422,
      body: { issues: [{ path: "?limit", message: "must be 1 to 200" }] },
    });
  });
});
