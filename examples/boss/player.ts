/**
 * A player of the boss: logs in at a shard's gateway, waits for a boss, strikes it three times, says what came of it and what
 * is in the bag then.
 *
 *   dist/bun examples/boss/player.ts ws://127.0.0.1:7012 "$(dist/kuafu token --player ann --config examples/demo.toml)"
 */

import { PlayerClient } from "../../src/client/client.ts";

const STRIKE = 2000;
/** Of the module `player_bag`, which every node hosts. */
const LOOK = 1100;

interface Struck {
  readonly place: number;
  readonly total: number;
}

interface Bag {
  readonly bag: { readonly items: readonly { readonly item: string; readonly count: number }[] };
}
const [url = "", token = ""] = process.argv.slice(2);
const client = new PlayerClient({ url, token: () => token });
client.onStatus((status) => console.log(status.kind === "offline" ? status : status.kind));
client.connect();
for (let strikes = 0; strikes < 3;) {
  const request = { strike: `${Date.now()}-${strikes}`, damage: 10 };
  const { place, total } = (await client.request(STRIKE, request, { repeatable: true })) as Struck;
  if (place > 0) strikes += 1;
  console.log(place === 0 ? "no boss yet" : `place ${place} with ${total}`);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
const { bag } = (await client.request(LOOK, {}, { repeatable: true })) as Bag;
console.log(`in the bag: ${bag.items.map(({ item, count }) => `${count} ${item}`).join(", ")}`);
client.close();
