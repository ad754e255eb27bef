/**
 * A small cluster of real nodes on the simulator, for tests of the admin port: a fixed tree of two shards below one
 * or two cross gateways, each node on a machine of its own with a disk. Questions run inside a node's process, in
 * virtual time.
 */

import { createAdminApp } from "#admin/app.ts";
import type { AuditEntry } from "#admin/audit.ts";
import { MeshAdminPort } from "#admin/mesh_port.ts";
import type { AdminResult } from "#admin/port.ts";
import { needsPlayerStore, needsStore, PLAYER_STORE_MIGRATIONS, STORE_MIGRATIONS } from "#module/store_migrations.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import type { Clock } from "#base/clock.ts";
import { toHex } from "#base/digest.ts";
import type { AssignmentConfig } from "#mesh/assignment.ts";
import { NO_ASSIGNMENT } from "#mesh/assignment.ts";
import { activity } from "#module/activity_kind.ts";
import type { Module } from "#module/module.ts";
import { module } from "#module/module.ts";
import type { Node } from "#module/node.ts";
import { Node as ClusterNode } from "#module/node.ts";
import { SIM_DIGEST } from "#module/simulator/sim_digest.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import type { SimProcess } from "#module/simulator/sim_process.ts";
import { SimWorld } from "#module/simulator/sim_world.ts";
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import { ROLE_TABLE } from "#roles/role_table.ts";
import { migrate } from "#store/migrations.ts";
import type { Store, Tx } from "#store/store.ts";
import { BOOT_SIZE } from "#wire/handshake.ts";
import { identity } from "#wire/identity.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { acceptsLinks, keyOfId, nodeId, parseNodeId, tierOf } from "#wire/role.ts";
import * as v from "valibot";
import { drain } from "../sim/drain.ts";
import { SimDisk } from "../sim/sim_disk.ts";

export const SECRET = "operate-secret-0123456789";
/** A question is answered, or given up, within this. */
const ANSWER_MAX_MS = 15_000;
const SETTLE_MAX_MS = 60_000;
const PORT = 7000;
const KEY = Uint8Array.of(7, 7, 7, 7);

export const CROSS_GATEWAY = nodeId("cross_gateway", 1);
export const CROSS_CENTER = nodeId("cross_center", 1);
export const GATEWAY = nodeId("gateway", 1);
export const CENTER = nodeId("center", 1);
export const GATEWAY_2 = nodeId("gateway", 2);
export const CENTER_2 = nodeId("center", 2);
export const TREE: readonly NodeId[] = [CROSS_GATEWAY, CROSS_CENTER, GATEWAY, CENTER, GATEWAY_2, CENTER_2];

export const boss = activity("boss", { config: v.object({ hp: v.number() }) });

interface Running {
  readonly process: SimProcess;
  readonly node: Node;
  readonly port: MeshAdminPort;
}

export interface GroundOptions {
  readonly nodes?: readonly NodeId[];
  readonly seed?: number;
  /** A long one keeps a frozen node in the directory for as long as a question takes. */
  readonly heartbeatMs?: number;
  readonly assignment?: AssignmentConfig;
  /** The nodes that the cluster file names, for the API. */
  readonly named?: readonly NodeId[];
  /** What the file of a node says of shards. */
  readonly files?: Iterable<readonly [NodeId, readonly ShardFacts[]]>;
  /** Beside the ground's own, on every node; made anew for each. */
  readonly modules?: () => readonly Module[];
}

export class MeshGround {
  readonly world: SimWorld;
  readonly network: SimNetwork;
  /** What the API of any node has written to its audit trail. */
  readonly trail: AuditEntry[] = [];
  /** "opened boss at center:1", as modules hear it. */
  readonly heard: string[] = [];
  /** Read at each start of a node. */
  readonly files: Map<NodeId, readonly ShardFacts[]>;
  readonly #ids: readonly NodeId[];
  readonly #heartbeatMs: number;
  readonly #assignment: AssignmentConfig;
  readonly #named: readonly NodeId[];
  readonly #modules: () => readonly Module[];
  readonly #running = new Map<NodeId, Running>();
  /** By node id, and of each shard that of its players. */
  readonly #disks = new Map<string, SimDisk>();

