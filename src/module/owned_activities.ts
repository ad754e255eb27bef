/**
 * The part `activities` of a node: the owner of its activities, its verbs as calls, and the ties between the owner,
 * the topics and this node's own replica. Tombstones are swept once per SWEEP_INTERVAL_MS.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import { ActivityContract } from "#activity/activity_contract.ts";
import { activityTopic, parseActivityTopic } from "#activity/activity_topic.ts";
import type { Orphan } from "#activity/orphans.ts";
import type { CreateRequest, TopicOutcome } from "#activity/outcome.ts";
import type { KindHooks } from "#activity/kind_hooks.ts";
import { ActivityOwner } from "#activity/owner.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import type { ActivityReplica } from "#activity/replica.ts";
import type { ShardGroups } from "#activity/groups/term_groups.ts";
import { NO_SHARDS } from "#activity/groups/term_groups.ts";
import type { Mesh } from "#mesh/mesh.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { Identity } from "#wire/identity.ts";
import type { ModuleHost } from "./module_host.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { StoreError } from "#store/store.ts";
import { versionText } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import type { Report, Snapshot } from "#wire/sync_message.ts";
import { enterPhaseOf, hooksOf, parseKindConfig } from "./kind_code.ts";
import type { ActivityKind } from "./activity_kind.ts";
import type { NodeOptions } from "./node_options.ts";
import { serveReports } from "./report_service.ts";

const SWEEP_INTERVAL_MS = 3_600_000;
/** Less than the caller of `adopt` waits, so that it hears why. */
const ADOPT_TIMEOUT_MS = 3_000;
const NOTHING = { bytes: new Uint8Array(0), version: { epoch: 0, revision: 0, hash: "" } };

/** What the owner needs of the node that hosts it. */
export interface ActivityHost {
  readonly self: Identity;
  readonly alarms: Alarms;
  readonly mesh: Mesh;
  readonly endpoint: Endpoint;
  readonly replica: ActivityReplica;
  readonly modules: ModuleHost;
  readonly shards: ShardGroups | undefined;
  /** Wakes what sends them. */
  readonly rewards: { wake(): void } | undefined;
}

