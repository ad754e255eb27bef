/**
 * What a node reports of itself and of those that it can reach: the replies of RuntimeContract as plain types.
 */

import type { LinkStatus } from "#link/link_port.ts";
import type { NodeId, Role } from "#wire/role.ts";

export interface AppliedTopic {
  readonly topic: string;
  /** `epoch.revision.hash` */
  readonly version: string;
  /** Wall clock of the node. */
  readonly appliedAtMs: number;
}

export interface NodeRow {
  readonly id: NodeId;
  readonly role: Role;
  readonly shard: number;
  readonly boot: string;
  readonly startedAtMs: number;
  /** The gateway that it is attached to; its own id for a gateway. */
  readonly gateway: NodeId;
  /** True when its state topics are those of the gateway that it is attached to, and that one's are the owner's. */
  readonly current: boolean;
  /** Wall clock since when it is not, else undefined. */
  readonly behindSinceMs: number | undefined;
}

export interface NodeDescription {
  readonly id: NodeId;
  readonly role: Role;
  readonly shard: number;
  readonly boot: string;
  readonly release: string;
  readonly startedAtMs: number;
  readonly uptimeMs: number;
  readonly draining: boolean;
  /** e.g. "gateway:1 silent for 4 s => exit", or undefined when it follows none. */
  readonly policy: string | undefined;
  readonly links: readonly LinkStatus[];
  readonly applied: readonly AppliedTopic[];
  readonly modules: readonly string[];
  readonly logins: number;
  readonly counters: Readonly<Record<string, number>>;
}

export interface Problem {
  readonly name: string;
  readonly detail: string;
  readonly sinceMs: number;
}

export interface NodeHealth {
  readonly id: NodeId;
  readonly ok: boolean;
  readonly problems: readonly Problem[];
}
