/**
 * An AdminPort in memory: a small cluster whose activities obey the rules of the real one, so that a test
 * of the app tests what its users see. `fault` makes the next question fail or hang.
 */

import type {
  DoorsChange,
  KickRequest,
  MaintenanceRequest,
  PlayerWhereabouts,
  SessionsOverview,
} from "#admin/port_players.ts";
import type { VerbOptions } from "#activity/outcome.ts";
import { divide } from "#activity/groups/groups.ts";
import { checkSchedule } from "#activity/schedule/check_schedule.ts";
import { shardWindows } from "#activity/schedule/shard_windows.ts";
import { windowsAfter } from "#activity/schedule/windows.ts";
import { ACTIVITIES_PAGE, pageOfActivities } from "#admin/activity_pages.ts";
import type {
  ActivitiesPage,
  ActivityChange,
  ActivityDetail,
  ActivityList,
  ActivityRef,
  ActivityRow,
  ActivitySummary,
  CreateActivity,
  NodesPage,
  OrphanList,
  RankingPage,
  RankingQuestion,
  TopicState,
  Why,
} from "#admin/port_activities.ts";
import type {
  Actor,
  AdminPort,
  AdminResult,
  AssignmentRow,
  Explanation,
  LinkList,
  NodeDescription,
  NodeHealth,
  NodeRow,
  RouteRow,
} from "#admin/port.ts";
import type {
  Calendar,
  CalendarQuestion,
  GroupsDryRun,
  GroupsPreview,
  ScheduleDryRun,
  SchedulePreview,
  ShardOverview,
} from "#admin/port_shards.ts";
import type {
  DeliveriesQuery,
  DeliveryOverview,
  MailList,
  MailQuery,
  ReleaseRequest,
  ResendRequest,
  RewardsChange,
} from "#admin/port_rewards.ts";
import type { NodeId } from "#wire/role.ts";
import {
  ATTACHED_TO,
  blankRow,
  CENTER,
  CROSS_CENTER,
  CROSS_GATEWAY,
  detailOf,
  GATEWAY,
  linksOf,
  noNode,
  noOrphan,
  noShard,
  ok,
  orphanOf,
  rowOf,
  SHARDS,
  STARTED_AT_MS,
  statusesOf,
} from "./fake_cluster.ts";
import { DOOR, LOST, SESSIONS, WAITING } from "./fake_players.ts";
import { FakePlayerData } from "./fake_player_data.ts";
import { DELIVERIES, HELD, MAIL, TERM } from "./fake_rewards.ts";

const DAY_MS = 24 * 3600 * 1000;

export class FakePort implements AdminPort {
  readonly self = CROSS_CENTER;
  /** Runs instead of the next question, whatever it is. */
  fault: (() => Promise<never>) | undefined;
  readonly playerData = new FakePlayerData();
  isLive = true;
  waitingFor: string[] = [];
  /** Ids in the order in which terms began. */
  readonly openings: string[] = [];
  readonly actors: Actor[] = [];
  readonly changes: ActivityChange[] = [];
  /** Ids that nodes hold and the owner does not. */
  readonly lost: string[] = [];
  /** About rewards and mails. */
  readonly asked: unknown[] = [];
  readonly #activities = new Map<string, ActivityRow>();
  #revision = 0;

  nodes(): Promise<AdminResult<readonly NodeRow[]>> {
    return this.#say(() => ok([...ATTACHED_TO.keys()].map(rowOf)));
  }

