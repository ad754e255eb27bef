/**
 * What goes out about rewards and mails, as shapes.ts does for the rest.
 */

import { LANE_STATES } from "#delivery/delivery_contract.ts";
import * as v from "valibot";

const Text = v.string();
const Flag = v.boolean();
const Count = v.pipe(v.number(), v.integer());
const TimeMs = v.pipe(v.number(), v.description("Milliseconds since 1970-01-01 UTC"));

export const MailShape = v.pipe(
  v.object({
    id: v.pipe(Text, v.description("Unique in the cluster")),
    player: Text,
    title: Text,
    text: Text,
    items: v.array(v.object({ item: Text, count: Count })),
    writtenAtMs: TimeMs,
    claimedAtMs: v.optional(
      v.pipe(v.number(), v.description("Since then its items are in the bag; left out: not yet")),
    ),
    expiresAtMs: v.optional(TimeMs),
  }),
  v.metadata({ ref: "Mail" }),
);

export const DeliveryShape = v.pipe(
  v.object({
    owner: v.pipe(Text, v.description("The cross_center that sends them")),
    shard: v.pipe(Count, v.description("Where the recipients were at home when it was issued")),
    home: v.pipe(Count, v.description("The shard that this one lives on in; itself if it was not merged")),
    activity: Text,
    term: Text,
    pending: Count,
    held: Count,
    acknowledged: Count,
    conflicting: v.pipe(Count, v.description("Issued again with another mail: the first one stands")),
    pendingSinceMs: v.optional(v.pipe(TimeMs, v.description("Since when something of it is pending"))),
    ackedAtMs: v.optional(v.pipe(TimeMs, v.description("When the shard acknowledged something of it last"))),
    lane: v.pipe(v.picklist(LANE_STATES), v.description("How it is between the owner and the center of `home`")),
    attempt: v.pipe(Count, v.description("Failures in a row")),
    retryAtMs: v.optional(TimeMs),
    why: v.optional(v.pipe(Text, v.description("Why what is pending has not arrived"))),
  }),
  v.metadata({ ref: "Delivery" }),
);

export const HeldShape = v.pipe(
  v.object({
    owner: Text,
    activity: Text,
    term: Text,
    group: Text,
    ranking: Text,
    tier: Text,
    count: Count,
    player: v.pipe(Text, v.description("One of the recipients")),
    why: Text,
  }),
  v.metadata({ ref: "HeldRewards" }),
);

export const MailsAnswer = v.object({
  node: v.pipe(Text, v.description("The center that keeps them")),
  mails: v.array(MailShape),
  next: v.optional(v.pipe(Text, v.description("`after` of the next page; left out at the end"))),
});

export const DeliveriesAnswer = v.object({
  pending: v.pipe(Count, v.description("Of all shards and activities, whatever was asked for")),
  held: Count,
  pendingSinceMs: v.optional(v.pipe(TimeMs, v.description("Since when the one that waits longest has waited"))),
  deliveries: v.pipe(v.array(DeliveryShape), v.description("By term and shard, the longest pending first")),
  heldRewards: v.pipe(v.array(HeldShape), v.description("When `state` is held: what `release` takes")),
  more: v.pipe(Flag, v.description("There are more than one answer lists")),
  silent: v.pipe(v.array(Text), v.description("Owners that did not answer: what they send is not in the list")),
});

export const RewardsChangeAnswer = v.object({
  count: v.pipe(Count, v.description("Rewards that are sent now, or would be")),
  more: v.pipe(Flag, v.description("There are more than one request changes: ask again")),
  ackedUntilMs: v.optional(v.pipe(TimeMs, v.description("Of a replay: give it with the next request"))),
  changed: v.pipe(Flag, v.description("False: there were none")),
});