export class OwnedActivities {
  readonly owner: ActivityOwner;
  readonly #node: ActivityHost;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #gateways: readonly NodeId[];
  readonly #hooks = new Map<ActivityKind, KindHooks>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: NodeOptions & { readonly node: ActivityHost }) {
    const { node, self, store, clock, random, digest, log } = options;
    if (store === undefined) throw new StoreError("closed", `Cannot own activities on ${self.id}: there is no store`);
    this.#node = node;
    this.#clock = clock;
    this.#log = log;
    this.#gateways = options.gateways;
    this.owner = new ActivityOwner({
      self,
      store,
      clock,
      clusterMs: () => node.mesh.time.nowMs(),
      random,
      digest,
      log,
      alarms: node.alarms,
      kinds: {
        get names() {
          return node.modules.kinds();
        },
        parseConfig: (kind, input) => {
          const known = node.modules.kind(kind);
          return known === undefined ? undefined : parseKindConfig(known, input);
        },
        phases: (kind) => node.modules.kind(kind)?.phases,
        enter: async (entry) => {
          const kind = node.modules.kind(entry.content.kind);
          return kind === undefined ? undefined : enterPhaseOf(kind, entry);
        },
        hooks: (name) => {
          const kind = node.modules.kind(name);
          return kind === undefined ? undefined : this.#hooksOf(kind);
        },
      },
      rewards: {
        issue: async (tx, rewards, atMs) => void (await issueRewards(tx, { owner: self.id, rewards, atMs })),
        wake: () => node.rewards?.wake(),
      },
      shards: node.shards ?? NO_SHARDS,
      publish: (snapshot) => this.#publish(snapshot),
      forget: (topic) => {
        node.mesh.sync.state.forget(topic);
        node.replica.forget(topic);
      },
    });
    this.#serve();
    serveReports({
      self,
      owner: this.owner,
      server: node.endpoint.server,
      directory: node.mesh.directory,
    });
  }

  /** Throws StoreError. */
  async start(): Promise<void> {
    await this.owner.start();
    if (!this.#isStopped) this.#timer = this.#nextSweep();
  }

  /** Resolves when no change is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.owner.stop();
  }

  /** At once: no timer is left. */
  close(): void {
    void this.stop();
  }

  reported(report: Report): void {
    void this.owner.reported(report);
  }

  #hooksOf(kind: ActivityKind): KindHooks {
    const known = this.#hooks.get(kind);
    if (known !== undefined) return known;
    const hooks = hooksOf(kind);
    this.#hooks.set(kind, hooks);
    return hooks;
  }

  #publish(snapshot: Snapshot): "ok" | "too_many_topics" | "too_large" {
    const { state } = this.#node.mesh.sync;
    const result = state.publish(snapshot);
    const copy = result === "ok" ? state.copy(snapshot.topic) : undefined;
    if (copy !== undefined) this.#node.replica.apply(copy);
    return result;
  }

  #serve(): void {
    const { server } = this.#node.endpoint;
    const { owner } = this;
    server.serve(ActivityContract.create, (request) => owner.create(request as CreateRequest));
    server.serve(ActivityContract.verb, ({ id, verb, ...options }) => owner.verb(id, verb, options));
    server.serve(ActivityContract.extend, ({ id, closesAtMs, ...options }) => owner.extend(id, closesAtMs, options));
    server.serve(ActivityContract.edit, ({ id, key, dryRun, ...edit }) => owner.edit(id, edit, { key, dryRun }));
    server.serve(ActivityContract.remove, ({ id }) => owner.remove(id));
    server.serve(ActivityContract.list, () => ({ activities: [...owner.list()] }));
    server.serve(ActivityContract.get, ({ id }) => owner.find(id));
    server.serve(ActivityContract.orphans, () => ({ orphans: owner.orphans().map(orphanRow) }));
    server.serve(ActivityContract.adopt, ({ id }) => this.#adopt(id));
    server.serve(ActivityContract.cancel, ({ id, ...options }) =>
      owner.cancel(activityTopic(this.#node.self.id, id), options),
    );
    server.serve(ActivityContract.resume, ({ id }) => owner.resume(id));
  }

  async #adopt(id: string): Promise<TopicOutcome> {
    const topic = activityTopic(this.#node.self.id, id);
    const orphan = this.owner.orphans().find((one) => one.topic === topic);
    // Not an orphan: the owner knows what it is instead, and looks at no bytes.
    if (orphan === undefined) return this.owner.adopt(topic, NOTHING);
    const { reporter } = orphan;
    try {
      const to = { key: keyOfId(reporter) };
      const { held } = await this.#node.endpoint.caller.call(
        RuntimeContract.topicBytes,
        { topic },
        { to, timeoutMs: ADOPT_TIMEOUT_MS, retries: 2 },
      );
      if (held !== undefined) {
        const { bytes, ...version } = held;
        return await this.owner.adopt(topic, { bytes, version });
      }
      const detail = `${reporter} has no content of ${topic}: it was deleted, or has just gone from there`;
      return { kind: "conflict", detail, allowed: ["adopt", "cancel"] };
    } catch (error) {
      if (!isCallError(error)) throw error;
      const detail = `${reporter}, which holds ${topic}, cannot be asked: ${error.message}`;
      return { kind: "conflict", detail, allowed: ["adopt", "cancel"] };
    }
  }

  #nextSweep(): Timer {
    return this.#clock.after(SWEEP_INTERVAL_MS, () => {
      this.#timer = this.#nextSweep();
      const gateways = this.#gateways.map(keyOfId);
      const isApplied = this.#node.mesh.applied.allCurrent(gateways);
      this.owner
        .sweep(this.#node.mesh.time.nowMs(), () => isApplied)
        .catch((error: unknown) => this.#log.warn("tombstones not swept", { error: messageOf(error) }));
    });
  }
}

function orphanRow(orphan: Orphan): { topic: string; id: string; version: string; reporter: NodeId } {
  const { topic, reporter, version } = orphan;
  return { topic, id: parseActivityTopic(topic)?.id ?? "", version: versionText(version), reporter };
}
