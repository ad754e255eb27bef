/**
 * Players over HTTP: what the port is asked, what comes back, and what the audit trail keeps.
 */

import { describe, expect, test } from "#test";
import { UNREADABLE } from "./fake_player_data.ts";
import { DOOR, LOST, WAITING } from "./fake_players.ts";
import { Fixture, READ_SECRET } from "./fixture.ts";

const MAINTENANCE = "POST /api/maintenance";

describe("Sessions", () => {
  test("say how many players are where", async () => {
    const { status, body } = await new Fixture().askJson("GET /api/sessions", { token: READ_SECRET });
    expect([status, body]).toEqual([200, { sessions: 4, doors: [DOOR], silent: ["gateway:2"] }]);
  });
});

describe("Players: where", () => {
  test("says at which gateways a player is or waits, and who did not answer", async () => {
    const { status, body } = await new Fixture().askJson("GET /api/players/ann", { token: READ_SECRET });
    const { gateway, shard, session, sinceMs, lostSinceMs, map } = LOST;
    const at = [
      { gateway, shard, session, sinceMs, lostSinceMs, map },
      { gateway, shard, place: WAITING.place },
    ];
    expect([status, body]).toEqual([
      200,
      { player: "ann", at, silent: ["gateway:2"], data: [expect.any(Object)], unreadable: [UNREADABLE] },
    ]);
  });

  test("is an empty list of who is not online, and 404 of what no player can be called", async () => {
    const fixture = new Fixture();
    const nobody = await fixture.askJson("GET /api/players/b%2Fen?shard=1");
    const nothing = { player: "b/en", at: [], silent: ["gateway:2"], data: [], unreadable: [] };
    expect([nobody.status, nobody.body]).toEqual([200, nothing]);
    const tooLong = await fixture.askJson(`GET /api/players/${"x".repeat(129)}`);
    expect(tooLong.status).toEqual(404);
  });
});

describe("Players: kick", () => {
  test("needs no body, and may name the shard, what the player hears, and why", async () => {
    const fixture = new Fixture();
    const { status, body } = await fixture.askJson("POST /api/players/ann/kick");
    expect([status, body]).toEqual([200, { gateways: ["gateway:1"], silent: [], changed: true }]);
    await fixture.askJson("POST /api/players/b%2Fen/kick", { body: { shard: 3, detail: "cheats", why: "ticket 7" } });
    expect(fixture.port.asked).toEqual([
      { player: "ann", shard: undefined, detail: "ended by an operator" },
      { player: "b/en", shard: 3, detail: "cheats" },
    ]);
    expect(fixture.trail.map(({ verb, subject, outcome, why }) => [verb, subject, outcome, why])).toEqual([
      ["player.kick", "ann", "done", ""],
      ["player.kick", "b/en", "unchanged", "ticket 7"],
    ]);
  });

  test("is not for those who may only read", async () => {
    const fixture = new Fixture();
    const { status } = await fixture.askJson("POST /api/players/ann/kick", { token: READ_SECRET });
    expect([status, fixture.port.asked]).toEqual([403, []]);
  });
});

describe("Maintenance", () => {
  test("is of every shard or one, with a white list or the one before", async () => {
    const fixture = new Fixture();
    const { status, body } = await fixture.askJson(MAINTENANCE, { body: { on: true, whiteList: ["qa"], why: "r12" } });
    expect([status, body]).toEqual([200, { gateways: ["gateway:1"], silent: ["gateway:2"], changed: true }]);
    await fixture.askJson(MAINTENANCE, { body: { on: false, shard: 2 } });
    expect(fixture.port.asked).toEqual([
      { isOn: true, shard: undefined, whiteList: ["qa"] },
      { isOn: false, shard: 2, whiteList: undefined },
    ]);
    expect(fixture.trail.map(({ verb, subject, why }) => [verb, subject, why])).toEqual([
      ["maintenance", "on every shard", "r12"],
      ["maintenance", "off shard 2", ""],
    ]);
  });

  test("asked for wrongly is 422 with the place and what is allowed", async () => {
    const body = { on: 1, shard: 0, whiteList: [""] };
    const answer = await new Fixture().askJson(MAINTENANCE, { body });
    expect([answer.status, (answer.body as { issues: unknown }).issues]).toEqual([
      422,
      [
        { path: "on", message: "must be true or false" },
        { path: "shard", message: "must be the number of a shard, 1 to 4294967280" },
        { path: "whiteList.0", message: "must have 1 to 128 characters" },
      ],
    ]);
  });
});
