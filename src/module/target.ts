/**
 * Targets in words to node keys: a node id as it is; of a role, the node that serves the caller's shard.
 *
 *   role of a shard that it has once     its number is the shard's
 *   role of a shard that it has several  rendezvous over those that are reachable
 *   cross_center, cross_map              the assignment of the caller's (or the named) shard
 *   other roles                          rendezvous over those that are reachable
 *
 * The caller itself counts among those of its role: a call to it stays in its process.
 *
 * `resolve` throws CallError NO_ROUTE when there is none.
 */

import type { Directory } from "#mesh/directory.ts";
import type { Assignment } from "#mesh/assignment.ts";
import { rendezvous } from "#mesh/rendezvous.ts";
import { CallError } from "#rpc/call_failure.ts";
import { userOf } from "#session/session_table.ts";
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
    const found = this.find(target);
    if (found !== undefined) return found;
    if (typeof target === "string") throw this.#noRoute(target, "that is no node id: allowed is role:number");
    if ("player" in target) {
      throw this.#noRoute(
        `user of ${target.player}`,
        `no user of shard ${target.shard ?? this.#self.shard} is reachable`,
      );
    }
    throw this.#noRoute(`${target.role} of shard ${target.shard ?? this.#self.shard}`, "no such node is reachable");
  }

  /** As `resolve`; undefined when there is none. */
  find(target: Target): NodeKey | undefined {
    if (typeof target !== "string" && "player" in target) {
      return this.#ofPlayer(target.player, target.shard ?? this.#self.shard);
    }
    if (typeof target !== "string") return this.#ofRole(target.role, target.shard ?? this.#self.shard);
    const parsed = parseNodeId(target);
    return parsed === undefined ? undefined : nodeKey(parsed.role, parsed.number);
  }

  /** As the shard's gateway finds it, when both see the same nodes; where they do not, the data's epochs decide. */
  #ofPlayer(player: string, shard: number): NodeKey | undefined {
    const users: { readonly key: NodeKey }[] = [...this.#directory.ofRole("user", shard)];
    if (this.#self.role === "user" && this.#self.shard === shard) users.push(this.#self);
    return userOf(player, users)?.key;
  }

  #ofRole(role: Role, shard: number): NodeKey | undefined {
    const isOwn = role === this.#self.role && (tierOf(role) !== "shard" || shard === this.#self.shard);
    if (role === "gateway" || role === "center") {
      if (isOwn) return this.#self.key;
      return this.#directory.ofRole(role, shard)[0]?.key ?? (shard > 0 ? nodeKey(role, shard) : undefined);
    }
    if (role === "cross_center" || role === "cross_map") {
      const numbers = this.#directory.ofRole(role).map((node) => node.number);
      if (isOwn) numbers.push(this.#self.number);
      const number = this.#assignment.numberFor(role, { shard, reachable: numbers });
      return number === undefined ? undefined : nodeKey(role, number);
    }
    const nodes = this.#directory.ofRole(role, tierOf(role) === "shard" ? shard : undefined);
    const keys = nodes.map((node) => node.key);
    if (isOwn) keys.push(this.#self.key);
    return rendezvous(this.#self.key, 0, keys) as NodeKey | undefined;
  }

  #noRoute(what: string, detail: string): CallError {
    return new CallError({ code: "NO_ROUTE", at: this.#self.id, sent: false, method: what, detail });
  }
}
