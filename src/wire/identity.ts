/**
 * Who a process is: stable id, shard, and the boot that tells one start of it from the next.
 */

import type { NodeId, NodeKey, Role } from "./role.ts";
import { nodeId, nodeKey } from "./role.ts";

/** What a node tells every other one about itself in the handshake and in route news. */
export interface Identity {
  readonly id: NodeId;
  readonly key: NodeKey;
  readonly role: Role;
  readonly number: number;
  /** The shard that it belongs to; 0 for the cross tier and the edge. */
  readonly shard: number;
  /** 16 random bytes in hex, drawn at each start. */
  readonly boot: string;
  /** Wall clock at the start, in ms. */
  readonly startedAtMs: number;
}

export function identity(of: {
  readonly role: Role;
  readonly number: number;
  readonly shard: number;
  readonly boot: string;
  readonly startedAtMs: number;
}): Identity {
  return { id: nodeId(of.role, of.number), key: nodeKey(of.role, of.number), ...of };
}

/** The first 32 bits of the boot: what replies are matched on, together with the call id. */
export function callerTag(boot: string): number {
  return Number.parseInt(boot.slice(0, 8), 16);
}
