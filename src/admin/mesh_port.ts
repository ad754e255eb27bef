/**
 * AdminPort over the mesh: what this node knows itself it reads, the rest it asks of the node that knows. Every
 * question has a deadline; a node that does not answer shows as that, and holds nobody else up.
 */

import { isCallError } from "#rpc/call_failure.ts";
import { explain } from "#rpc/explain.ts";
import type { VerbOptions } from "#activity/outcome.ts";
import type { AssignedRole, Assignment } from "#mesh/assignment.ts";
import type { Node } from "#module/node.ts";
import type { Problem } from "#rpc/node_report.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId, nodeId, parseNodeId } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import { MeshActivities } from "./mesh_activities.ts";
import { MeshCalendar } from "./mesh_calendar.ts";
import { MeshDeliveries } from "./mesh_deliveries.ts";
import { MeshOwners } from "./mesh_owners.ts";
import { MeshPlayerData } from "./mesh_player_data.ts";
import { MeshPlayers } from "./mesh_players.ts";
import { MeshShards } from "./mesh_shards.ts";
import { ASK_TIMEOUT_MS, orUndefined, readRegistry } from "./mesh_registry.ts";
import type {
  ActivitiesPage,
  ActivityChange,
  ActivityRef,
  CreateActivity,
  RankingPage,
  RankingQuestion,
  NodesPage,
} from "./port_activities.ts";
import type {
  Actor,
  AdminPort,
  AdminResult,
  AssignmentRow,
  LinkList,
  NodeDescription,
  NodeHealth,
  NodeRow,
  PlayerDataPort,
} from "./port.ts";
import type { KickRequest, MaintenanceRequest } from "./port_players.ts";
import type { DeliveriesQuery, MailQuery, ReleaseRequest, ResendRequest } from "./port_rewards.ts";
import type { CalendarQuestion, GroupsDryRun, ScheduleDryRun } from "./port_shards.ts";

export class MeshAdminPort implements AdminPort {
  readonly playerData: PlayerDataPort;
  readonly #node: Node;
  readonly #named: ReadonlySet<NodeId>;
  readonly #activities: MeshActivities;
  readonly #owners: MeshOwners;
  readonly #shards: MeshShards;
  readonly #calendar: MeshCalendar;
  readonly #deliveries: MeshDeliveries;
  readonly #players: MeshPlayers;

