/**
 * Mesh: a node's links, topics, directory and router, wired together. It hears LinkEvents and turns them into
 * MeshEvents; what a frame or an activity means is for the layers above.
 */

import { Emitter } from "#base/emitter.ts";
import { messageOf } from "#base/log.ts";
import type { LinkEvents, PeerLink } from "#link/link_port.ts";
import { LinkHub } from "#link/hub.ts";
import type { Address } from "#link/transport.ts";
import { decodeApplied } from "#sync/applied.ts";
import { decodeAttached } from "#sync/attached.ts";
import { faultOfAttached } from "#sync/attached_rules.ts";
import type { RouteWord } from "#sync/route_topics.ts";
import { Sync } from "#sync/sync.ts";
import type { Party } from "#sync/topic_rules.ts";
import { parseTopic } from "#sync/topic_rules.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { acceptsLinks, parseNodeId } from "#wire/role.ts";
import { AppliedView } from "./applied_view.ts";
import { AttachedNews } from "./attached_news.ts";
import { ClusterTime } from "./cluster_time.ts";
import { Directory } from "./directory.ts";
import { GatewayWatch } from "./gateway_watch.ts";
import type { MeshEvent, MeshOptions } from "./mesh_types.ts";
import { Router } from "./router.ts";
import { TwinWatch } from "./twins.ts";

export class Mesh {
  readonly self: Identity;
  readonly events: Emitter<MeshEvent>;
  readonly directory: Directory;
  readonly router: Router;
  readonly sync: Sync;
  readonly hub: LinkHub;
  readonly applied: AppliedView;
  readonly time: ClusterTime;
  readonly #options: MeshOptions;
  readonly #links = new Map<number, PeerLink>();
  readonly #twins: TwinWatch;
  readonly #news: AttachedNews | undefined;
  readonly #watch: GatewayWatch | undefined;