  describe(node: NodeId): Promise<AdminResult<NodeDescription>> {
    return this.#say(() => {
      if (!ATTACHED_TO.has(node)) return noNode(node);
      const { id, role, shard, boot, startedAtMs } = rowOf(node);
      return ok({
        id,
        role,
        shard,
        boot,
        startedAtMs,
        release: "0.1.0",
        uptimeMs: 5_000,
        draining: false,
        policy: node === CENTER ? "gateway:1 silent for 4 s => exit" : undefined,
        links: statusesOf(node),
        applied: [...this.#activities.values()].map(({ owner, id: name, version }) => ({
          topic: `activity/${owner}/${name}`,
          version,
          appliedAtMs: STARTED_AT_MS,
        })),
        modules: ["boss"],
        logins: 0,
        counters: { "link.closed:silent": 1 },
      });
    });
  }

  health(): Promise<AdminResult<readonly NodeHealth[]>> {
    return this.#say(() =>
      ok([
        { id: GATEWAY, ok: true, problems: [] },
        {
          id: CENTER,
          ok: false,
          problems: [{ name: "link_down", detail: "no link to gateway:1 for 3 s", sinceMs: STARTED_AT_MS }],
        },
      ]),
    );
  }

  links(node: NodeId | undefined): Promise<AdminResult<LinkList>> {
    return this.#say(() => {
      if (node === undefined) return ok({ links: [...ATTACHED_TO.keys()].flatMap(linksOf), silent: [GATEWAY] });
      return ATTACHED_TO.has(node) ? ok({ links: linksOf(node), silent: [] }) : noNode(node);
    });
  }

  routes(
    node: NodeId | undefined,
  ): Promise<AdminResult<{ readonly routes: readonly RouteRow[]; readonly assignments: readonly AssignmentRow[] }>> {
    return this.#say(() => {
      if (node !== undefined && !ATTACHED_TO.has(node)) return noNode(node);
      return ok({
        routes: [{ target: CENTER, shard: 1, via: [CROSS_GATEWAY], distance: 3 }],
        assignments: [{ shard: 1, crossCenter: CROSS_CENTER, crossMap: undefined, from: "rendezvous" as const }],
      });
    });
  }

  explain(from: NodeId, to: NodeId): Promise<AdminResult<Explanation>> {
    return this.#say(() => {
      const unknown = [from, to].find((id) => !ATTACHED_TO.has(id));
      if (unknown !== undefined) return noNode(unknown);
      const link = statusesOf(from)[0];
      return ok({
        from,
        to,
        reachable: true,
        hops: [
          { at: from, next: to, state: "up", link },
          { at: to, next: undefined, state: "up", link: undefined },
        ],
        verdict: `${from} reaches ${to}`,
      });
    });
  }

  activities(page: ActivitiesPage = {}): Promise<AdminResult<ActivityList>> {
    return this.#say(() => {
      const { limit = ACTIVITIES_PAGE, after } = page;
      const { rows, next } = pageOfActivities([...this.#activities.values()], { limit, after });
      const activities = rows.map((row): ActivitySummary => {
        const whole = detailOf(row);
        return page.nodes === true ? whole : { ...whole, nodes: undefined };
      });
      return ok({ activities, next });
    });
  }

  activity(ref: ActivityRef, page?: NodesPage): Promise<AdminResult<ActivityDetail>> {
    return this.#say(() => this.#with(ref, (row) => ok(detailOf(row, page))));
  }

  createActivity(request: CreateActivity, actor: Actor): Promise<AdminResult<ActivityRow>> {
    return this.#say(() => {
      this.actors.push(actor);
      if (request.kind !== "boss") {
        const issues = [{ path: "kind", message: "is not a kind of any module" }];
        return { kind: "invalid", detail: `Cannot create ${request.id}: 1 fault`, issues };
      }
      const old = this.#activities.get(request.id);
      if (old !== undefined) {
        const isSame = old.kind === request.kind && JSON.stringify(old.config) === JSON.stringify(request.config);
        if (isSame) return ok(old, false);
        return { kind: "conflict", detail: `Cannot create ${old.id}: it exists and differs`, allowed: ["delete"] };
      }
      const { id, owner = CROSS_CENTER, endsAtMs, config } = request;
      const row = this.#put({ ...blankRow(id), owner, endsAtMs, config });
      return request.open === true ? this.#open(row) : ok(row);
    });
  }

  changeActivity(ref: ActivityRef, change: ActivityChange, actor: Actor): Promise<AdminResult<ActivityRow>> {
    return this.#say(() => {
      this.actors.push(actor);
      this.changes.push(change);
      const { id } = ref;
      return this.#with(ref, (row) => {
        const { verb, dryRun } = change;
        const isOpen = row.phase === "open";
        if (verb === "open") return isOpen ? ok(row, false) : this.#open(row);
        if (verb === "close" && row.phase === "closed") return ok(row, false);
        if (!isOpen || (verb !== "close" && verb !== "extend")) {
          const allowed = isOpen ? ["extend", "close"] : ["open", "delete"];
          return { kind: "conflict", detail: `Cannot ${verb} ${id}: it is ${row.phase}`, allowed };
        }
        const next: ActivityRow =
          change.verb === "extend"
            ? { ...row, endsAtMs: change.closesAtMs }
            : { ...row, phase: "closed", closedAtMs: STARTED_AT_MS };
        return ok(dryRun === true ? next : this.#put(next));
      });
    });
  }

  deleteActivity(ref: ActivityRef, actor: Actor): Promise<AdminResult<ActivityRow>> {
    return this.#say(() => {
      this.actors.push(actor);
      const { id } = ref;
      return this.#with(ref, (row) => {
        if (row.phase === "open") {
          return { kind: "conflict", detail: `Cannot delete ${id}: it is open`, allowed: ["close"] };
        }
        this.#activities.delete(id);
        return ok(row);
      });
    });
  }

  ranking(ref: ActivityRef, question: RankingQuestion): Promise<AdminResult<RankingPage>> {
    return this.#say(() =>
      this.#with(ref, ({ term }) => {
        const { ranking, group = "all", offset, limit } = question;
        if (ranking !== "damage") {
          const message = `found ${JSON.stringify(ranking)}; allowed: damage`;
          const detail = `Cannot look into ranking: ranking: ${message}`;
          return { kind: "invalid" as const, detail, issues: [{ path: "?ranking", message }] };
        }
        const places = Array.from({ length: 5 }, (_, index) => {
          return { place: index + 1, subject: `p${index}`, score: 10 - index, atMs: STARTED_AT_MS, shard: 1 };
        });
        const page = { owner: CROSS_CENTER, term: term ?? "", group, groups: ["all"], count: 5, settled: undefined };
        return ok({ ...page, places: places.slice(offset, offset + limit) });
      }),
    );
  }

  why(ref: ActivityRef, node: NodeId): Promise<AdminResult<Why>> {
    return this.#say(() => {
      if (!ATTACHED_TO.has(node)) return noNode(node);
      return this.#with(ref, ({ version }) =>
        ok({
          activity: ref.id,
          node,
          wanted: version,
          hops: [
            { at: CROSS_CENTER, version, current: true, reason: "owns it" },
            { at: node, version: undefined, current: false, reason: "link down for 3 s" },
          ],
          firstLacking: node,
          verdict: `${node} lacks ${version}: link down for 3 s`,
        }),
      );
    });
  }

  orphans(): Promise<AdminResult<OrphanList>> {
    return this.#say(() => ok({ orphans: this.lost.map(orphanOf), silent: [] }));
  }

  adoptActivity(ref: ActivityRef, actor: Actor): Promise<AdminResult<TopicState>> {
    return this.#say(() => {
      this.actors.push(actor);
      const found = this.#find(ref.id);
      if (found === "lost") return this.#state(this.#put(blankRow(ref.id)), true);
      return found === undefined ? noOrphan(ref.id) : this.#state(found, false);
    });
  }

  cancelActivity(ref: ActivityRef, _options: VerbOptions, actor: Actor): Promise<AdminResult<TopicState>> {
    return this.#say(() => {
      this.actors.push(actor);
      const found = this.#find(ref.id);
      if (found === "lost") return ok({ topic: orphanOf(ref.id).topic, version: "9.1.00000000", activity: undefined });
      if (found === undefined) return noOrphan(ref.id);
      return { kind: "conflict", detail: `Cannot cancel ${ref.id}: it is no orphan`, allowed: ["open", "delete"] };
    });
  }

  resumeActivity(ref: ActivityRef, actor: Actor): Promise<AdminResult<TopicState>> {
    return this.#say(() => {
      this.actors.push(actor);
      const found = this.#find(ref.id);
      return found === undefined || found === "lost" ? noOrphan(ref.id) : this.#state(found, false);
    });
  }

  shards(owner: NodeId | undefined): Promise<AdminResult<ShardOverview>> {
    return this.#say(() => ok({ owner: owner ?? CROSS_CENTER, shards: SHARDS }));
  }

  dryRunGroups({ rule, atMs, owner }: GroupsDryRun): Promise<AdminResult<GroupsPreview>> {
    return this.#say(() => {
      const { self } = this;
      if (rule.kind === "lists") return noShard();
      const division = divide(rule, SHARDS, atMs ?? STARTED_AT_MS);
      return ok({ owner: owner ?? self, atMs: atMs ?? STARTED_AT_MS, ...division });
    });
  }

  calendar({ days }: CalendarQuestion): Promise<AdminResult<Calendar>> {
    return this.#say(() => {
      const open = [...this.#activities.values()].filter(({ phase }) => phase === "open");
      return ok({
        fromMs: STARTED_AT_MS,
        untilMs: STARTED_AT_MS + days * DAY_MS,
        rows: open.map(({ id, kind, owner, term, openedAtMs, endsAtMs, plan }) => {
          return {
            activity: id,
            kind,
            owner,
            term,
            opensAtMs: openedAtMs,
            closesAtMs: endsAtMs,
            phases: plan,
            shards: "all",
          };
        }),
        truncated: false,
        unreadable: [{ activity: "lost", owner: CROSS_CENTER, reason: "the time zone Mars/Olympus is not known here" }],
      });
    });
  }

  dryRunSchedule({ schedule, days }: ScheduleDryRun): Promise<AdminResult<SchedulePreview>> {
    return this.#say((): AdminResult<SchedulePreview> => {
      const issues = checkSchedule(schedule, STARTED_AT_MS);
      if (issues.length > 0) return { kind: "invalid", detail: "Cannot follow schedule: 1 fault", issues };
      const time = { fromMs: STARTED_AT_MS, untilMs: STARTED_AT_MS + days * DAY_MS, truncated: false };
      if (schedule.kind === "shard_day") {
        const { cohorts, without } = shardWindows(schedule, SHARDS);
        return ok({ ...time, windows: cohorts.map(({ window, shards }) => ({ ...window, shards })), without });
      }
      const windows = [...windowsAfter(schedule, STARTED_AT_MS).take(1)];
      return ok({ ...time, windows: windows.map((window) => ({ ...window, shards: "all" })), without: [] });
    });
  }

  mails(query: MailQuery): Promise<AdminResult<MailList>> {
    return this.#say(() => {
      if (query.shard !== 1) return { kind: "unavailable", detail: `no center of shard ${query.shard} is reachable` };
      this.asked.push(query);
      return ok({ node: CENTER, mails: query.player === "ann" ? [MAIL] : [], next: undefined });
    });
  }

  deliveries(query: DeliveriesQuery): Promise<AdminResult<DeliveryOverview>> {
    return this.#say(() => {
      this.asked.push(query);
      return ok(query.state === "held" ? { ...DELIVERIES, heldRewards: [HELD] } : DELIVERIES);
    });
  }

  resendRewards(request: ResendRequest, actor: Actor): Promise<AdminResult<RewardsChange>> {
    return this.#say(() => {
      this.actors.push(actor);
      this.asked.push(request);
      if (request.term !== TERM) return { kind: "not_found", detail: `there are no rewards of term ${request.term}` };
      return ok({ count: 3, more: false, ackedUntilMs: STARTED_AT_MS });
    });
  }

  releaseRewards(request: ReleaseRequest, actor: Actor): Promise<AdminResult<RewardsChange>> {
    return this.#say(() => {
      this.actors.push(actor);
      this.asked.push(request);
      const count = request.tier === HELD.tier ? HELD.count : 0;
      return ok({ count, more: false, ackedUntilMs: undefined }, count > 0);
    });
  }

  sessions(): Promise<AdminResult<SessionsOverview>> {
    return this.#say(() => ok(SESSIONS));
  }

  findPlayer(player: string, shard = LOST.shard): Promise<AdminResult<PlayerWhereabouts>> {
    const at = player === "ann" && shard === LOST.shard ? [LOST, WAITING] : [];
    return this.#say(() => ok({ at, silent: SESSIONS.silent }));
  }

  kickPlayer(request: KickRequest, actor: Actor): Promise<AdminResult<DoorsChange>> {
    return this.#say(() => {
      this.actors.push(actor);
      this.asked.push(request);
      const isThere = request.player === "ann";
      return ok({ gateways: isThere ? [DOOR.gateway] : [], silent: [] }, isThere);
    });
  }

  setMaintenance(request: MaintenanceRequest, actor: Actor): Promise<AdminResult<DoorsChange>> {
    return this.#say(() => {
      this.actors.push(actor);
      this.asked.push(request);
      return ok({ gateways: [DOOR.gateway], silent: SESSIONS.silent });
    });
  }

  live(): boolean {
    return this.isLive;
  }

  ready(): { readonly ready: boolean; readonly waitingFor: readonly string[] } {
    return { ready: this.waitingFor.length === 0, waitingFor: this.waitingFor };
  }

  #say<T>(answer: () => AdminResult<T>): Promise<AdminResult<T>> {
    const fault = this.fault;
    this.fault = undefined;
    return fault === undefined ? Promise.resolve(answer()) : fault();
  }

  #with<T>({ id, owner }: ActivityRef, answer: (row: ActivityRow) => AdminResult<T>): AdminResult<T> {
    const row = this.#activities.get(id);
    return row === undefined || (owner !== undefined && owner !== row.owner)
      ? { kind: "not_found", detail: `Cannot find activity ${id}` }
      : answer(row);
  }

  /** Takes it off the list of those that are lost. */
  #find(id: string): ActivityRow | "lost" | undefined {
    const index = this.lost.indexOf(id);
    if (index < 0) return this.#activities.get(id);
    this.lost.splice(index, 1);
    return "lost";
  }

  #state(activity: ActivityRow, changed: boolean): AdminResult<TopicState> {
    return ok({ topic: orphanOf(activity.id).topic, version: activity.version, activity }, changed);
  }

  #open(row: ActivityRow): AdminResult<ActivityRow> {
    this.openings.push(row.id);
    const termNumber = row.termNumber + 1;
    return ok(this.#put({ ...row, phase: "open", termNumber, term: `term-${termNumber}`, openedAtMs: STARTED_AT_MS }));
  }

  #put(row: ActivityRow): ActivityRow {
    this.#revision += 1;
    const stored = { ...row, version: `1.${this.#revision}.00000000` };
    this.#activities.set(row.id, stored);
    return stored;
  }
}