  /** All nodes are started, linked, and have applied all that there is. */
  constructor(options: GroundOptions = {}) {
    this.#ids = options.nodes ?? TREE;
    this.#heartbeatMs = options.heartbeatMs ?? 1000;
    this.#assignment = options.assignment ?? NO_ASSIGNMENT;
    this.#named = options.named ?? [];
    this.#modules = options.modules ?? (() => []);
    this.files = new Map(options.files);
    this.world = new SimWorld({ seed: options.seed ?? 7, drain });
    this.network = new SimNetwork({ world: this.world });
    for (const id of this.#ids) this.start(id);
    this.settle();
  }

  node(id: NodeId): Node {
    return this.#of(id).node;
  }

  start(id: NodeId): void {
    const process = this.world.host(hostOf(id)).start();
    process.deliver(() => {
      const node = this.#node(id, process);
      this.#running.set(id, { process, node, port: new MeshAdminPort(node, this.#named) });
      const begin = async (): Promise<void> => {
        if (node.playerData !== undefined)
          await migrate(this.#playerStore(node.self.shard, process), PLAYER_STORE_MIGRATIONS, SIM_DIGEST);
        if (node.activities !== undefined || node.inbox !== undefined)
          await migrate(this.#store(id, process), STORE_MIGRATIONS, SIM_DIGEST);
        await node.start();
      };
      begin().catch((error: unknown) => {
        throw error;
      });
    });
  }

  /** As `kill -9`. */
  kill(id: NodeId): void {
    this.network.kill(this.world.host(hostOf(id)));
    this.#running.delete(id);
  }

  /** It starts again without its data. */
  loseDisk(id: NodeId): void {
    this.kill(id);
    this.#disks.delete(id);
    this.start(id);
  }

  /** The disk of a node, also of one that does not run. */
  disk(id: NodeId): SimDisk {
    return this.#diskOf(id);
  }

  /** As it is now. */
  backup(id: NodeId): Promise<SimDisk> {
    return this.#diskOf(id).copy(this.#worldClock());
  }

  /** It is down, and comes back with the data of a backup. */
  restore(id: NodeId, disk: SimDisk): void {
    this.kill(id);
    this.#disks.set(id, disk);
    this.start(id);
  }

  /** A transaction of the node's own process. */
  transact<T>(id: NodeId, work: (tx: Tx) => Promise<T>): T {
    const { process } = this.#of(id);
    return this.#wait(id, () => this.#store(id, process).transaction(work));
  }

  /** Work of the node's own process. */
  wait<T>(id: NodeId, work: () => Promise<T>): T {
    return this.#wait(id, work);
  }

  /** What one node answers another one. */
  call<M extends Method>(from: NodeId, method: M, request: RequestOf<M>, to: NodeId): ReplyOf<M> {
    const { caller } = this.node(from).endpoint;
    return this.#wait(from, () => caller.call(method, request, { to: { key: keyOfId(to) } }));
  }

  freeze(id: NodeId): void {
    this.#of(id).process.freeze();
  }

  thaw(id: NodeId): void {
    this.#of(id).process.thaw();
  }

  /** It answers calls as ever, and takes nothing that is said to it of state topics: it lags. */
  deafen(id: NodeId): void {
    Object.assign(this.node(id).mesh.sync.state, { receive: () => undefined });
  }

  run(delayMs: number): void {
    this.world.run(delayMs);
  }

  /** Every node knows every other that it is to know, and all hold the same. */
  settle(): void {
    const isDone = this.world.runUntil(() => this.#isSettled(), SETTLE_MAX_MS);
    if (!isDone) throw new Error(`not settled after ${SETTLE_MAX_MS} ms`);
  }

  /** What the admin port of a node answers. */
  ask<T>(id: NodeId, question: (port: MeshAdminPort) => Promise<AdminResult<T>>): AdminResult<T> {
    return this.#wait(id, () => question(this.#of(id).port));
  }

  /** The value of an answer that is ok. */
  value<T>(id: NodeId, question: (port: MeshAdminPort) => Promise<AdminResult<T>>): T {
    const result = this.ask(id, question);
    if (result.kind !== "ok") throw new Error(`${result.kind}: ${result.detail}`);
    return result.value;
  }

  /** What the HTTP API of a node answers; `call` is "METHOD /path". */
  http(id: NodeId, call: string, body?: unknown): { readonly status: number; readonly body: unknown } {
    const [method = "GET", path = "/"] = call.split(" ");
    const { node, port, process } = this.#of(id);
    const ignore = (): void => undefined;
    const app = createAdminApp({
      port,
      tokens: [{ name: "operator", role: "operate", secret: SECRET }],
      allowedHosts: [],
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      clock: process.clock,
      counters: node.counters,
      digest: SIM_DIGEST,
      audit: {
        record: async (entry) => void this.trail.push(entry),
        page: async () => ({ records: [], next: undefined }),
      },
    });
    const headers: Record<string, string> = { Host: "127.0.0.1", Authorization: `Bearer ${SECRET}` };
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return this.#wait(id, async () => {
      const response = await app.request(`http://127.0.0.1${path}`, init, { remote: "127.0.0.1:50000" });
      return { status: response.status, body: await response.json() };
    });
  }

  /** What a node's process makes of some work. */
  within<T>(id: NodeId, work: () => Promise<T>): T {
    return this.#wait(id, work);
  }

  /** Versions of a topic by node, of those that run. */
  versions(topic: string): Record<string, string | undefined> {
    const entries = [...this.#running].map(([id, { node }]) => {
      const held = node.runtime.appliedTopics().find((one) => one.topic === topic);
      return [id, held?.version] as const;
    });
    return Object.fromEntries(entries);
  }

  async dispose(): Promise<void> {
    for (const id of this.#running.keys()) this.world.host(hostOf(id)).process?.end();
    await Promise.all([...this.#disks.values()].map((disk) => disk.dispose()));
  }

  #wait<T>(id: NodeId, work: () => Promise<T>): T {
    let settled: { readonly value: T } | { readonly error: unknown } | undefined;
    this.#of(id).process.deliver(() => {
      work().then(
        (value) => (settled = { value }),
        (error: unknown) => (settled = { error }),
      );
    });
    this.world.runUntil(() => settled !== undefined, ANSWER_MAX_MS);
    if (settled === undefined) throw new Error(`${id} has not answered within ${ANSWER_MAX_MS} ms`);
    if ("error" in settled) throw settled.error;
    return settled.value;
  }

  #of(id: NodeId): Running {
    const running = this.#running.get(id);
    if (running === undefined) throw new Error(`${id} does not run`);
    return running;
  }

