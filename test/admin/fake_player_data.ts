/**
 * What the fake admin port says about players' data: shard 1 has ann, shard 2 is unreadable. What it was asked is kept.
 */

import type { AdminResult, PlayerDataPort } from "#admin/port.ts";
import type {
  PlayerChanged,
  PlayerChangeRequest,
  PlayerDataFound,
  PlayerDataQuery,
  PlayerDataRow,
  PlayerLedger,
  PlayerLedgerQuery,
  UnreadableShard,
} from "#admin/port_player_data.ts";
import { nodeId } from "#wire/role.ts";
import { ok } from "./fake_cluster.ts";

export const SWORD_ID = "ab".repeat(16);

export const ANN: PlayerDataRow = {
  ...{ shard: 1, owner: "user:101", epoch: 3, version: 7 },
  ...{ createdAtMs: 1_700_000_000_000, changedAtMs: 1_700_000_060_000 },
  profile: { name: "Ann", face: Uint8Array.of(0, 255), $seed: 2n ** 63n },
  bag: {
    ...{ capacity: 200, used: 1 },
    items: [{ item: "gold", count: 5 }],
    uniques: [{ id: SWORD_ID, item: "sword", data: { runes: [Uint8Array.of(7)], luck: Number.NaN } }],
  },
};

export const UNREADABLE: UnreadableShard = { shard: 2, reason: "no user of shard 2 is reachable" };

export const LEDGER: PlayerLedger = {
  shard: 1,
  rows: [
    {
      ...{ number: 9, atMs: 1_700_000_060_000, version: 7, key: "change:k", reason: "shop", subject: "unique" },
      ...{ name: "sword", id: SWORD_ID, before: 0, after: 1, values: { after: { runes: [Uint8Array.of(7)] } } },
    },
  ],
  next: 9,
};

export class FakePlayerData implements PlayerDataPort {
  readonly asked: unknown[] = [];
  /** Of the next change. */
  outcome: AdminResult<PlayerChanged> = ok({
    ...{ shard: 1, node: nodeId("user", 101), version: 8 },
    items: [{ item: "gold", count: 5 }],
    made: [],
  });

  look({ player, shard }: PlayerDataQuery): Promise<AdminResult<PlayerDataFound>> {
    const isAsked = (one: { readonly shard: number }): boolean => shard === undefined || shard === one.shard;
    const data = player === "ann" ? [ANN].filter(isAsked) : [];
    return Promise.resolve(ok({ data, unreadable: [UNREADABLE].filter(isAsked) }, false));
  }

  ledger(query: PlayerLedgerQuery): Promise<AdminResult<PlayerLedger>> {
    this.asked.push(query);
    return Promise.resolve(ok(query.before === 1 ? { ...LEDGER, rows: [], next: undefined } : LEDGER, false));
  }

  change(request: PlayerChangeRequest): Promise<AdminResult<PlayerChanged>> {
    this.asked.push(request);
    return Promise.resolve(this.outcome);
  }
}
