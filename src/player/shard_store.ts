/**
 * The center's side of admission: keeps which store of player data its shard has. Without it two `user` nodes on two
 * machines, each with an empty file of its own, would both serve the same players.
 */

import type { Endpoint } from "#rpc/endpoint.ts";
import type { MigrationSet } from "#store/migrations.ts";
import { textOf } from "#store/row.ts";
import type { Store, Tx } from "#store/store.ts";
import { PlayerDataContract } from "./player_data_contract.ts";

export const SHARD_STORE_MIGRATIONS: MigrationSet = {
  name: "shard_store",
  migrations: [
    {
      name: "pin",
      statements: [
        `CREATE TABLE shard_store (
          shard BIGINT PRIMARY KEY,
          store TEXT NOT NULL
        )`,
      ],
    },
  ],
};

/** The store that this shard has: this one, if there was none. */
export async function pinStore(
  tx: Tx,
  { shard, store }: { readonly shard: number; readonly store: string },
): Promise<string> {
  await tx.run("INSERT INTO shard_store (shard, store) VALUES (?, ?) ON CONFLICT (shard) DO NOTHING", [shard, store]);
  const row = await tx.get("SELECT store FROM shard_store WHERE shard = ?", [shard]);
  return row === undefined ? store : textOf(row, "store");
}

export function servePins(options: {
  readonly shard: number;
  readonly store: Store;
  readonly endpoint: Pick<Endpoint, "server">;
  /** Is it a node of this shard? */
  readonly isOwn: (source: string) => boolean;
}): void {
  const { shard, store, endpoint, isOwn } = options;
  endpoint.server.serve(PlayerDataContract.pin, async ({ store: id }, { source }) => {
    if (!isOwn(source)) throw new TypeError(`only nodes of shard ${shard} may ask for its store, not ${source}`);
    return { store: await store.transaction((tx) => pinStore(tx, { shard, store: id })) };
  });
}
