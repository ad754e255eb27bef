/**
 * Targets in words to node keys: a node id as it is; of a role, the node that serves the caller's shard.
 *
 *   role of a shard that it has once     its number is the shard's
 *   role of a shard that it has several  rendezvous over those that are reachable
 *   cross_center, cross_map              the assignment of the caller's (or the named) shard
 *   other roles                          rendezvous over those that are reachable
 *
 * Throws CallError NO_ROUTE when there is none.
 */

import type { Directory } from "#mesh/directory.ts";
import type { Assignment } from "#mesh/assignment.ts";
import { rendezvous } from "#mesh/rendezvous.ts";
import { CallError } from "#rpc/call_failure.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeKey, Role } from "#wire/role.ts";
import { nodeKey, parseNodeId, tierOf } from "#wire/role.ts";
import type { Target } from "./module_node.ts";

export class TargetResolver {
  readonly #self: Identity;
  readonly #directory: Directory;
  readonly #assignment: Assignment;

  constructor(options: { readonly self: Identity; readonly directory: Directory; readonly assignment: Assignment }) {
    this.#self = options.self;
    this.#directory = options.directory;
    this.#assignment = options.assignment;
  }

  resolve(target: Target): NodeKey {
    if (typeof target === "string") {
      const parsed = parseNodeId(target);
      if (parsed === undefined) throw this.#noRoute(target, "that is no node id: allowed is role:number");
      return nodeKey(parsed.role, parsed.number);
    }
    const shard = target.shard ?? this.#self.shard;
    const found = this.#ofRole(target.role, shard);
    if (found !== undefined) return found;
    throw this.#noRoute(`${target.role} of shard ${shard}`, "no such node is reachable");
  }

  #ofRole(role: Role, shard: number): NodeKey | undefined {
    if (role === "gateway" || role === "center") {
      return this.#directory.ofRole(role, shard)[0]?.key ?? (shard > 0 ? nodeKey(role, shard) : undefined);
    }
    if (role === "cross_center" || role === "cross_map") {
      const numbers = this.#directory.ofRole(role).map((node) => node.number);
      if (this.#self.role === role) numbers.push(this.#self.number);
      const number = this.#assignment.numberFor(role, { shard, reachable: numbers });
      return number === undefined ? undefined : nodeKey(role, number);
    }
    const nodes = this.#directory.ofRole(role, tierOf(role) === "shard" ? shard : undefined);
    return rendezvous(
      this.#self.key,
      0,
      nodes.map((node) => node.key),
    ) as NodeKey | undefined;
  }

  #noRoute(what: string, detail: string): CallError {
    return new CallError({ code: "NO_ROUTE", at: this.#self.id, sent: false, method: what, detail });
  }
}