  constructor(options: MeshOptions) {
    const { self, clock, log, counters, digest } = options;
    this.#options = options;
    this.self = self;
    this.events = new Emitter((error) => log.error("mesh listener failed", { error: messageOf(error) }));
    this.time = new ClusterTime({ clock, isSource: self.role === "cross_gateway" });
    this.#twins = new TwinWatch({
      clock,
      alarms: options.alarms,
      counters,
      intervalMs: options.heartbeatMs,
      claimants: (key) => this.directory.claimants(key),
    });
    this.directory = new Directory({
      self: self.key,
      identity: self,
      emit: (event) => this.events.emit(event),
      twinsChanged: (key) => this.#twins.changed(key),
    });
    this.router = new Router({
      self,
      directory: this.directory,
      counters,
      deliver: (buffer, offset) => options.deliver(buffer, offset),
      shardOf: options.expectedShard,
    });
    this.sync = new Sync({
      self,
      digest,
      counters,
      wallMs: () => clock.wallMs(),
      events: {
        accepted: (copy) => {
          options.topics.accepted(copy);
          this.#news?.ownChanged();
        },
        dropped: (topic) => options.topics.dropped(topic),
        reported: (report) => options.topics.reported(report),
        routeChanged: (change) => this.#routeChanged(change),
      },
    });
    this.applied = new AppliedView({
      directory: this.directory,
      ownDigest: () => this.sync.appliedDigest(),
      own: () => this.#news?.applied(),
    });
    this.hub = new LinkHub({ ...options, events: this.#linkEvents() });
    if (acceptsLinks(self.role)) {
      this.#news = new AttachedNews({ self, clock, sync: this.sync, intervalMs: options.heartbeatMs });
    }
    const { gateway } = options;
    if (gateway !== undefined) {
      this.#watch = new GatewayWatch({
        clock,
        intervalMs: options.heartbeatMs,
        hurry: (intervalMs) => this.hub.hurry(gateway, intervalMs),
        exit: (reason) => this.events.emit({ kind: "exit", reason, gateway }),
      });
    }
  }

  listen(address: Address): Address {
    return this.hub.listen(address);
  }

  dial(id: NodeId, address: Address): void {
    const target = parseNodeId(id);
    if (target !== undefined) this.hub.dial(target, address);
  }

  link(key: NodeKey): PeerLink | undefined {
    return this.hub.link(key);
  }

  /** The nodes that are linked to this gateway and belong to its shard. */
  shardNodes(): Identity[] {
    return this.hub
      .links()
      .filter((link) => link.relation === "below" && link.peer.shard === this.self.shard)
      .map((link) => link.peer)
      .toSorted((a, b) => a.key - b.key);
  }

  /** Ends the timers; links end with the hub. */
  stop(): void {
    this.#watch?.stop();
    this.#news?.stop();
    this.#twins.stop();
  }

  #linkEvents(): LinkEvents {
    return {
      up: (link) => this.#up(link),
      down: (link, reason) => {
        // Calls first: they learn whether they left, before "unreachable" says that they may have.
        this.#links.delete(link.serial);
        this.router.linkDown(link);
        this.sync.linkDown(link);
        this.events.emit({ kind: "disconnected", link, reason });
        this.directory.linkDown(link);
        this.applied.linkDown(link.serial);
        this.#news?.left(link);
        if (link.peer.id === this.#options.gateway) this.#watch?.down();
      },
      routed: (link, buffer, offset) => this.router.receive(link, buffer, offset),
      sync: (link, message) => this.sync.receive(link, message),
      heartbeat: (link, beat) => {
        this.time.observe(link);
        this.#news?.heard(link, beat.appliedDigest);
        this.sync.heartbeat(link, beat);
      },
      tick: (link) => this.sync.tick(link),
      goodbye: (link, reason) => {
        if (link.peer.id === this.#options.gateway) this.#watch?.goodbye(reason === "stopping");
      },
      nextSync: (link) => this.sync.next(link),
      saidDigest: (link) => this.sync.saidDigest(link),
      appliedDigest: () => this.sync.appliedDigest(),
      clusterMs: () => this.time.nowMs(),
      refused: (target, refusal, duplicate) => {
        if (duplicate) this.events.emit({ kind: "duplicate", target, detail: refusal.detail });
      },
    };
  }

  #up(link: PeerLink): void {
    this.#links.set(link.serial, link);
    this.router.linkUp(link);
    this.directory.linkUp(link);
    this.sync.linkUp(link);
    this.#news?.joined(link);
    this.events.emit({ kind: "connected", link });
    if (link.peer.id === this.#options.gateway) this.#watch?.up(link);
  }

  #routeChanged(change: { serial: number; topic: string; word: RouteWord | undefined }): void {
    const link = this.#links.get(change.serial);
    const topic = parseTopic(change.topic);
    if (link === undefined || topic === undefined || topic.kind === "activity") return;
    if (topic.kind === "attached") {
      if (change.word === undefined) this.#options.alarms.clear(`attached_refused:${change.topic}`);
      const nodes = change.word === undefined ? undefined : this.#attached(link, topic.gateway, change.word);
      const said = nodes === undefined ? undefined : { hops: change.word?.hops ?? 0, nodes };
      this.directory.word(link, change.topic, said);
      return;
    }
    const word = change.word === undefined ? undefined : decodeApplied(change.word.bytes);
    this.applied.word(topic.gateway.key, word, change.serial);
  }

  /** The nodes of a word, or undefined when it says what its gateway cannot say: then it counts as withdrawn. */
  #attached(link: PeerLink, gateway: Party, word: RouteWord): readonly Identity[] | undefined {
    const nodes = decodeAttached(word.bytes);
    const first = nodes?.[0];
    const { peer } = link;
    // What the peer says of itself is what it has proved.
    const isProved = word.hops > 0 || (first?.boot === peer.boot && first.shard === peer.shard);
    const fault = nodes === undefined ? "it cannot be read" : faultOfAttached(nodes, gateway);
    const alarm = `attached_refused:${word.topic}`;
    if (fault === undefined && isProved) {
      this.#options.alarms.clear(alarm);
      return nodes;
    }
    this.#options.counters.add("mesh.attached_refused");
    this.#options.alarms.raise(alarm, {
      from: peer.id,
      reason: fault ?? "it is not what its gateway has proved to be",
    });
    return undefined;
  }
}
