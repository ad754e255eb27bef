/**
 * The metrics of one node in the text form of Prometheus. Everything is read when it is asked for; only the lag of the
 * event loop and the time of handlers are observed all the while. Names and units follow the conventions of Prometheus.
 *
 * Nothing here is labelled by node, topic, activity or player: series do not grow with the cluster. What is wrong with
 * which node is what the admin API says.
 */

import type { Clock } from "#base/clock.ts";
import type { ReadUsage } from "#base/process_usage.ts";
import type { LinkRelation, LinkStatus } from "#link/link_port.ts";
import type { Standing } from "#delivery/outbox_overview.ts";
import type { Node } from "#module/node.ts";
import { StoreError } from "#store/store.ts";
import { ROLES } from "#wire/role.ts";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { CounterMetrics } from "./counter_metrics.ts";
import { LoopLag } from "./loop_lag.ts";

/** Kinds of alarms that have a series of their own; the others share one. */
export const ALARM_KINDS_MAX = 64;
const ALARM_KINDS = [
  "activity_behind",
  "activity_stopped",
  "attached_refused",
  "bad_content",
  "duplicate_identity",
  "epoch_jump",
  "fenced",
  "hook_slow",
  "kind_fault",
  "kind_missing",
  "module_fault",
  "orphan",
  "players_certificate_ends",
  "players_certificate_refused",
  "players_port_closed",
  "ranking_full",
  "reports_overloaded",
  "reward_conflict",
  "rewards_differ",
  "rewards_held",
  "rewards_late",
  "schedule_unreadable",
  "series_blocked",
  "series_late",
  "settlement_conflict",
  "shard_conflict",
  "term_waits",
  "two_owners",
  "ungrouped",
  "unpublished",
] as const;
const RELATIONS: readonly LinkRelation[] = ["above", "below", "peer"];
const LINK_STATES: readonly LinkStatus["state"][] = ["up", "handshaking", "dialing", "backing_off"];
const SECONDS = 1 / 1_000;
const BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface NodeMetricsOptions {
  readonly node: Node;
  readonly release: string;
  readonly clock: Clock;
  /** Of the whole process; without it those series are left out. */
  readonly usage: ReadUsage | undefined;
}

export class NodeMetrics {
  /** For the HTTP answer. */
  readonly contentType = Registry.PROMETHEUS_CONTENT_TYPE;
  readonly #node: Node;
  readonly #registry = new Registry();
  readonly #lag: LoopLag;
  readonly #handlers: Histogram;
  readonly #readers: (() => void | Promise<void>)[] = [];

