/**
 * Activities for the admin API: read from this node's own replica, changed by calls to their owner. Who has applied
 * what is the business of mesh_versions.ts, who owns what that of mesh_owners.ts.
 */

import { ActivityContract } from "#activity/activity_contract.ts";
import { activityTopic } from "#activity/activity_topic.ts";
import { ReportContract } from "#activity/reports/report_contract.ts";
import type { ActivityView } from "#activity/outcome.ts";
import { viewOf } from "#activity/outcome.ts";
import { assert } from "#base/assert.ts";
import type { Node } from "#module/node.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { why } from "#rpc/why.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import {
  ACTIVITIES_PAGE,
  ACTIVITIES_PAGE_WITH_NODES,
  pageOfActivities,
  pageOfNodes,
  summaryOf,
} from "./activity_pages.ts";
import type { MeshOwners } from "./mesh_owners.ts";
import { CHANGE_TIMEOUT_MS, NO_OWNER, oneOf } from "./mesh_owners.ts";
import type { Registry } from "./mesh_registry.ts";
import type { HeldVersions } from "./mesh_versions.ts";
import { appliedRows, askVersions } from "./mesh_versions.ts";
import type {
  ActivitiesPage,
  ActivityChange,
  ActivityDetail,
  ActivityList,
  ActivityRef,
  ActivityRow,
  ActivitySummary,
  CreateActivity,
  RankingPage,
  RankingQuestion,
  NodesPage,
  Why,
} from "./port_activities.ts";
import type { AdminResult } from "./port.ts";

export class MeshActivities {
  readonly #node: Node;
  readonly #owners: MeshOwners;
  readonly #registry: () => Promise<Registry>;

  constructor(options: {
    readonly node: Node;
    readonly owners: MeshOwners;
    readonly registry: () => Promise<Registry>;
  }) {
    this.#node = options.node;
    this.#owners = options.owners;
    this.#registry = options.registry;
  }

