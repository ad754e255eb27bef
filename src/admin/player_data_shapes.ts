/**
 * What goes out about players' data, as shapes.ts does for the rest. What modules keep is plain data: plain_json.ts.
 */

import * as v from "valibot";

const Text = v.string();
const Count = v.pipe(v.number(), v.integer());
const TimeMs = v.pipe(v.number(), v.description("Milliseconds since 1970-01-01 UTC"));
const ItemCountShape = v.object({ item: Text, count: Count });
const Plain = v.pipe(
  v.unknown(),
  v.description("Plain data; bytes are {$bytes: hex}, long integers {$integer: digits}"),
);

export const PlayerDataShape = v.pipe(
  v.object({
    shard: Count,
    owner: v.pipe(Text, v.description("The user node that has taken the player over last")),
    epoch: v.pipe(Count, v.description("Grows whenever a node takes the player over")),
    version: v.pipe(Count, v.description("Grows with every change")),
    createdAtMs: TimeMs,
    changedAtMs: TimeMs,
    profile: v.record(Text, Plain),
    bag: v.object({
      capacity: v.pipe(Count, v.description("Places")),
      used: v.pipe(Count, v.description("Places that are taken, as the node that answered counts them")),
      items: v.pipe(v.array(ItemCountShape), v.description("Currencies and stacks, by name")),
      uniques: v.array(v.object({ id: Text, item: Text, data: Plain })),
    }),
  }),
  v.metadata({ ref: "PlayerData" }),
);

export const UnreadableShardShape = v.object({ shard: Count, reason: Text });

const LedgerRowShape = v.pipe(
  v.object({
    number: v.pipe(Count, v.description("1 is the player's first")),
    atMs: TimeMs,
    version: v.pipe(Count, v.description("Of the player's data after the change; rows of one change have the same")),
    key: Text,
    reason: Text,
    subject: v.pipe(Text, v.description("What `name` is: item, unique, profile or capacity")),
    name: Text,
    id: v.pipe(Text, v.description("Of a unique item; else empty")),
    before: Count,
    after: Count,
    values: v.pipe(
      v.unknown(),
      v.description("Of a field of the profile or a unique item: before and after, as plain data. Else null"),
    ),
  }),
  v.metadata({ ref: "LedgerRow" }),
);

export const PlayerLedgerAnswer = v.object({
  player: Text,
  shard: Count,
  rows: v.pipe(v.array(LedgerRowShape), v.description("The newest first")),
  next: v.exactOptional(v.pipe(Count, v.description("`before` of the next page; left out at the end"))),
});

export const PlayerChangeAnswer = v.object({
  shard: Count,
  node: v.pipe(Text, v.description("The user node that has made it")),
  version: v.pipe(Count, v.description("Of the player's data when it was made")),
  items: v.pipe(v.array(ItemCountShape), v.description("What it came to, by name; negative is less")),
  made: v.array(v.object({ id: Text, item: Text })),
  changed: v.pipe(v.boolean(), v.description("False: it was made before, under the same key")),
});
