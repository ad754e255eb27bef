/**
 * Shards for the admin API: what a cross_center knows of them, and what a rule for groups would come to. One owner is
 * asked: the one that is named, else the one that takes activities that name none.
 */

import type { GroupRule } from "#activity/groups/groups_rule.ts";
import { ShardContract } from "#activity/shards/shard_contract.ts";
import type { Node } from "#module/node.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import type { MeshOwners } from "./mesh_owners.ts";
import { CHANGE_TIMEOUT_MS, NO_OWNER } from "./mesh_owners.ts";
import type { AdminResult } from "./port.ts";
import type { GroupsDryRun, GroupsPreview, ShardOverview } from "./port_shards.ts";

export class MeshShards {
  readonly #node: Node;
  readonly #owners: MeshOwners;

  constructor(node: Node, owners: MeshOwners) {
    this.#node = node;
    this.#owners = owners;
  }

  async list(named: NodeId | undefined): Promise<AdminResult<ShardOverview>> {
    const owner = named ?? this.#owners.ofNew();
    if (owner === undefined) return NO_OWNER;
    const { shards } = await this.#node.endpoint.caller.call(ShardContract.list, {}, this.#to(owner));
    return { kind: "ok", changed: false, value: { owner, shards } };
  }

  async dryRun({ rule, atMs, owner: named }: GroupsDryRun): Promise<AdminResult<GroupsPreview>> {
    const owner = named ?? this.#owners.ofNew();
    if (owner === undefined) return NO_OWNER;
    const request: { rule: GroupRule; atMs?: number } = atMs === undefined ? { rule } : { rule, atMs };
    const outcome = await this.#node.endpoint.caller.call(ShardContract.divide, request, this.#to(owner));
    if (outcome.kind === "invalid") return outcome;
    const { kind, ...value } = outcome;
    return { kind, changed: false, value: { owner, ...value } };
  }

  #to(owner: NodeId) {
    return { to: { key: keyOfId(owner) }, timeoutMs: CHANGE_TIMEOUT_MS };
  }
}
