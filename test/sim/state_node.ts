/**
 * A node of links and topics only: LinkHub and Sync, without calls, roles or modules. The owner keeps its topics and
 * its epoch on a disk that outlives it. For runs that search the lower layers fast and far.
 */

import { Alarms } from "#base/alarms.ts";
import { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { toHex } from "#base/digest.ts";
import { LinkHub } from "#link/hub.ts";
import { SIM_DIGEST } from "#module/simulator/sim_digest.ts";
import type { SimNetwork } from "#module/simulator/sim_network.ts";
import type { SimProcess } from "#module/simulator/sim_process.ts";
import { Sync } from "#sync/sync.ts";
import { TopicOwner } from "#sync/topic_owner.ts";
import { hashOf } from "#sync/version.ts";
import { BOOT_SIZE } from "#wire/handshake.ts";
import { identity } from "#wire/identity.ts";
import { acceptsLinks, parseNodeId } from "#wire/role.ts";
import type { NodeSpec } from "./topology.ts";
import { PORT, hostOf } from "./topology.ts";

/** What the owner has on its disk. */
export interface OwnerDisk {
  epoch: number;
  readonly topics: Map<string, { revision: number; bytes: Uint8Array }>;
}

const KEY = Uint8Array.of(7, 7, 7, 7);
const NO_BYTES = new Uint8Array(0);

export class StateNode {
  readonly spec: NodeSpec;
  readonly hub: LinkHub;
  readonly sync: Sync;
  readonly counters = new Counters();
  readonly #process: SimProcess;
  readonly #disk: OwnerDisk | undefined;
  readonly #owner = new TopicOwner();
  /** Links that are up, for the check that up and down alternate. */
  readonly linksUp = new Set<number>();

  constructor(options: {
    spec: NodeSpec;
    process: SimProcess;
    network: SimNetwork;
    heartbeatMs: number;
    disk: OwnerDisk | undefined;
    violation: (text: string) => void;
  }) {
    const { spec, process, network, violation } = options;
    this.spec = spec;
    this.#process = process;
    this.#disk = options.disk;
    const { clock, random } = process;
    const self = identity({
      role: spec.role,
      number: spec.number,
      shard: spec.shard,
      boot: toHex(random.bytes(BOOT_SIZE)),
      startedAtMs: clock.wallMs(),
    });
    const log = traceLog(network, hostOf(spec.id));
    this.sync = new Sync({
      self,
      digest: SIM_DIGEST,
      wallMs: () => clock.wallMs(),
      counters: this.counters,
      events: {
        accepted: (copy) =>
          network.note(hostOf(spec.id), "accepted", `${copy.topic} ${copy.version.epoch}.${copy.version.revision}`),
        dropped: () => {},
        reported: (report) => {
          const held = this.sync.state.copy(report.topic)?.version;
          const verdict = this.#owner.judge(report.topic, { held, claims: report.claims }, clock.nowMs());
          network.note(hostOf(spec.id), "reported", { topic: report.topic, verdict });
          if (verdict.kind === "bump") this.#publish(report.topic);
        },
        routeChanged: () => {},
      },
    });
    this.hub = new LinkHub({
      self,
      cluster: "sim",
      keys: [KEY],
      heartbeatMs: options.heartbeatMs,
      transport: network.transport(process),
      clock,
      random,
      digest: SIM_DIGEST,
      log,
      counters: this.counters,
      alarms: new Alarms({ clock, log }),
      events: {
        up: (link) => {
          if (this.linksUp.has(link.serial)) violation(`${spec.id}: link ${link.serial} is up twice`);
          this.linksUp.add(link.serial);
          this.sync.linkUp(link);
        },
        down: (link, reason) => {
          network.note(hostOf(spec.id), "down", `${link.peer.id} ${reason}`);
          if (!this.linksUp.delete(link.serial)) violation(`${spec.id}: link ${link.serial} is down twice`);
          this.sync.linkDown(link);
        },
        routed: () => violation(`${spec.id} heard a routed frame`),
        sync: (link, message) => {
          if (!this.linksUp.has(link.serial)) violation(`${spec.id}: sync on a link that is not up`);
          this.sync.receive(link, message);
        },
        heartbeat: (link, beat) => this.sync.heartbeat(link, beat),
        tick: (link) => this.sync.tick(link),
        goodbye: () => {},
        nextSync: (link) => this.sync.next(link),
        saidDigest: (link) => this.sync.saidDigest(link),
        appliedDigest: () => this.sync.appliedDigest(),
        clusterMs: () => clock.wallMs(),
        refused: (target, refusal) => network.note(hostOf(spec.id), "refused", `${target} ${refusal.reason}`),
      },
    });
    if (acceptsLinks(spec.role)) this.hub.listen({ host: hostOf(spec.id), port: PORT });
    if (this.#disk !== undefined) this.#recover(this.#disk);
    for (const target of spec.dials) {
      const parsed = parseNodeId(target);
      if (parsed !== undefined) this.hub.dial(parsed, { host: hostOf(target), port: PORT });
    }
  }

  get process(): SimProcess {
    return this.#process;
  }

  /** Owner only: new content, or none for a tombstone. */
  write(topic: string, bytes: Uint8Array | undefined): void {
    const disk = this.#disk;
    if (disk === undefined || this.#owner.isHalted(topic)) return;
    disk.topics.set(topic, { revision: disk.topics.get(topic)?.revision ?? 0, bytes: bytes ?? NO_BYTES });
    this.#publish(topic);
  }

  #recover(disk: OwnerDisk): void {
    disk.epoch = this.#owner.start(disk.epoch);
    for (const topic of disk.topics.keys()) this.#publish(topic);
  }

  #publish(topic: string): void {
    const disk = this.#disk;
    const row = disk?.topics.get(topic);
    if (disk === undefined || row === undefined) return;
    disk.epoch = this.#owner.epoch;
    row.revision += 1;
    const version = { epoch: disk.epoch, revision: row.revision, hash: hashOf(SIM_DIGEST, row.bytes) };
    this.sync.state.publish({ topic, version, tombstone: row.bytes.length === 0, bytes: row.bytes });
  }
}

function traceLog(network: SimNetwork, who: string): Log {
  const line = (phrase: string, data?: unknown): void => network.note(who, phrase, data);
  return { debug: line, info: line, warn: line, error: line };
}
