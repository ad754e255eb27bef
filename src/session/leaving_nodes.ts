/**
 * Nodes of a shard that have told their gateway that they are about to stop: players' requests go to them no more. Pure.
 * One life of a node: when it comes back with another boot it is a new one. Bound: one entry for each node of the shard.
 */

import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";

export class LeavingNodes {
  readonly #boots = new Map<NodeKey, string>();

  add({ key, boot }: Identity): void {
    this.#boots.set(key, boot);
  }

  has({ key, boot }: Identity): boolean {
    return this.#boots.get(key) === boot;
  }

  staying(nodes: readonly Identity[]): readonly Identity[] {
    return this.#boots.size === 0 ? nodes : nodes.filter((node) => !this.has(node));
  }
}
