import { describe, expect, test } from "#test";
import { BAG_REQUESTS, parseAsk, pickRequest } from "#bots/bot_requests.ts";
import { botRequestsOf } from "#module/bot_request.ts";

const ASKING = { player: "bot-7", key: "k-1", unit: () => 0.5 };

describe("parseAsk()", () => {
  test("fills in a fresh key and the bot's name, wherever they stand in texts", () => {
    const parsed = parseAsk('2000:{"key":"$key","to":["$player","mail of $player"],"count":1,"no":null}');
    expect(parsed).toEqual({
      kind: "ok",
      request: { name: "2000", method: 2000, weight: 1, body: expect.any(Function) },
    });
    if (parsed.kind !== "ok") return;
    const body = { key: "k-1", to: ["bot-7", "mail of bot-7"], count: 1, no: null };
    expect(parsed.request.body(ASKING)).toEqual(body);
  });

  test("refuses what is no id, an id of the runtime's own, and what is no JSON", () => {
    const allowed = 'ID:JSON with an id from 1024 to 65535, like 2000:{"item":"apple"}';
    for (const text of ["", "2000", "2000:", "x:{}", "1023:{}", "65536:{}", "2000:{item}", "-2000:{}", "2000.5:{}"]) {
      expect([text, parseAsk(text)]).toEqual([text, { kind: "failed", allowed }]);
    }
  });
});

describe("pickRequest()", () => {
  test("picks each as often as its weight says", () => {
    const counts = new Map<string, number>();
    for (let step = 0; step < 1200; step += 1) {
      const { name } = pickRequest(BAG_REQUESTS, (step + 0.5) / 1200);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).toEqual({
      ...{ "player_bag.look": 800, "player_bag.mails": 100, "player_bag.discard": 300 },
    });
  });

  test("takes the only one for every chance", () => {
    const [only] = BAG_REQUESTS;
    if (only === undefined) throw new Error("nothing to ask");
    expect([0, 0.5, 0.999_999].map((unit) => pickRequest([only], unit).name)).toEqual([
      only.name,
      only.name,
      only.name,
    ]);
  });
});

describe("botRequestsOf()", () => {
  const good = { name: "boss.hit", method: 2000, weight: 2, body: () => ({}) };

  test("takes a module's list", () => {
    expect(botRequestsOf([good])).toEqual({ kind: "ok", requests: [good] });
  });

  test("says what is wrong with one that is none", () => {
    const wanted = "a list of { name: text, method: 1024 to 65535, weight: above 0, body: function }";
    const reason = (value: unknown): unknown => botRequestsOf(value);
    const failed = (found: string): unknown => ({
      kind: "failed",
      reason: `its export "bots" ${found}, allowed is ${wanted}`,
    });
    expect(reason(undefined)).toEqual(failed("is missing"));
    expect(reason([])).toEqual(failed("is an empty list"));
    expect(reason({})).toEqual(failed("is object"));
    const bads = [{ ...good, name: "" }, { ...good, method: 7 }, { ...good, weight: 0 }, { ...good, body: {} }, null];
    for (const bad of bads) expect(reason([good, bad])).toEqual(failed("has something else at 1"));
  });
});
