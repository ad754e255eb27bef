/**
 * Node: one member of the cluster, whatever its role: mesh, calls, the replica of all activities, modules, and the
 * parts that its role hosts. Knows no runtime: everything it touches comes with its options.
 *
 *   created -> started -> draining -> stopped        each once, `stop` may be called in any state
 */

import { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { OnceHooks } from "#activity/once_hooks.ts";
import { ActivityReplica } from "#activity/replica.ts";
import type { DeathPolicy } from "#mesh/death_watch.ts";
import { policyText } from "#mesh/death_watch.ts";
import { Assignment } from "#mesh/assignment.ts";
import { Mesh } from "#mesh/mesh.ts";
import type { MeshEvent } from "#mesh/mesh_types.ts";
import { Inbox } from "#delivery/inbox.ts";
import { ItemKinds } from "#player/item_kinds.ts";
import { PLAYER_DATA_KEPT } from "#player/ledger_table.ts";
import { servePins } from "#player/shard_store.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { Endpoint } from "#rpc/endpoint.ts";
import { LeavingNodes } from "#session/leaving_nodes.ts";
import { PlayerContract } from "#session/player_contract.ts";
import { GatewaySessions } from "#session/gateway_sessions.ts";
import { ShardLogins } from "#session/shard_logins.ts";
import type { Address } from "#link/transport.ts";
import type { Identity } from "#wire/identity.ts";
import { IssuedRewards } from "./issued_rewards.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { keyOfId, parseNodeId } from "#wire/role.ts";
import { KnownShards } from "./known_shards.ts";
import { ModuleHost } from "./module_host.ts";
import type { NodeEnd, NodeOptions } from "./node_options.ts";
import { OwnedPlayerData } from "./owned_player_data.ts";
import { OwnedActivities } from "./owned_activities.ts";
import { PlayerGateway } from "./player_gateway.ts";
import { PlayerMethods } from "./player_methods.ts";
import { PlayerService } from "./player_service.ts";
import { RuntimeService } from "./runtime_service.ts";
import { serveShardFacts } from "./shard_answers.ts";
import { TargetResolver } from "./target.ts";

/** Time for what is being executed to end, before links are said goodbye to. */
export const DRAIN_MS_MAX = 6_000;

/** For the gateway to send no more requests of players. */
export const LEAVE_TIMEOUT_MS = 2_000;

/** Exit codes that a node asks for. */
export const EXIT_DUPLICATE = 1;
export const EXIT_GATEWAY_DIED = 75;

export class Node {
  readonly self: Identity;
  readonly counters = new Counters();
  readonly alarms: Alarms;
  readonly mesh: Mesh;
  readonly endpoint: Endpoint;
  readonly replica: ActivityReplica;
  readonly modules: ModuleHost;
  readonly runtime: RuntimeService;
  readonly assignment: Assignment;
  readonly sessions: GatewaySessions | undefined;
  readonly logins: ShardLogins | undefined;
  readonly players: PlayerService | undefined;
  readonly playerGateway: PlayerGateway | undefined;
  readonly activities: OwnedActivities | undefined;
  readonly shards: KnownShards | undefined;
  /** Of the activities that this node owns, on their way to the shards. */
  readonly rewards: IssuedRewards | undefined;
  /** Of the shard, as its center has it. */
  readonly inbox: Inbox | undefined;
  readonly once: OnceHooks | undefined;
  /** Of the players that are this node's own. */
  readonly playerData: OwnedPlayerData | undefined;
  readonly #options: NodeOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #policy: DeathPolicy | undefined;
  #state: "created" | "started" | "draining" | "stopped" = "created";
  #stopping: Promise<void> | undefined;
  #listening: Address | undefined;

  constructor(options: NodeOptions) {
    const { self, clock, log, random, spec, gateway } = options;
    this.#options = options;
    this.self = self;
    this.#clock = clock;
    this.#log = log;
    this.#policy = gateway === undefined ? undefined : (options.policy ?? spec.deathPolicy);
    this.alarms = new Alarms({ clock, log });
    this.assignment = new Assignment(options.assignment);
    this.mesh = new Mesh({
      ...options,
      gateway: this.#policy === undefined ? undefined : gateway,
      counters: this.counters,
      alarms: this.alarms,
      topics: {
        accepted: (copy) => this.replica.apply(copy),
        dropped: (topic) => this.replica.forget(topic),
        reported: (report) => this.activities?.reported(report),
      },
      deliver: (buffer, offset) => this.endpoint.receive(buffer, offset),
    });
    const { directory, router } = this.mesh;
    this.endpoint = new Endpoint({ self, clock, random, log, counters: this.counters, router });
    const clusterMs = (): number => this.mesh.time.nowMs();
    const madeMs = clock.nowMs();
    this.replica = new ActivityReplica({
      shard: self.shard,
      clock,
      log,
      alarms: this.alarms,
      clusterMs,
      nodeStartedClusterMs: () => clusterMs() - (clock.nowMs() - madeMs),
    });
    const { store: ownStore } = options;
    if (spec.parts.includes("inbox") && ownStore !== undefined) {
      const { replica, alarms } = this;
      this.once = new OnceHooks({ store: ownStore, clock, clusterMs, replica, alarms });
    }
    const methods = new PlayerMethods();
    if (spec.parts.includes("logins") && gateway !== undefined) {
      const { endpoint } = this;
      const logins = new ShardLogins({ endpoint, log, gateway });
      this.logins = logins;
      this.players = new PlayerService({
        self: self.id,
        gateway,
        endpoint,
        logins,
        methods,
        clusterMs,
        heartbeatMs: options.heartbeatMs,
      });
    }
    const targets = new TargetResolver({ self, directory, assignment: this.assignment });
    const kinds = new ItemKinds();
    const { playerStore, playerDataKept: kept = PLAYER_DATA_KEPT } = options;
    if (spec.parts.includes("player_data") && playerStore !== undefined) {
      const { counters, alarms, endpoint, logins } = this;
      const known = {
        self,
        store: playerStore,
        clock,
        clusterMs,
        random,
        log,
        counters,
        alarms,
        endpoint,
        kinds,
        kept,
      };
      const isLoggedIn = (player: string): boolean => logins?.sessionOf(player) !== undefined;
      const center = (): NodeKey => targets.resolve({ role: "center", shard: self.shard });
      const owned = new OwnedPlayerData({ ...known, isLoggedIn, center });
      this.playerData = owned;
      logins?.listen(owned.data);
    }
    if (spec.parts.includes("sessions")) {
      const { endpoint, counters } = this;
      const leaving = new LeavingNodes();
      const nodes = (): readonly Identity[] => leaving.staying(this.mesh.shardNodes());
      const sessions = new GatewaySessions({ random, clock, counters, endpoint, nodes });
      const leaves = (id: NodeId): Identity | undefined => {
        const node = this.mesh.shardNodes().find((other) => other.id === id);
        if (node === undefined) return undefined;
        leaving.add(node);
        sessions.nodesChanged(node);
        return node;
      };
      this.sessions = sessions;
      this.playerGateway = new PlayerGateway({ self, clock, clusterMs, endpoint, methods, sessions, nodes, leaves });
    }
    this.modules = new ModuleHost({
      methods,
      players: this.players,
      self,
      clock,
      log,
      counters: this.counters,
      alarms: this.alarms,
      directory,
      endpoint: this.endpoint,
      targets,
      kinds,
      playerData: this.playerData,
      replica: this.replica,
      once: this.once,
      clusterMs,
    });
    const { shards = [], store } = options;
    if (self.role === "gateway") {
      serveShardFacts({ shard: self.shard, shards, server: this.endpoint.server, alarms: this.alarms });
    }
    if (spec.parts.includes("activities") && store !== undefined) {
      const { alarms, counters, endpoint } = this;
      const known = { self, store, clock, clusterMs, random, log, alarms, directory, endpoint };
      const changed = (): void => {
        this.activities?.owner.shardsChanged();
        this.rewards?.shardsChanged();
      };
      const shardsKnown = new KnownShards({ ...known, file: shards, named: namedShards(options), changed });
      this.shards = shardsKnown;
      const homeOf = (shard: number): number => shardsKnown.homeOf(shard);
      this.rewards = new IssuedRewards({ ...known, digest: options.digest, counters, homeOf });
    }
    if (spec.parts.includes("inbox") && store !== undefined) {
      const { counters, endpoint } = this;
      const isOwn = (id: string): boolean => directory.ofRole("user", self.shard).some((user) => user.id === id);
      servePins({ shard: self.shard, store, endpoint, isOwn });
      this.inbox = new Inbox({ store, clock, clusterMs, digest: options.digest, log, counters, endpoint });
    }
    if (spec.parts.includes("activities")) this.activities = new OwnedActivities({ ...options, node: this });
    this.runtime = new RuntimeService({
      self,
      release: options.release,
      policy: this.policyText(),
      clock,
      server: this.endpoint.server,
      directory,
      router,
      states: this.mesh.sync.state,
      applied: this.mesh.applied,
      counters: this.counters,
      alarms: this.alarms,
      links: (key) => this.mesh.link(key),
      status: () => this.mesh.hub.status(),
      modules: () => this.modules.names(),
      logins: () => this.logins?.count ?? this.sessions?.count ?? 0,
      isDraining: () => this.#state === "draining",
    });
    this.mesh.events.on((event) => this.#heard(event));
  }

  /** Modules first, then what it owns, then it listens, then it dials. Throws StoreError or ListenError. */
  async start(): Promise<void> {
    const { spec, modules, listen, dials } = this.#options;
    for (const module of [...spec.modules, ...modules]) this.modules.host(module);
    await this.shards?.start();
    if (this.#state !== "created") return;
    await this.activities?.start();
    if (this.#state !== "created") return;
    await this.rewards?.start();
    if (this.#state !== "created") return;
    await this.once?.start();
    if (this.#state !== "created") return;
    await this.playerData?.start();
    if (this.#state !== "created") return;
    this.inbox?.start();
    this.#state = "started";
    if (listen !== undefined) this.#listening = this.mesh.listen(listen);
    for (const { id, address } of dials) this.mesh.dial(id, address);
  }

  /** The bound address of a gateway, with the port that the system chose. */
  get listening(): Address | undefined {
    return this.#listening;
  }

  /** Resolves when the event loop has looked for I/O: long work in slices holds nobody up. */
  polled(): Promise<void> {
    return new Promise((resolve) => this.#clock.afterPoll(resolve));
  }

  get isDraining(): boolean {
    return this.#state === "draining" || this.#state === "stopped";
  }

  /** "gateway:1 silent for 4 s => exit", or undefined when it follows no gateway. */
  policyText(): string | undefined {
    const { gateway, heartbeatMs } = this.#options;
    if (gateway === undefined || this.#policy === undefined) return undefined;
    return policyText(gateway, { policy: this.#policy, heartbeatMs });
  }

  /** Every link that this node is to have is up. */
  ready(): { readonly ready: boolean; readonly waitingFor: readonly string[] } {
    const waitingFor = this.#options.dials
      .filter(({ id }) => !this.mesh.hub.links().some((link) => link.peer.id === id))
      .map(({ id }) => `a link to ${id}`);
    if (this.#state !== "started") waitingFor.push(`this node, which is ${this.#state}`);
    return { ready: waitingFor.length === 0, waitingFor };
  }

  /** Takes no new work, ends what is under way within DRAIN_MS_MAX, says goodbye, closes. Again: ends with the first. */
  stop(detail: string): Promise<void> {
    if (this.#state === "stopped") return this.#stopping ?? Promise.resolve();
    this.#stopping ??= this.#drain(detail);
    return this.#stopping;
  }

  async #drain(detail: string): Promise<void> {
    this.#state = "draining";
    await this.#leave();
    this.endpoint.server.drain();
    this.mesh.hub.stopAccepting();
    await Promise.race([this.endpoint.server.idle(), sleep(this.#clock, DRAIN_MS_MAX)]);
    await this.activities?.stop();
    await this.rewards?.stop();
    await this.inbox?.stop();
    await this.playerData?.stop();
    await this.shards?.stop();
    await this.mesh.hub.goodbye("stopping", detail);
    this.close();
  }

  /** Of players' requests none is lost on the way when the gateway sends no more of them. Never rejects with a CallError. */
  async #leave(): Promise<void> {
    const { gateway } = this.#options;
    if (this.players === undefined || gateway === undefined) return;
    try {
      const options = { to: { key: keyOfId(gateway) }, timeoutMs: LEAVE_TIMEOUT_MS };
      await this.endpoint.caller.call(PlayerContract.leave, {}, options);
    } catch (error) {
      // It is gone itself, or of an older release.
      if (!isCallError(error)) throw error;
    }
  }

  /** At once, without a word: what is left after `stop`, or instead of it. */
  close(): void {
    this.#state = "stopped";
    this.mesh.stop();
    this.mesh.hub.close();
    this.endpoint.caller.close();
    this.activities?.close();
    void this.shards?.stop();
    this.rewards?.close();
    void this.inbox?.stop();
    this.playerData?.close();
    this.replica.stop();
    this.once?.stop();
    this.modules.stop();
  }

  #heard(event: MeshEvent): void {
    switch (event.kind) {
      case "connected":
        if (event.link.relation === "below") this.sessions?.nodesChanged(event.link.peer);
        break;
      case "disconnected":
        this.endpoint.caller.linkLost(event.link);
        if (event.link.relation === "above") this.playerData?.data.doubt();
        if (event.link.relation === "below") this.sessions?.nodesChanged(event.link.peer);
        break;
      case "reachable":
        this.shards?.reachable(event.identity);
        this.rewards?.reachable(event.identity);
        this.modules.reachable(event.identity);
        break;
      case "unreachable":
        this.endpoint.caller.unreachable(event.identity.key);
        this.shards?.unreachable(event.identity);
        this.rewards?.unreachable(event.identity);
        this.modules.unreachable(event.identity);
        break;
      case "exit":
        this.#gatewayDied(event.reason, event.gateway);
        break;
      case "duplicate":
        this.#end({
          code: EXIT_DUPLICATE,
          reason: `another ${this.self.id} is alive at ${event.target}: ${event.detail}`,
        });
        break;
    }
  }

  #gatewayDied(reason: string, gateway: string): void {
    this.counters.add(`mesh.exit:${reason}`);
    if (this.#policy === "exit") this.#end({ code: EXIT_GATEWAY_DIED, reason: `${gateway}: ${reason}` });
    else if (this.#policy === "clear_logins") this.logins?.clear(reason);
    else this.#log.warn("gateway died", { gateway, reason });
  }

  #end(end: NodeEnd): void {
    if (this.isDraining) return;
    this.#options.onEnd(end);
  }
}

function namedShards({ gateways, expectedShard }: NodeOptions): readonly number[] {
  const ofGateways = gateways.flatMap((id) => {
    const parsed = parseNodeId(id);
    return parsed?.role === "gateway" ? (expectedShard?.(id) ?? parsed.number) : [];
  });
  return [...new Set(ofGateways)];
}