  #isSettled(): boolean {
    const all = [...this.#running.values()];
    const cross = all.filter(({ node }) => tierOf(node.self.role) === "cross");
    if (all.some(({ node }) => !node.ready().ready)) return false;
    if (cross.some(({ node }) => node.mesh.directory.entries().length !== all.length - 1)) return false;
    // The shards' nodes know whom to ask.
    const owners = cross.filter(({ node }) => node.self.role === "cross_center").length;
    const isInformed = ({ node }: Running): boolean =>
      tierOf(node.self.role) !== "shard" || node.mesh.directory.ofRole("cross_center").length === owners;
    if (!all.every(isInformed)) return false;
    // Also the news of what was applied has arrived, wherever somebody may ask for it.
    return cross.every(({ node }) => node.runtime.nodes().every((row) => row.current));
  }

  /** Of a shard's user nodes, which all see the same. */
  #playerStore(shard: number, process: SimProcess): Store {
    return this.#diskOf(`players of ${shard}`).open({ clock: process.clock, random: process.random });
  }

  #node(id: NodeId, process: SimProcess): Node {
    const { role, number } = parseNodeId(id) ?? { role: "admin" as const, number: 0 };
    const shard = tierOf(role) === "shard" ? shardOf(role, number) : 0;
    const gateway = tierOf(role) === "shard" && !acceptsLinks(role) ? nodeId("gateway", shard) : undefined;
    return new ClusterNode({
      spec: ROLE_TABLE[role],
      self: identity({
        role,
        number,
        shard,
        boot: toHex(process.random.bytes(BOOT_SIZE)),
        startedAtMs: process.clock.wallMs(),
      }),
      release: "sim",
      cluster: "sim",
      keys: [KEY],
      heartbeatMs: this.#heartbeatMs,
      transport: this.network.transport(process),
      clock: process.clock,
      random: process.random,
      digest: SIM_DIGEST,
      log: this.#log(id),
      listen: acceptsLinks(role) ? { host: hostOf(id), port: PORT } : undefined,
      dials: this.#dials(id, gateway).map((to) => ({ id: to, address: { host: hostOf(to), port: PORT } })),
      gateway,
      policy: gateway === undefined ? undefined : "ignore",
      assignment: this.#assignment,
      shards: this.files.get(id) ?? [],
      gateways: this.#ids.filter((other) => other.startsWith("gateway:")),
      store: needsStore(ROLE_TABLE[role].parts) ? this.#store(id, process) : undefined,
      playerStore: needsPlayerStore(ROLE_TABLE[role].parts) ? this.#playerStore(shard, process) : undefined,
      modules: [
        module("ground", { activities: [boss] }, (host) => {
          const listener = host.activity(boss);
          listener.opened((event) => void this.heard.push(`opened ${event.id} at ${host.id}`));
          listener.closed((event) => void this.heard.push(`closed ${event.id} at ${host.id}`));
        }),
        ...this.#modules(),
      ],
      onEnd: ({ reason }) => this.world.note(id, "wants to end", reason),
    });
  }

  #dials(id: NodeId, gateway: NodeId | undefined): NodeId[] {
    if (gateway !== undefined) return [gateway];
    const crossGateways = this.#ids.filter((other) => other.startsWith("cross_gateway:"));
    return id.startsWith("cross_gateway:") ? crossGateways.filter((other) => other > id) : crossGateways;
  }

  #store(id: NodeId, process: SimProcess) {
    return this.#diskOf(id).open({ clock: process.clock, random: process.random });
  }

  #diskOf(id: string): SimDisk {
    const known = this.#disks.get(id);
    if (known !== undefined) return known;
    const disk = new SimDisk(this.#worldClock());
    this.#disks.set(id, disk);
    return disk;
  }

  #worldClock(): Clock {
    const { world } = this;
    return {
      nowMs: () => world.nowMs,
      wallMs: () => world.nowMs,
      after: (delayMs, fn) => world.after(delayMs, fn),
      afterPoll: (fn) => void world.after(0, fn),
      soon: (fn) => void world.after(0, fn),
    };
  }

  #log(id: NodeId) {
    const line = (phrase: string, data?: unknown): void => this.world.note(id, phrase, data);
    return { debug: line, info: line, warn: line, error: line };
  }
}

/** user:201 is of shard 2. */
function shardOf(role: Role, number: number): number {
  return role === "gateway" || role === "center" ? number : Math.max(1, Math.floor(number / 100));
}

export function hostOf(id: NodeId): string {
  return id.replace(":", "-");
}
