import { describe, expect, test } from "#test";
import { PLAYER_DATA_KEPT } from "#player/ledger_table.ts";
import { WHOLE, configOf, faultsOf, planOf } from "./parsed.ts";

const DAY_MS = 86_400_000;

describe("[player_data]", () => {
  test("may be left out, or say how many days are kept", () => {
    expect(configOf(WHOLE).playerData).toEqual(PLAYER_DATA_KEPT);
    expect(configOf(`${WHOLE}[player_data]\n`).playerData).toEqual(PLAYER_DATA_KEPT);
    const plan = planOf(`${WHOLE}[player_data]\nledger_days = 7\nkey_days = 2\n`, "user:301");
    expect(plan.playerData).toEqual({ ledgerKeptMs: 7 * DAY_MS, keyKeptMs: 2 * DAY_MS });
    expect(plan.shardDir).toBe("data/shard-3");
  });

  test("names what can't be", () => {
    expect(faultsOf(`${WHOLE}[player_data]\nledger_days = 0\nkey_days = 1.5\ndays = 3\n`).toSorted()).toEqual([
      'player_data.days: found an unknown key "days"; allowed: ledger_days or key_days',
      "player_data.key_days: found 1.5; allowed: a whole number of days from 1 to 365",
      "player_data.ledger_days: found 0; allowed: a whole number of days from 1 to 3650",
    ]);
  });
});
