/**
 * What the admin port answers about rewards and mails. Types only.
 */

import type { DeliveryContract } from "#delivery/delivery_contract.ts";
import type { MailPage } from "#delivery/mail_table.ts";
import type { DeliveryState, Standing } from "#delivery/outbox_overview.ts";
import type { Mail } from "#delivery/reward.ts";
import type { ReplyOf } from "#rpc/contract.ts";
import type { NodeId } from "#wire/role.ts";

export interface MailQuery {
  readonly shard: number;
  readonly player: string;
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export interface MailList extends MailPage {
  /** The center that keeps them. */
  readonly node: NodeId;
}

export interface DeliveriesQuery {
  readonly owner?: NodeId | undefined;
  readonly activity?: string | undefined;
  readonly term?: string | undefined;
  readonly shard?: number | undefined;
  readonly state?: DeliveryState | undefined;
}

type DeliveriesReply = ReplyOf<typeof DeliveryContract.deliveries>;
type ByOwner<T> = T & { readonly owner: NodeId };

export interface DeliveryOverview extends Standing {
  readonly deliveries: readonly ByOwner<DeliveriesReply["deliveries"][number]>[];
  readonly heldRewards: readonly ByOwner<DeliveriesReply["heldRewards"][number]>[];
  /** There are more than one answer lists. */
  readonly more: boolean;
  /** Owners that did not answer. */
  readonly silent: readonly NodeId[];
}

export interface ResendRequest {
  readonly owner?: NodeId | undefined;
  readonly activity: string;
  readonly term: string;
  readonly shard?: number | undefined;
  readonly player?: string | undefined;
  /** Only what was acknowledged until then; default: now. */
  readonly ackedUntilMs?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface ReleaseRequest {
  readonly owner?: NodeId | undefined;
  readonly activity: string;
  readonly term: string;
  readonly group: string;
  readonly ranking: string;
  readonly tier: string;
  readonly player?: string | undefined;
  readonly mail: Mail;
  readonly dryRun?: boolean | undefined;
}

export interface RewardsChange {
  readonly count: number;
  /** There are more: ask again, of a replay with `ackedUntilMs`. */
  readonly more: boolean;
  readonly ackedUntilMs: number | undefined;
}
