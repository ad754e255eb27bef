/**
 * AdminPort over the mesh: what this node knows itself it reads, the rest it asks of the node that knows. Every
 * question has a deadline; a node that does not answer shows as that, and holds nobody else up.
 */

import { isCallError } from "#rpc/call_failure.ts";
import { explain } from "#rpc/explain.ts";
import type { Node } from "#module/node.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId, tierOf } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import { MeshActivities } from "./mesh_activities.ts";
import type {
  Actor,
  AdminPort,
  AdminResult,
  AssignmentRow,
  CreateActivity,
  NodeDescription,
  NodeHealth,
  NodeRow,
  Problem,
} from "./port.ts";

const ASK_TIMEOUT_MS = 2_000;

export class MeshAdminPort implements AdminPort {
  readonly #node: Node;
  readonly #activities: MeshActivities;

  constructor(node: Node) {
    this.#node = node;
    this.#activities = new MeshActivities({ node, nodes: () => this.#rows() });
  }

  get self(): NodeId {
    return this.#node.self.id;
  }

  async nodes(): Promise<AdminResult<readonly NodeRow[]>> {
    return ok(await this.#rows());
  }

  async describe(id: NodeId): Promise<AdminResult<NodeDescription>> {
    return (await this.#isKnown(id)) ? ok(await this.#describe(id)) : unknownNode(id);
  }

  async health(): Promise<AdminResult<readonly NodeHealth[]>> {
    const rows = await this.#rows();
    return ok(await fanOut(rows, (row) => this.#health(row.id)));
  }

  async links(id: NodeId | undefined) {
    if (id !== undefined && !(await this.#isKnown(id))) return unknownNode(id);
    const ids = id === undefined ? (await this.#rows()).map((row) => row.id) : [id];
    const all = await fanOut(ids, async (node) => {
      const description = await this.#orUndefined(() => this.#describe(node));
      return (description?.links ?? []).map((link) => ({ ...link, node }));
    });
    return ok(all.flat());
  }

  async routes(id: NodeId | undefined) {
    if (id !== undefined && !(await this.#isKnown(id))) return unknownNode(id);
    const to = { key: keyOfId(id ?? this.self) };
    const { routes } = await this.#node.endpoint.caller.call(
      RuntimeContract.routes,
      {},
      { to, timeoutMs: ASK_TIMEOUT_MS },
    );
    return ok({ routes, assignments: this.#assignments() });
  }

  async explain(from: NodeId, to: NodeId) {
    return ok(await explain(this.#node.endpoint.caller, { from, to }));
  }

  activities() {
    return this.#activities.list();
  }

  activity(id: string) {
    return this.#activities.one(id);
  }

  createActivity(request: CreateActivity, _actor: Actor) {
    return this.#activities.create(request);
  }

  openActivity(id: string, _actor: Actor) {
    return this.#activities.change("open", id);
  }

  closeActivity(id: string, _actor: Actor) {
    return this.#activities.change("close", id);
  }

  deleteActivity(id: string, _actor: Actor) {
    return this.#activities.change("remove", id);
  }

  async why(id: string, node: NodeId) {
    return (await this.#isKnown(node)) ? this.#activities.why(id, node) : unknownNode(node);
  }

  live(): boolean {
    return true;
  }

  ready(): { readonly ready: boolean; readonly waitingFor: readonly string[] } {
    return this.#node.ready();
  }

  /** The whole registry: a shard's node sees only its own part of it, and asks a cross gateway. */
  async #rows(): Promise<readonly NodeRow[]> {
    const { self, runtime, mesh, endpoint } = this.#node;
    const [gateway] = mesh.directory.ofRole("cross_gateway");
    if (tierOf(self.role) !== "shard" || gateway === undefined) return runtime.nodes();
    const to = { key: gateway.key };
    return (await endpoint.caller.call(RuntimeContract.nodes, {}, { to, timeoutMs: ASK_TIMEOUT_MS })).nodes;
  }

  async #isKnown(id: NodeId): Promise<boolean> {
    return id === this.self || (await this.#rows()).some((row) => row.id === id);
  }

  #describe(id: NodeId): Promise<NodeDescription> {
    const to = { key: keyOfId(id) };
    return this.#node.endpoint.caller.call(RuntimeContract.describe, {}, { to, timeoutMs: ASK_TIMEOUT_MS });
  }

  async #health(id: NodeId): Promise<NodeHealth> {
    const to = { key: keyOfId(id) };
    try {
      return await this.#node.endpoint.caller.call(RuntimeContract.health, {}, { to, timeoutMs: ASK_TIMEOUT_MS });
    } catch (error) {
      if (!isCallError(error)) throw error;
      const problem: Problem = {
        name: "silent",
        detail: `${id} does not answer: ${error.code} at ${error.at}, ${error.detail}`,
        sinceMs: this.#node.mesh.time.nowMs(),
      };
      return { id, ok: false, problems: [problem] };
    }
  }

  async #orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
    try {
      return await ask();
    } catch (error) {
      if (!isCallError(error)) throw error;
      return undefined;
    }
  }

  #assignments(): AssignmentRow[] {
    const { assignment, mesh, self } = this.#node;
    const shards = new Set(mesh.directory.ofRole("gateway").map((gateway) => gateway.shard));
    if (self.shard > 0) shards.add(self.shard);
    for (const shard of assignment.namedShards()) shards.add(shard);
    const numbers = (role: "cross_center" | "cross_map"): number[] => [
      ...mesh.directory.ofRole(role).map((node) => node.number),
      ...(self.role === role ? [self.number] : []),
    ];
    return [...shards]
      .toSorted((a, b) => a - b)
      .map((shard) => {
        const center = assignment.numberFor("cross_center", { shard, reachable: numbers("cross_center") });
        const map = assignment.numberFor("cross_map", { shard, reachable: numbers("cross_map") });
        const isNamed =
          assignment.from("cross_center", shard) === "config" || assignment.from("cross_map", shard) === "config";
        return {
          shard,
          crossCenter: center === undefined ? undefined : (`cross_center:${center}` as NodeId),
          crossMap: map === undefined ? undefined : (`cross_map:${map}` as NodeId),
          from: isNamed ? "config" : "rendezvous",
        };
      });
  }
}

function ok<T>(value: T): { readonly kind: "ok"; readonly value: T; readonly changed: boolean } {
  return { kind: "ok", value, changed: false };
}

function unknownNode(id: NodeId): { readonly kind: "not_found"; readonly detail: string } {
  return { kind: "not_found", detail: `there is no node ${id} in the registry` };
}
