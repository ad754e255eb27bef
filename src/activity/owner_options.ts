/**
 * What an owner of activities is made of. Types only.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { Store } from "#store/store.ts";
import type { Identity } from "#wire/identity.ts";
import type { ActivityKinds } from "./outcome.ts";
import type { Publish } from "./owned_topics.ts";
import type { ShardGroups } from "./groups/term_groups.ts";
import type { RewardSink } from "./ranks/reward_walk.ts";

export interface ActivityOwnerOptions {
  readonly self: Identity;
  readonly store: Store;
  readonly clock: Clock;
  /** The cluster's wall clock, which for its own activities is this owner's. */
  readonly clusterMs: () => number;
  readonly random: Random;
  readonly digest: Digest;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly kinds: ActivityKinds;
  /** Whom the activities divide into groups. */
  readonly shards: ShardGroups;
  readonly publish: Publish;
  /** StateTopics.forget */
  readonly forget: (topic: string) => void;
  /** Undefined: a kind that gives rewards stops before it gives any. */
  readonly rewards?: RewardSink | undefined;
  /** Default: RANK_ENTRIES_MAX. */
  readonly rankEntriesMax?: number | undefined;
}
