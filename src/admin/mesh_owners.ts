/**
 * Owners of activities for the admin API: who owns an id, which of them miss what nodes hold in their name, and the
 * verbs for topics in trouble. A change goes to one owner; where two could be meant, none is chosen.
 */

import { ActivityContract } from "#activity/activity_contract.ts";
import type { VerbOptions } from "#activity/outcome.ts";
import type { Node } from "#module/node.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId, nodeId } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import { ASK_TIMEOUT_MS, orUndefined } from "./mesh_registry.ts";
import type { ActivityRef, OrphanList, TopicState } from "./port_activities.ts";
import type { AdminResult } from "./port.ts";

/** Less than a request to the API may take. */
export const CHANGE_TIMEOUT_MS = 5_000;
/** Shard 0: which owner takes an activity that names none. */
const NO_SHARD = 0;

export type OwnerFound =
  { readonly kind: "ok"; readonly owner: NodeId } | Exclude<AdminResult<never>, { readonly kind: "ok" }>;

export const NO_OWNER = { kind: "unavailable", detail: "no cross_center is reachable" } as const;

export class MeshOwners {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  /** The owner of an activity that names none. */
  ofNew(): NodeId | undefined {
    const reachable = this.#numbers();
    const number = this.#node.assignment.numberFor("cross_center", { shard: NO_SHARD, reachable });
    return number === undefined ? undefined : nodeId("cross_center", number);
  }

  /** All that can be asked, this node too if it is one. */
  reachable(): NodeId[] {
    return this.#numbers().map((number) => nodeId("cross_center", number));
  }

  /**
   * From the own replica: those that have it, else those that had it. If there are none, the reachable owners are
   * asked: it may be on its way here.
   */
  async of(ref: ActivityRef): Promise<OwnerFound> {
    const { id, owner } = ref;
    if (owner !== undefined) return { kind: "ok", owner };
    const { self, activities, replica } = this.#node;
    const rows = replica.view().filter((row) => row.id === id);
    const live = rows.filter((row) => !row.tombstone);
    const known = (live.length > 0 ? live : rows).map((row) => row.owner);
    // An owner holds no copy of what it has lost.
    if (activities?.owner.find(id).kind === "conflict") known.push(self.id);
    return known.length > 0 ? oneOf(id, known) : this.#ask(id);
  }

  async orphans(): Promise<AdminResult<OrphanList>> {
    const owners = this.reachable();
    if (owners.length === 0) return NO_OWNER;
    const { caller } = this.#node.endpoint;
    const answers = await fanOut(owners, async (owner) => {
      const to = { key: keyOfId(owner) };
      const answer = await orUndefined(() =>
        caller.call(ActivityContract.orphans, {}, { to, timeoutMs: ASK_TIMEOUT_MS }),
      );
      return answer?.orphans.map((orphan) => ({ owner, ...orphan }));
    });
    const silent = owners.filter((_, index) => answers[index] === undefined);
    if (silent.length === owners.length) {
      return { kind: "unavailable", detail: `no owner answers: ${silent.join(", ")}` };
    }
    return { kind: "ok", changed: false, value: { orphans: answers.flatMap((rows) => rows ?? []), silent } };
  }

  async change(
    verb: "adopt" | "cancel" | "resume",
    ref: ActivityRef,
    options: VerbOptions = {},
  ): Promise<AdminResult<TopicState>> {
    const found = await this.of(ref);
    if (found.kind !== "ok") return found;
    const { caller } = this.#node.endpoint;
    const to = { key: keyOfId(found.owner) };
    const request = verb === "cancel" ? { id: ref.id, key: options.key, dryRun: options.dryRun } : { id: ref.id };
    const outcome = await caller.call(ActivityContract[verb], request, { to, timeoutMs: CHANGE_TIMEOUT_MS });
    if (outcome.kind !== "ok") return outcome;
    const { topic, version, value, changed } = outcome;
    return { kind: "ok", changed, value: { topic, version, activity: value } };
  }

  /** An owner that does not answer counts only if no other knows the id. */
  async #ask(id: string): Promise<OwnerFound> {
    const owners = this.reachable();
    if (owners.length === 0) return NO_OWNER;
    const { caller } = this.#node.endpoint;
    const failures: Error[] = [];
    const knows = await fanOut(owners, async (owner) => {
      const to = { key: keyOfId(owner) };
      try {
        const found = await caller.call(ActivityContract.get, { id }, { to, timeoutMs: ASK_TIMEOUT_MS });
        return found.kind !== "not_found";
      } catch (error) {
        if (!isCallError(error)) throw error;
        failures.push(error);
        return false;
      }
    });
    const known = owners.filter((_, index) => knows[index] === true);
    const [failure] = failures;
    if (known.length === 0 && failure !== undefined) throw failure;
    return oneOf(id, known);
  }

  #numbers(): number[] {
    const { self, mesh } = this.#node;
    const numbers = mesh.directory.ofRole("cross_center").map((node) => node.number);
    if (self.role === "cross_center") numbers.push(self.number);
    return numbers.toSorted((a, b) => a - b);
  }
}

export function oneOf(id: string, owners: readonly NodeId[]): OwnerFound {
  const [owner] = owners;
  if (owner === undefined) return { kind: "not_found", detail: `there is no activity "${id}"` };
  if (owners.length === 1) return { kind: "ok", owner };
  const message = `is needed: ${owners.join(" and ")} each have an activity of this id`;
  return {
    kind: "invalid",
    detail: `Cannot choose between activities "${id}" of ${owners.length} owners`,
    issues: [{ path: "?owner", message }],
  };
}