  constructor(options: NodeMetricsOptions) {
    const { node, clock, usage, release } = options;
    this.#node = node;
    const counters = new CounterMetrics(this.#registry, node.counters);
    this.#readers.push(() => counters.refresh());
    const { role, id, shard } = node.self;
    const build = this.#gauge("kuafu_build_info", "What runs here; always 1", ["release", "node", "role", "shard"]);
    build.set({ release, node: id, role, shard: String(shard) }, 1);
    this.#links();
    this.#calls();
    this.#cluster(clock);
    this.#rewards(clock);
    this.#alarms();
    if (usage !== undefined) this.#process(usage);
    this.#handlers = this.#histogram("kuafu_rpc_handler_seconds", "Time that the handlers of typed calls took");
    const lag = this.#histogram("kuafu_event_loop_lag_seconds", "How late a timer of 250 ms ran");
    this.#lag = new LoopLag({ clock, observe: (lagMs) => lag.observe(lagMs * SECONDS) });
  }

  /** Observes from now on, until `stop`. */
  start(): void {
    this.#lag.start();
    this.#node.endpoint.server.watch((tookMs) => this.#handlers.observe(tookMs * SECONDS));
  }

  async text(): Promise<string> {
    for (const read of this.#readers) await read();
    return this.#registry.metrics();
  }

  stop(): void {
    this.#lag.stop();
    this.#node.endpoint.server.watch(undefined);
  }

  #links(): void {
    const { hub } = this.#node.mesh;
    const links = this.#gauge("kuafu_links", "Links by where the other end is and their state", ["relation", "state"]);
    const rtt = this.#gauge("kuafu_link_round_trip_max_seconds", "Slowest last answer to a ping", ["relation"]);
    const queued = this.#gauge("kuafu_link_queue_bytes", "Bytes that wait in all send queues", ["relation"]);
    const most = this.#gauge("kuafu_link_queue_max_bytes", "Bytes that wait in the fullest send queue", ["relation"]);
    this.#readers.push(() => {
      const rows = hub.status();
      for (const relation of RELATIONS) {
        const own = rows.filter((row) => row.relation === relation);
        for (const state of LINK_STATES) {
          links.set({ relation, state }, own.filter((row) => row.state === state).length);
        }
        rtt.set({ relation }, own.reduce((max, row) => Math.max(max, row.rttMs ?? 0), 0) * SECONDS);
        queued.set(
          { relation },
          own.reduce((sum, row) => sum + row.queuedSize, 0),
        );
        most.set(
          { relation },
          own.reduce((max, row) => Math.max(max, row.queuedSize), 0),
        );
      }
    });
    this.#read("kuafu_links_unproved", "Conns that have not proved the key yet", () => hub.unprovedCount);
    this.#read(
      "kuafu_process_queue_bytes",
      "Bytes that wait in all send queues of the process",
      () => hub.budget.usedSize,
    );
    this.#read("kuafu_process_queue_limit_bytes", "Where the fullest link is closed", () => hub.budget.sizeMax);
  }

  #calls(): void {
    const { caller, server } = this.#node.endpoint;
    this.#read("kuafu_rpc_calls_under_way", "Calls of this node that wait for an answer", () => caller.pendingCount);
    this.#read("kuafu_rpc_calls_executing", "Calls that this node executes", () => server.executingCount);
  }

  #cluster(clock: Clock): void {
    const { mesh, runtime, logins, sessions } = this.#node;
    const { state } = mesh.sync;
    this.#read("kuafu_state_topics", "State topics that this node holds", () => state.copyCount);
    this.#read("kuafu_links_disputed", "Links whose digests differ: being talked about", () => state.disputedCount);
    this.#read("kuafu_logins", "Players that are logged in here", () => logins?.count ?? sessions?.count ?? 0);
    this.#read("kuafu_ready", "1 when every link that this node is to have is up", () =>
      Number(this.#node.ready().ready),
    );
    this.#read("kuafu_draining", "1 while this node leaves", () => Number(this.#node.isDraining));
    const reachable = this.#gauge("kuafu_nodes_reachable", "Nodes that this node reaches, by role", ["role"]);
    const behind = this.#gauge("kuafu_nodes_behind", "Of them, those without the current state topics");
    const longest = this.#gauge("kuafu_nodes_behind_max_seconds", "Since when the one that is behind longest is so");
    this.#readers.push(() => {
      const own = this.#node.self.id;
      const rows = runtime.nodes().filter((row) => row.id !== own);
      for (const role of ROLES) reachable.set({ role }, rows.filter((row) => row.role === role).length);
      const lacking = rows.filter((row) => !row.current);
      behind.set(lacking.length);
      const sinceMs = lacking.reduce((min, row) => Math.min(min, row.behindSinceMs ?? min), clock.wallMs());
      longest.set(Math.max(0, clock.wallMs() - sinceMs) * SECONDS);
    });
  }

  /** Of a node that issues none they stay 0. */
  #rewards(clock: Clock): void {
    const pending = this.#gauge("kuafu_rewards_pending", "Rewards that their shard has not acknowledged");
    const held = this.#gauge("kuafu_rewards_held", "Rewards that wait for an operator");
    const longest = this.#gauge(
      "kuafu_rewards_pending_max_seconds",
      "Since when the one that waits longest is pending",
    );
    this.#readers.push(async () => {
      const standing = await this.#standing();
      if (standing === undefined) return;
      pending.set(standing.pending);
      held.set(standing.held);
      const sinceMs = standing.pendingSinceMs ?? Infinity;
      longest.set(Math.max(0, clock.wallMs() - sinceMs) * SECONDS);
    });
  }

  /** Undefined where the store cannot be read: the last values stay. */
  async #standing(): Promise<Standing | undefined> {
    try {
      return (await this.#node.rewards?.standing()) ?? { pending: 0, held: 0, pendingSinceMs: undefined };
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return undefined;
    }
  }

  #alarms(): void {
    const alarms = this.#gauge("kuafu_alarms", "Alarms that are raised, by kind", ["alarm"]);
    const kinds = new Set<string>(ALARM_KINDS);
    this.#readers.push(() => {
      const counts = new Map([...kinds].map((kind) => [kind, 0]));
      for (const { name } of this.#node.alarms.all()) {
        const kind = name.split(":")[0] ?? name;
        if (kinds.size < ALARM_KINDS_MAX) kinds.add(kind);
        const series = kinds.has(kind) ? kind : "other";
        counts.set(series, (counts.get(series) ?? 0) + 1);
      }
      alarms.reset();
      for (const [alarm, count] of counts) alarms.set({ alarm }, count);
    });
  }

  #process(usage: ReadUsage): void {
    const { startedAtMs } = this.#node.self;
    this.#read("process_start_time_seconds", "When the node was started", () => startedAtMs * SECONDS);
    this.#read("process_resident_memory_bytes", "Memory in RAM", () => usage().residentSize);
    if (usage().cpuMs === undefined) return;
    const name = "process_cpu_seconds_total";
    const cpu = new Counter({ name, help: "User and system time", registers: [this.#registry] });
    this.#readers.push(() => {
      cpu.reset();
      cpu.inc((usage().cpuMs ?? 0) * SECONDS);
    });
  }

  #read(name: string, help: string, value: () => number): void {
    const gauge = this.#gauge(name, help);
    this.#readers.push(() => gauge.set(value()));
  }

  #gauge<L extends string = never>(name: string, help: string, labelNames: readonly L[] = []): Gauge<L> {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  #histogram(name: string, help: string): Histogram {
    return new Histogram({ name, help, buckets: BUCKETS_S, registers: [this.#registry] });
  }
}
