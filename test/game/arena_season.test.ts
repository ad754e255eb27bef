import { describe, expect, test } from "#test";
import {
  arenaSeason,
  DUEL_TIME_MAX_MS,
  DUELS_MAX,
  RATING_DISTANCE,
  RATING_START,
  ratingMove,
  SEEK_TIME_MAX_MS,
  SEEKING_MAX,
  WIDEN_MS,
} from "#game/arena_season.ts";
import { Refusal } from "#activity/reports/refusal.ts";
import { STATE_SIZE_MAX } from "#activity/term_state.ts";
import type { OwnerTerm } from "#module/owner_term.ts";
import { packBody } from "#wire/body.ts";
import { KindGround } from "./kind_ground.ts";

const CONFIG = { tiers: [{ tier: "champion", toPlace: 1 }], mails: { champion: { title: "Champion" } } };

async function season(players: Readonly<Record<string, number>>): Promise<KindGround> {
  const ground = await KindGround.make(arenaSeason, CONFIG);
  for (const [player, shard] of Object.entries(players)) await ground.join(shard, player);
  return ground;
}

async function rivalsOf(ground: KindGround, shard: number, player: string): Promise<readonly string[] | undefined> {
  const reply = (await ground.reply(shard, player, { type: "seek" })) as { duel?: { players: string[] } };
  return reply.duel?.players;
}

/** A duel that `winner` wins, reported by whoever found it. */
async function fight(ground: KindGround, [one, other]: readonly [string, string], shard: number): Promise<void> {
  await ground.reply(shard, other, { type: "seek" });
  const { duel } = (await ground.reply(shard, one, { type: "seek" })) as { duel: { id: number } };
  await ground.reply(shard, one, { type: "result", duel: duel.id, winner: one });
}

describe("arena_season", () => {
  test("only those who have signed up may seek, and begin with one rating", async () => {
    const ground = await season({ ann: 1 });
    expect((await ground.report(1, "bob", { type: "seek" })).kind).toBe("not_joined");
    expect(await ground.top("rating", "east")).toEqual([`ann:${RATING_START}`]);
  });

  test("two who seek are matched across the shards of a group, and each hears the same duel", async () => {
    const ground = await season({ ann: 1, bob: 2, cat: 3 });
    expect(await rivalsOf(ground, 1, "ann")).toBeUndefined();
    expect(await rivalsOf(ground, 3, "cat")).toBeUndefined();
    expect(await rivalsOf(ground, 2, "bob")).toEqual(["bob", "ann"]);
    expect(await rivalsOf(ground, 1, "ann")).toEqual(["bob", "ann"]);
    expect(await rivalsOf(ground, 3, "cat")).toBeUndefined();
  });

  test("what is kept of a term stays within what an owner keeps, however many seek in however many groups", () => {
    const term = {
      state: { arenas: {} },
      nowMs: 1_700_000_000_000,
      ranking: () => ({ get: () => RATING_START }),
    };
    const seekAs = (number: number): string => {
      const of = { player: String(number).padStart(64, "x"), shard: 4_000_000_000, group: `group-${number % 2}` };
      try {
        arenaSeason.onReport?.(term as unknown as OwnerTerm, { ...of, body: { type: "seek" } });
        return "taken";
      } catch (error) {
        return error instanceof Refusal ? "refused" : String(error);
      }
    };
    const players = Array.from({ length: 2 * (SEEKING_MAX + 2 * DUELS_MAX) }, (_, number) => number);
    expect(new Set(players.map(seekAs))).toEqual(new Set(["taken", "refused"]));
    const groupsSize = 1_024 * 110;
    expect(packBody(term.state).length).toBeLessThan(STATE_SIZE_MAX - groupsSize);
    term.nowMs += DUEL_TIME_MAX_MS + 1;
    expect(players.slice(0, 4).map(seekAs)).toEqual(["taken", "taken", "taken", "taken"]);
  });

  test("the winner takes from the loser what Elo's formula says, once, and each keeps his home", async () => {
    const ground = await season({ ann: 1, bob: 2 });
    await fight(ground, ["ann", "bob"], 1);
    const moved = ratingMove(RATING_START, RATING_START);
    expect(await ground.top("rating", "east")).toEqual([`ann:${RATING_START + moved}`, `bob:${RATING_START - moved}`]);
    const again = await ground.report(2, "bob", { type: "result", duel: 1, winner: "bob" });
    expect(again).toEqual({ kind: "refused", detail: "there is no such duel" });
    // Ann's node reported for both.
    const owner = ground.owner.rankings;
    const top = await owner.top({ activity: "it", ranking: "rating", group: "east", shard: 0, offset: 0, count: 2 });
    expect(top.kind === "ok" ? top.places.map(({ subject, shard }) => [subject, shard]) : top).toEqual([
      ["ann", 1],
      ["bob", 2],
    ]);
    expect(await ground.settle()).toEqual(["east ann 1 champion Champion"]);
  });

  test("whoever is not in a duel reports none, and names no winner from outside", async () => {
    const ground = await season({ ann: 1, bob: 2, cid: 1 });
    await rivalsOf(ground, 1, "ann");
    await rivalsOf(ground, 2, "bob");
    const detail = "there is no such duel";
    expect(await ground.report(1, "cid", { type: "result", duel: 1, winner: "cid" })).toEqual({
      kind: "refused",
      detail,
    });
    expect(await ground.report(1, "ann", { type: "result", duel: 1, winner: "cid" })).toMatchObject({
      kind: "refused",
    });
    expect(await rivalsOf(ground, 1, "ann")).toEqual(["bob", "ann"]);
  });

  test("ratings far apart meet when one has waited long enough", async () => {
    const others = Array.from({ length: 12 }, (_, index) => `p${index}`);
    const ground = await season({ ann: 1, bob: 1, ...Object.fromEntries(others.map((other) => [other, 1])) });
    const lead = async (): Promise<number> => Number((await ground.top("rating", "east"))[0]?.slice(4)) - RATING_START;
    for (const other of others) if ((await lead()) <= RATING_DISTANCE) await fight(ground, ["ann", other], 1);
    expect(await lead()).toBeGreaterThan(RATING_DISTANCE);
    expect(await rivalsOf(ground, 1, "ann")).toBeUndefined();
    expect(await rivalsOf(ground, 1, "bob")).toBeUndefined();
    ground.world.clock.advance(WIDEN_MS);
    expect(await rivalsOf(ground, 1, "bob")).toEqual(["bob", "ann"]);
  });

  test("who stops seeking is not found, and a duel that nobody reports is none any more", async () => {
    const ground = await season({ ann: 1, bob: 2 });
    await rivalsOf(ground, 1, "ann");
    ground.world.clock.advance(SEEK_TIME_MAX_MS + 1);
    expect(await rivalsOf(ground, 2, "bob")).toBeUndefined();
    await ground.reply(2, "bob", { type: "give_up" });
    expect(await rivalsOf(ground, 1, "ann")).toBeUndefined();
    expect(await rivalsOf(ground, 2, "bob")).toEqual(["bob", "ann"]);
    ground.world.clock.advance(DUEL_TIME_MAX_MS + 1);
    expect(await ground.report(1, "ann", { type: "result", duel: 1, winner: "ann" })).toMatchObject({
      kind: "refused",
    });
    expect(await ground.top("rating", "east")).toEqual([`ann:${RATING_START}`, `bob:${RATING_START}`]);
  });
});
