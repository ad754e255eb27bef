import { describe, expect, test } from "#test";
import { mailsSchema, rewardOfPlace, tiersSchema } from "#game/place_rewards.ts";
import * as v from "valibot";

const MAILS = v.parse(mailsSchema, { first: { title: "First" } });
const TIERS = v.parse(tiersSchema, [
  { tier: "first", toPlace: 1 },
  { tier: "some", toPlace: 10 },
]);

function faults(input: unknown): readonly string[] {
  const parsed = v.safeParse(tiersSchema, input);
  return parsed.success ? [] : parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ""}: ${issue.message}`);
}

describe("rewardOfPlace", () => {
  test("is the first tier that reaches the place, with its mail where there is one", () => {
    const mail = { title: "First", text: "", items: [] };
    expect([1, 2, 10, 11].map((place) => rewardOfPlace({ tiers: TIERS, mails: MAILS }, place))).toEqual([
      { tier: "first", mail },
      { tier: "some", mail: undefined },
      { tier: "some", mail: undefined },
      undefined,
    ]);
  });
});

describe("Tiers", () => {
  test("are in order, each once, from place 1 on", () => {
    expect(faults([{ tier: "a", toPlace: 0 }])).toEqual(["0.toPlace: must be at least 1: the first place"]);
    const twice = [
      { tier: "a", toPlace: 1 },
      { tier: "a", toPlace: 2 },
    ];
    expect(faults(twice)).toEqual([": must name each tier once"]);
    const name = "must be 1 to 64 of a-z, 0-9, _ and -, and neither __proto__ nor constructor";
    for (const tier of ["__proto__", "constructor"]) {
      expect(faults([{ tier, toPlace: 1 }])).toEqual([`0.tier: ${name}`]);
    }
    const turned = [
      { tier: "a", toPlace: 2 },
      { tier: "b", toPlace: 2 },
    ];
    expect(faults(turned)).toEqual([": must be in the order of toPlace, each tier once"]);
  });
});
