/**
 * Activities for the admin API: read from this node's own replica, changed by calls to their owner, and who has
 * applied what from the registry's digests. Only nodes whose digest differs are asked for their versions.
 */

import { ActivityContract } from "#activity/activity_contract.ts";
import { activityTopic } from "#activity/activity_topic.ts";
import type { ActivityOutcome, ActivityView } from "#activity/outcome.ts";
import { viewOf } from "#activity/outcome.ts";
import type { Node } from "#module/node.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { why } from "#rpc/why.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId, nodeKey } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import type { ActivityDetail, ActivityRow, AdminResult, AppliedRow, CreateActivity, NodeRow, Why } from "./port.ts";

const ASK_TIMEOUT_MS = 2_000;
const CHANGE_TIMEOUT_MS = 5_000;
/** Shard 0: which owner takes an activity that names none. */
const NO_SHARD = 0;

export class MeshActivities {
  readonly #node: Node;
  readonly #nodes: () => Promise<readonly NodeRow[]>;

  constructor(options: { readonly node: Node; readonly nodes: () => Promise<readonly NodeRow[]> }) {
    this.#node = options.node;
    this.#nodes = options.nodes;
  }

  async list(): Promise<AdminResult<readonly ActivityDetail[]>> {
    const views = this.#views();
    const versions = await this.#versions();
    return { kind: "ok", changed: false, value: views.map((view) => detail(view, versions)) };
  }

  async one(id: string): Promise<AdminResult<ActivityDetail>> {
    const view = this.#view(id);
    if (view === undefined) return notFound(id);
    return { kind: "ok", changed: false, value: detail(view, await this.#versions()) };
  }

  async create(request: CreateActivity): Promise<AdminResult<ActivityRow>> {
    const { owner: named, ...activity } = request;
    const owner = named ?? this.#view(request.id)?.owner ?? this.#ownerOfNew();
    if (owner === undefined) return { kind: "unavailable", detail: "no cross_center is reachable" };
    const { caller } = this.#node.endpoint;
    const to = { key: keyOfId(owner) };
    return await caller.call(ActivityContract.create, activity, { to, timeoutMs: CHANGE_TIMEOUT_MS });
  }

  async change(verb: "open" | "close" | "remove", id: string): Promise<AdminResult<ActivityRow>> {
    const owner = await this.#ownerOf(id);
    if (owner === undefined) return notFound(id);
    const { caller } = this.#node.endpoint;
    const to = { key: keyOfId(owner) };
    const outcome: ActivityOutcome = await caller.call(
      ActivityContract[verb],
      { id },
      { to, timeoutMs: CHANGE_TIMEOUT_MS },
    );
    return outcome;
  }

  async why(id: string, node: NodeId): Promise<AdminResult<Why>> {
    const owner = await this.#ownerOf(id);
    if (owner === undefined) return notFound(id);
    const { caller } = this.#node.endpoint;
    const { topic: _, wanted, ...answer } = await why(caller, { topic: activityTopic(owner, id), owner, node });
    return { kind: "ok", changed: false, value: { activity: id, wanted: wanted ?? "", ...answer } };
  }

  #view(id: string): ActivityView | undefined {
    return this.#views().find((view) => view.id === id);
  }

  #views(): ActivityView[] {
    const views = this.#node.replica.view().map((row) => {
      const version = this.#node.mesh.sync.state.copy(row.topic)?.version;
      if (row.content === undefined || version === undefined) return undefined;
      const view = viewOf(row.content, { owner: row.owner, version });
      return { ...view, phase: row.phase ?? view.phase };
    });
    return views.filter((view) => view !== undefined);
  }

  #ownerOfNew(): NodeId | undefined {
    const { self, mesh, assignment } = this.#node;
    const reachable = mesh.directory.ofRole("cross_center").map((node) => node.number);
    if (self.role === "cross_center") reachable.push(self.number);
    const number = assignment.numberFor("cross_center", { shard: NO_SHARD, reachable });
    return number === undefined ? undefined : (`cross_center:${number}` as NodeId);
  }

  /** From the own replica, else the reachable owners are asked: it may be on its way here. */
  async #ownerOf(id: string): Promise<NodeId | undefined> {
    const known = this.#view(id)?.owner;
    if (known !== undefined) return known;
    const { self, mesh, endpoint } = this.#node;
    const owners = mesh.directory.ofRole("cross_center").map((node) => node.number);
    if (self.role === "cross_center") owners.push(self.number);
    for (const number of owners) {
      const to = { key: nodeKey("cross_center", number) };
      const found = await endpoint.caller.call(ActivityContract.get, { id }, { to, timeoutMs: ASK_TIMEOUT_MS });
      if (found.kind === "ok") return `cross_center:${number}` as NodeId;
    }
    return undefined;
  }

  /** Per node: its row, and its versions by topic unless they are those that this node holds. */
  async #versions(): Promise<readonly NodeVersions[]> {
    return fanOut(await this.#nodes(), async (row) => {
      if (row.current) return { row, versions: undefined, answered: true };
      try {
        const to = { key: keyOfId(row.id) };
        const { applied } = await this.#node.endpoint.caller.call(
          RuntimeContract.applied,
          {},
          { to, timeoutMs: ASK_TIMEOUT_MS },
        );
        return { row, versions: new Map(applied.map((one) => [one.topic, one.version])), answered: true };
      } catch (error) {
        if (!isCallError(error)) throw error;
        return { row, versions: new Map(), answered: false };
      }
    });
  }
}

interface NodeVersions {
  readonly row: NodeRow;
  readonly versions: ReadonlyMap<string, string> | undefined;
  readonly answered: boolean;
}

function detail(view: ActivityView, nodes: readonly NodeVersions[]): ActivityDetail {
  const topic = activityTopic(view.owner, view.id);
  const rows = nodes.map(({ row, versions, answered }): AppliedRow => {
    if (versions === undefined) return { node: row.id, version: view.version, current: true, behindSinceMs: undefined };
    if (!answered) return { node: row.id, version: "unknown", current: false, behindSinceMs: row.behindSinceMs };
    const version = versions.get(topic);
    const current = version === view.version;
    return { node: row.id, version, current, behindSinceMs: current ? undefined : row.behindSinceMs };
  });
  return { ...view, nodes: rows };
}

function notFound(id: string): { readonly kind: "not_found"; readonly detail: string } {
  return { kind: "not_found", detail: `there is no activity "${id}"` };
}
