/**
 * Players' data over HTTP: what the port is asked, what comes back, and what the audit trail keeps.
 */

import { describe, expect, test } from "#test";
import { nodeId } from "#wire/role.ts";
import { ANN, SWORD_ID, UNREADABLE } from "./fake_player_data.ts";
import { Fixture, READ_SECRET } from "./fixture.ts";

const CHANGES = "POST /api/players/ann/changes";
const GIVE = { shard: 1, key: "ticket-7", items: [{ item: "gold", count: 5 }], why: "lost in a crash" };

describe("Players: profile and bag", () => {
  test("are there of each shard that knows the player, with bytes and long integers in their forms", async () => {
    const { status, body } = await new Fixture().askJson("GET /api/players/ann", { token: READ_SECRET });
    const { shard, owner, epoch, version, createdAtMs, changedAtMs } = ANN;
    const profile = { name: "Ann", face: { $bytes: "00ff" }, $$seed: { $integer: "9223372036854775808" } };
    const sword = { id: SWORD_ID, item: "sword", data: { runes: [{ $bytes: "07" }], luck: { $number: "NaN" } } };
    const bag = { capacity: 200, used: 1, items: [{ item: "gold", count: 5 }], uniques: [sword] };
    expect([status, body]).toEqual([
      200,
      {
        ...{ player: "ann", at: expect.any(Array), silent: ["gateway:2"], unreadable: [UNREADABLE] },
        data: [{ shard, owner, epoch, version, createdAtMs, changedAtMs, profile, bag }],
      },
    ]);
  });

  test("of one shard say nothing of the others", async () => {
    const fixture = new Fixture();
    const { body } = await fixture.askJson("GET /api/players/ann?shard=2");
    expect(body).toEqual({ player: "ann", at: [], silent: ["gateway:2"], data: [], unreadable: [UNREADABLE] });
    expect(await fixture.askJson("GET /api/players/ann?shard=0")).toMatchObject({
      status: 422,
      body: { issues: [{ path: "?shard", message: "must be the number of a shard, 1 to 4294967280" }] },
    });
  });
});

describe("Players: ledger", () => {
  test("comes by the page, 50 rows where nobody says, the newest first", async () => {
    const fixture = new Fixture();
    const { status, body } = await fixture.askJson("GET /api/players/ann/ledger", { token: READ_SECRET });
    const row = {
      ...{ number: 9, atMs: 1_700_000_060_000, version: 7, key: "change:k", reason: "shop", subject: "unique" },
      ...{ name: "sword", id: SWORD_ID, before: 0, after: 1, values: { after: { runes: [{ $bytes: "07" }] } } },
    };
    expect([status, body]).toEqual([200, { player: "ann", shard: 1, rows: [row], next: 9 }]);
    const last = await fixture.askJson("GET /api/players/ann/ledger?shard=3&before=1&limit=200");
    expect(last.body).toEqual({ player: "ann", shard: 1, rows: [] });
    expect(fixture.port.playerData.asked).toEqual([
      { player: "ann", shard: undefined, before: undefined, limit: 50 },
      { player: "ann", shard: 3, before: 1, limit: 200 },
    ]);
  });

  const queries: [query: string, path: string, message: string][] = [
    ["limit=201", "?limit", "must be 1 to 200"],
    ["limit=0", "?limit", "must be 1 to 200"],
    ["before=0", "?before", "must be the number of a row, 1 or more"],
    ["shard=x", "?shard", "must be the number of a shard, 1 to 4294967280"],
    ["after=1", "?after", "is not known here"],
  ];
  for (const [query, path, message] of queries) {
    test(`asked with ${query} is 422 with the place and what is allowed`, async () => {
      const { status, body } = await new Fixture().askJson(`GET /api/players/ann/ledger?${query}`);
      expect([status, (body as { issues: unknown }).issues]).toEqual([422, [{ path, message }]]);
    });
  }
});