  async list(page: ActivitiesPage = {}): Promise<AdminResult<ActivityList>> {
    const { nodes = false, after } = page;
    const limit = page.limit ?? (nodes ? ACTIVITIES_PAGE_WITH_NODES : ACTIVITIES_PAGE);
    const held = await this.#held();
    const { rows, next } = pageOfActivities(this.#views(), { limit, after });
    const activities = rows.map((view): ActivitySummary => {
      const whole = detail(view, held, {});
      return nodes ? whole : { ...whole, nodes: undefined, nodesNext: undefined };
    });
    return { kind: "ok", changed: false, value: { activities, next } };
  }

  async one(ref: ActivityRef, page: NodesPage = {}): Promise<AdminResult<ActivityDetail>> {
    const { id, owner: named } = ref;
    const views = this.#views(id).filter((view) => named === undefined || view.owner === named);
    const found = oneOf(id, ownersOf(views));
    if (found.kind !== "ok") return found;
    const [view] = views;
    assert(view !== undefined, "a view for its owner");
    const [held, known] = await Promise.all([this.#held(), this.#ownersOwn(view)]);
    return { kind: "ok", changed: false, value: detail({ ...view, ...known }, held, page) };
  }

  /** What its owner alone knows of it; nothing when it can't be asked. */
  async #ownersOwn({ id, owner }: ActivityView): Promise<Partial<Pick<ActivityView, "ungrouped" | "stopped">>> {
    const { caller } = this.#node.endpoint;
    try {
      const options = { to: { key: keyOfId(owner) }, timeoutMs: CHANGE_TIMEOUT_MS };
      const answer = await caller.call(ActivityContract.get, { id }, options);
      if (answer.kind !== "ok") return {};
      const { ungrouped, stopped } = answer.value;
      return { ungrouped, stopped };
    } catch (error) {
      if (!isCallError(error)) throw error;
      return {};
    }
  }

  /** One that names no owner and exists already goes to the owner that has it: it is the same again, or differs. */
  async create(request: CreateActivity): Promise<AdminResult<ActivityRow>> {
    const { owner: named, ...activity } = request;
    const found = oneOf(request.id, ownersOf(this.#views(request.id)));
    if (named === undefined && found.kind === "invalid") return found;
    const owner = named ?? (found.kind === "ok" ? found.owner : this.#owners.ofNew());
    if (owner === undefined) return NO_OWNER;
    const { caller } = this.#node.endpoint;
    const to = { key: keyOfId(owner) };
    return await caller.call(ActivityContract.create, activity, { to, timeoutMs: CHANGE_TIMEOUT_MS });
  }

  async change(ref: ActivityRef, change: ActivityChange): Promise<AdminResult<ActivityRow>> {
    const found = await this.#owners.of(ref);
    if (found.kind !== "ok") return found;
    const { caller } = this.#node.endpoint;
    const { id } = ref;
    const options = { to: { key: keyOfId(found.owner) }, timeoutMs: CHANGE_TIMEOUT_MS };
    switch (change.verb) {
      case "extend": {
        const { closesAtMs, key, dryRun } = change;
        return await caller.call(ActivityContract.extend, { id, key, dryRun, closesAtMs }, options);
      }
      case "edit": {
        const { verb: _, from: _from, ...edit } = change;
        return await caller.call(ActivityContract.edit, { id, ...edit }, options);
      }
      default: {
        const { verb, key, dryRun } = change;
        // What this node has seen: a `next` that is asked twice by the network goes on once.
        const from = change.from ?? this.#views(id).find((view) => view.owner === found.owner)?.phase;
        return await caller.call(ActivityContract.verb, { id, verb, key, dryRun, from }, options);
      }
    }
  }

  async remove(ref: ActivityRef): Promise<AdminResult<ActivityRow>> {
    const found = await this.#owners.of(ref);
    if (found.kind !== "ok") return found;
    const options = { to: { key: keyOfId(found.owner) }, timeoutMs: CHANGE_TIMEOUT_MS };
    return await this.#node.endpoint.caller.call(ActivityContract.remove, { id: ref.id }, options);
  }

  async ranking(ref: ActivityRef, question: RankingQuestion): Promise<AdminResult<RankingPage>> {
    const found = await this.#owners.of(ref);
    if (found.kind !== "ok") return found;
    const { owner } = found;
    const { ranking, group, offset, limit: count } = question;
    const options = { to: { key: keyOfId(owner) }, timeoutMs: CHANGE_TIMEOUT_MS, retries: 2 };
    const request = { activity: ref.id, ranking, offset, count, ...(group === undefined ? {} : { group }) };
    const answer = await this.#node.endpoint.caller.call(ReportContract.top, request, options);
    if (answer.kind === "ok") {
      const { kind, ...page } = answer;
      return { kind, changed: false, value: { owner, ...page } };
    }
    if (answer.kind !== "no_group")
      return answer.kind === "not_found" ? answer : { ...answer, issues: inQuery(answer) };
    return { kind: "invalid", detail: answer.detail, issues: [{ path: "?group", message: answer.detail }] };
  }

  async why(ref: ActivityRef, node: NodeId): Promise<AdminResult<Why>> {
    const found = await this.#owners.of(ref);
    if (found.kind !== "ok") return found;
    const { owner } = found;
    const { caller } = this.#node.endpoint;
    const { topic: _, wanted, ...answer } = await why(caller, { topic: activityTopic(owner, ref.id), owner, node });
    return { kind: "ok", changed: false, value: { activity: ref.id, wanted: wanted ?? "", ...answer } };
  }

  /** Those of this id, or all. */
  #views(id?: string): ActivityView[] {
    const views = this.#node.replica.view().map((row) => {
      if (id !== undefined && row.id !== id) return undefined;
      const version = this.#node.mesh.sync.state.copy(row.topic)?.version;
      if (row.content === undefined || version === undefined) return undefined;
      const view = viewOf(row.content, { owner: row.owner, version });
      return { ...view, phase: row.phase ?? view.phase };
    });
    return views.filter((view) => view !== undefined);
  }

  async #held(): Promise<readonly HeldVersions[]> {
    return askVersions(this.#node, await this.#registry());
  }
}

function inQuery(answer: { readonly issues: readonly { readonly path: string; readonly message: string }[] }) {
  return answer.issues.map(({ path, message }) => ({ path: `?${path}`, message }));
}

function ownersOf(views: readonly ActivityView[]): NodeId[] {
  return views.map((view) => view.owner);
}

function detail(view: ActivityView, held: readonly HeldVersions[], page: NodesPage): ActivityDetail {
  const all = appliedRows(activityTopic(view.owner, view.id), held);
  const { rows, next } = pageOfNodes(all, { behind: page.behind === true, after: page.after });
  return { ...view, applied: summaryOf(all), nodes: rows, nodesNext: next };
}
