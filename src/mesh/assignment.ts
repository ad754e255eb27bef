/**
 * Assignment: which `cross_center` and `cross_map` serve which shard. The config names it per shard; for the
 * rest rendezvous hashing over all numbers that the config knows, else over those that are reachable now. From a
 * config it survives restarts of everything; from what is reachable it is only as steady as that.
 */

import { ROLE_NUMBERS } from "#wire/role.ts";
import { rendezvous } from "./rendezvous.ts";

export type AssignedRole = "cross_center" | "cross_map";

export interface AssignmentConfig {
  /** Numbers of each role that the config knows. */
  readonly known: Readonly<Record<AssignedRole, readonly number[]>>;
  /** Per shard, where the config names one. */
  readonly named: ReadonlyMap<number, Partial<Readonly<Record<AssignedRole, number>>>>;
}

export const NO_ASSIGNMENT: AssignmentConfig = { known: { cross_center: [], cross_map: [] }, named: new Map() };

export class Assignment {
  readonly #config: AssignmentConfig;

  constructor(config: AssignmentConfig) {
    this.#config = config;
  }

  /** The number of the node that serves this shard, or undefined when there is none. */
  numberFor(
    role: AssignedRole,
    of: { readonly shard: number; readonly reachable: readonly number[] },
  ): number | undefined {
    const named = this.#config.named.get(of.shard)?.[role];
    if (named !== undefined) return named;
    const known = this.#config.known[role];
    return rendezvous(of.shard, ROLE_NUMBERS[role], known.length > 0 ? known : of.reachable);
  }

  /** Shards for which the config names somebody. */
  namedShards(): number[] {
    return [...this.#config.named.keys()];
  }

  from(role: AssignedRole, shard: number): "config" | "rendezvous" {
    return this.#config.named.get(shard)?.[role] === undefined ? "rendezvous" : "config";
  }
}