describe("Players: changes by hand", () => {
  test("say what they came to, and leave shard, player, key and reason in the audit trail", async () => {
    const fixture = new Fixture();
    const { status, body } = await fixture.askJson(CHANGES, { body: GIVE });
    const items = [{ item: "gold", count: 5 }];
    expect([status, body]).toEqual([200, { shard: 1, node: "user:101", version: 8, items, made: [], changed: true }]);
    expect(fixture.port.playerData.asked).toEqual([
      {
        player: "ann",
        shard: 1,
        key: "ticket-7",
        items,
        profile: undefined,
        capacity: undefined,
        ifVersion: undefined,
      },
    ]);
    expect(fixture.trail.map(({ verb, subject, outcome, why }) => [verb, subject, outcome, why])).toEqual([
      ["player.change", "1/ann/ticket-7", "done", "lost in a crash"],
    ]);
  });

  test("take bytes and long integers in the forms in which they are shown", async () => {
    const fixture = new Fixture();
    const sword = { item: "sword", count: 1, data: { runes: [{ $bytes: "07" }] } };
    const body = {
      ...{ shard: 1, key: "k", why: "w", capacity: -5, ifVersion: 7 },
      items: [sword, { take: SWORD_ID }],
      profile: { $$seed: { $integer: "9223372036854775808" }, face: { $bytes: "00ff" }, name: null },
    };
    expect((await fixture.ask("POST /api/players/b%2Fen/changes", { body })).status).toBe(200);
    expect(fixture.port.playerData.asked).toEqual([
      {
        ...{ player: "b/en", shard: 1, key: "k", capacity: -5, ifVersion: 7 },
        items: [{ item: "sword", count: 1, data: { runes: [Uint8Array.of(7)] } }, { take: SWORD_ID }],
        profile: { $seed: 2n ** 63n, face: Uint8Array.of(0, 255), name: null },
      },
    ]);
  });

  test("that were made before, or can't be made, say so", async () => {
    const fixture = new Fixture();
    const { playerData } = fixture.port;
    const value = { shard: 1, node: nodeId("user", 101), version: 8, items: [], made: [] };
    playerData.outcome = { kind: "ok", changed: false, value };
    expect(await fixture.askJson(CHANGES, { body: GIVE })).toMatchObject({ status: 200, body: { changed: false } });
    playerData.outcome = { kind: "conflict", detail: "too little", allowed: [] };
    expect(await fixture.askJson(CHANGES, { body: GIVE })).toMatchObject({
      status: 409,
      body: { detail: "too little" },
    });
    playerData.outcome = { kind: "unavailable", detail: "the disk is full" };
    expect((await fixture.ask(CHANGES, { body: GIVE })).status).toBe(503);
    playerData.outcome = { kind: "not_found", detail: "who?" };
    expect((await fixture.ask(CHANGES, { body: GIVE })).status).toBe(404);
    expect(fixture.trail.map(({ outcome }) => outcome)).toEqual(["unchanged", "conflict", "unavailable", "not_found"]);
  });

  test("are not for those who may only read", async () => {
    const fixture = new Fixture();
    expect((await fixture.ask(CHANGES, { token: READ_SECRET, body: GIVE })).status).toBe(403);
    expect([fixture.port.playerData.asked, fixture.trail.map(({ outcome }) => outcome)]).toEqual([[], ["refused"]]);
  });

  test("of the longest names are whole in the audit trail", async () => {
    const fixture = new Fixture();
    const [player, key] = ["p".repeat(128), "k".repeat(122)];
    await fixture.ask(`POST /api/players/${player}/changes`, { body: { ...GIVE, shard: 4294967280, key } });
    expect(fixture.trail.map(({ subject }) => subject)).toEqual([`4294967280/${player}/${key}`]);
  });

  const union = "must have item and count, and data where it is wanted; or take alone";
  const count = "must be a whole number from -1000000000000 to 1000000000000, but not 0";
  const bodies: [name: string, change: object, path: string, message: string][] = [
    ["nothing to change", { items: [] }, "", "must change something: items, profile or capacity"],
    ["no shard", { shard: undefined }, "shard", "is missing"],
    ["no reason", { why: undefined }, "why", "is missing"],
    ["an empty reason", { why: "" }, "why", "must have 1 to 512 characters"],
    ["a key that is too long", { key: "k".repeat(123) }, "key", "must have 1 to 122 characters"],
    ["a count of 0", { items: [{ item: "gold", count: 0 }] }, "items.0.count", count],
    ["half a piece", { items: [{ item: "gold", count: 0.5 }] }, "items.0.count", count],
    ["an item without a count", { items: [{ item: "gold" }] }, "items.0", union],
    [
      "129 items",
      { items: Array.from({ length: 129 }, () => GIVE.items[0]) },
      "items",
      "must have at most 128 entries",
    ],
    ["an unknown field", { dryRun: true }, "dryRun", "is not known here"],
    [
      "an id that is none",
      { items: [{ take: "x" }] },
      "items.0.take",
      "must be the id of a unique item, 32 of 0-9 and a-f",
    ],
    [
      "bytes that are none",
      { profile: { face: [{ $bytes: "x" }] } },
      "profile.face.0.$bytes",
      "must be pairs of hex digits, 0-9 and a-f",
    ],
    [
      "a field of the profile that begins with $",
      { profile: { $bytes: "00" } },
      "profile.$bytes",
      "is not allowed: $ at its beginning is written $$",
    ],
    ["places by half", { capacity: 0.5 }, "capacity", "must be a whole number from -2000 to 2000"],
  ];
  for (const [name, part, path, message] of bodies) {
    test(`with ${name} are 422 with the place and what is allowed`, async () => {
      const fixture = new Fixture();
      const { status, body } = await fixture.askJson(CHANGES, { body: { ...GIVE, ...part } });
      expect([status, (body as { issues: unknown }).issues]).toEqual([422, [{ path, message }]]);
      expect(fixture.port.playerData.asked).toEqual([]);
    });
  }
});
