/**
 * What the fake port says of rewards and mails.
 */

import type { DeliveryOverview, MailList } from "#admin/port_rewards.ts";
import { CROSS_CENTER, STARTED_AT_MS } from "./fake_cluster.ts";

export const TERM = "ab".repeat(16);

export const MAIL: MailList["mails"][number] = {
  id: "cd".repeat(16),
  player: "ann",
  title: "Boss",
  text: "Well done",
  items: [{ item: "gold", count: 5 }],
  writtenAtMs: STARTED_AT_MS,
  claimedAtMs: STARTED_AT_MS + 1,
  expiresAtMs: undefined,
};

export const HELD: DeliveryOverview["heldRewards"][number] = {
  owner: CROSS_CENTER,
  activity: "boss",
  term: TERM,
  group: "all",
  ranking: "damage",
  tier: "4",
  count: 2,
  player: "ben",
  why: "the reward table has no row for it",
};

export const DELIVERIES: DeliveryOverview = {
  pending: 3,
  held: 2,
  pendingSinceMs: STARTED_AT_MS,
  deliveries: [
    {
      owner: CROSS_CENTER,
      shard: 2,
      home: 2,
      activity: "boss",
      term: TERM,
      pending: 3,
      held: 2,
      acknowledged: 0,
      conflicting: 0,
      pendingSinceMs: STARTED_AT_MS,
      ackedAtMs: undefined,
      lane: "unreachable",
      attempt: 0,
      retryAtMs: undefined,
      why: "the center of shard 2 is not reachable",
    },
  ],
  heldRewards: [],
  more: false,
  silent: [],
};