  /** `named`: the nodes that the cluster file names. One that is gone is missed, not forgotten. */
  constructor(node: Node, named: Iterable<NodeId> = []) {
    this.#node = node;
    this.#named = new Set(named);
    this.#owners = new MeshOwners(node);
    this.#shards = new MeshShards(node, this.#owners);
    this.#calendar = new MeshCalendar(node, this.#shards);
    this.#players = new MeshPlayers(node);
    this.playerData = new MeshPlayerData(node);
    this.#deliveries = new MeshDeliveries(node, this.#owners);
    this.#activities = new MeshActivities({ node, owners: this.#owners, registry: () => readRegistry(node) });
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
    const missing = [...this.#named].filter((id) => id !== this.self && !isIn(rows, id));
    const found = await fanOut(rows, (row) => this.#health(row.id));
    return ok([...found, ...missing.map((id) => this.#missing(id))]);
  }

  async links(id: NodeId | undefined): Promise<AdminResult<LinkList>> {
    if (id !== undefined) {
      if (!(await this.#isKnown(id))) return unknownNode(id);
      return ok({ links: linksOf(await this.#describe(id)), silent: [] });
    }
    const rows = await this.#rows();
    const all = await fanOut(rows, (row) => orUndefined(() => this.#describe(row.id)));
    const silent = rows.filter((_, index) => all[index] === undefined).map((row) => row.id);
    return ok({ links: all.flatMap((one) => (one === undefined ? [] : linksOf(one))), silent });
  }

  async routes(id: NodeId | undefined) {
    const rows = await this.#rows();
    if (id !== undefined && !this.#isIn(rows, id)) return unknownNode(id);
    const to = { key: keyOfId(id ?? this.self) };
    const { routes } = await this.#node.endpoint.caller.call(
      RuntimeContract.routes,
      {},
      { to, timeoutMs: ASK_TIMEOUT_MS },
    );
    return ok({ routes, assignments: assignments(this.#node.assignment, rows) });
  }

  async explain(from: NodeId, to: NodeId) {
    return ok(await explain(this.#node.endpoint.caller, { from, to }));
  }

  activities(page?: ActivitiesPage) {
    return this.#activities.list(page);
  }

  activity(ref: ActivityRef, page?: NodesPage) {
    return this.#activities.one(ref, page);
  }

  createActivity(request: CreateActivity, _actor: Actor) {
    return this.#activities.create(request);
  }

  changeActivity(ref: ActivityRef, change: ActivityChange, _actor: Actor) {
    return this.#activities.change(ref, change);
  }

  deleteActivity(ref: ActivityRef, _actor: Actor) {
    return this.#activities.remove(ref);
  }

  ranking(ref: ActivityRef, question: RankingQuestion): Promise<AdminResult<RankingPage>> {
    return this.#activities.ranking(ref, question);
  }

  async why(ref: ActivityRef, node: NodeId) {
    return (await this.#isKnown(node)) ? this.#activities.why(ref, node) : unknownNode(node);
  }

  orphans() {
    return this.#owners.orphans();
  }

  adoptActivity(ref: ActivityRef, _actor: Actor) {
    return this.#owners.change("adopt", ref);
  }

  cancelActivity(ref: ActivityRef, options: VerbOptions, _actor: Actor) {
    return this.#owners.change("cancel", ref, options);
  }

  resumeActivity(ref: ActivityRef, _actor: Actor) {
    return this.#owners.change("resume", ref);
  }

  shards(owner: NodeId | undefined) {
    return this.#shards.list(owner);
  }

  dryRunGroups(request: GroupsDryRun) {
    return this.#shards.dryRun(request);
  }

  calendar(asked: CalendarQuestion) {
    return this.#calendar.calendar(asked);
  }

  dryRunSchedule(request: ScheduleDryRun) {
    return this.#calendar.dryRun(request);
  }

  mails(query: MailQuery) {
    return this.#deliveries.mails(query);
  }

  deliveries(query: DeliveriesQuery) {
    return this.#deliveries.deliveries(query);
  }

  resendRewards(request: ResendRequest, _actor: Actor) {
    return this.#deliveries.resend(request);
  }

  releaseRewards(request: ReleaseRequest, _actor: Actor) {
    return this.#deliveries.release(request);
  }

  sessions() {
    return this.#players.sessions();
  }

  findPlayer(player: string, shard?: number) {
    return this.#players.find(player, shard);
  }

  kickPlayer(request: KickRequest, _actor: Actor) {
    return this.#players.kick(request);
  }

  setMaintenance(request: MaintenanceRequest, _actor: Actor) {
    return this.#players.maintenance(request);
  }

  live(): boolean {
    return true;
  }

  ready(): { readonly ready: boolean; readonly waitingFor: readonly string[] } {
    return this.#node.ready();
  }

  async #rows(): Promise<readonly NodeRow[]> {
    return (await readRegistry(this.#node)).rows;
  }

  async #isKnown(id: NodeId): Promise<boolean> {
    return this.#isIn(await this.#rows(), id);
  }

  #isIn(rows: readonly NodeRow[], id: NodeId): boolean {
    return id === this.self || this.#named.has(id) || isIn(rows, id);
  }

  #describe(id: NodeId): Promise<NodeDescription> {
    const to = { key: keyOfId(id) };
    return this.#node.endpoint.caller.call(RuntimeContract.describe, {}, { to, timeoutMs: ASK_TIMEOUT_MS });
  }

  #missing(id: NodeId): NodeHealth {
    const detail = `${id} is in the cluster file, and ${this.self} sees it nowhere in the cluster`;
    return { id, ok: false, problems: [{ name: "missing", detail, sinceMs: this.#node.mesh.time.nowMs() }] };
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
}

/** Of every shard that is known, from the config or by a node of it. */
function assignments(assignment: Assignment, rows: readonly NodeRow[]): AssignmentRow[] {
  const shards = new Set(assignment.namedShards());
  for (const row of rows) if (row.shard > 0) shards.add(row.shard);
  const serving = (role: AssignedRole, shard: number): NodeId | undefined => {
    const reachable = rows.flatMap((row) => (row.role === role ? (parseNodeId(row.id)?.number ?? []) : []));
    const number = assignment.numberFor(role, { shard, reachable });
    return number === undefined ? undefined : nodeId(role, number);
  };
  return [...shards]
    .toSorted((a, b) => a - b)
    .map((shard) => {
      const isNamed = (["cross_center", "cross_map"] as const).some(
        (role) => assignment.from(role, shard) === "config",
      );
      return {
        shard,
        crossCenter: serving("cross_center", shard),
        crossMap: serving("cross_map", shard),
        from: isNamed ? "config" : "rendezvous",
      };
    });
}

function isIn(rows: readonly NodeRow[], id: NodeId): boolean {
  return rows.some((row) => row.id === id);
}

function ok<T>(value: T): { readonly kind: "ok"; readonly value: T; readonly changed: boolean } {
  return { kind: "ok", value, changed: false };
}

function linksOf({ id, links }: NodeDescription): LinkList["links"] {
  return links.map((link) => ({ ...link, node: id }));
}

function unknownNode(id: NodeId): { readonly kind: "not_found"; readonly detail: string } {
  return { kind: "not_found", detail: `there is no node ${id} in the registry` };
}
