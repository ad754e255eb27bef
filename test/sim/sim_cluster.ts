/**
 * A simulated cluster: every node of a topology on a machine of its own, a supervisor that starts again what has
 * exited, and a disk for each that outlives its processes.
 */

import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import type { Clock } from "#base/clock.ts";
import { messageOf } from "#base/log.ts";
import type { Module } from "#module/module.ts";
import type { Node } from "#module/node.ts";
import type { SimNetwork } from "#module/simulator/sim_network.ts";
import type { SimProcess } from "#module/simulator/sim_process.ts";
import type { SimWorld } from "#module/simulator/sim_world.ts";
import { acceptsLinks, tierOf } from "#wire/role.ts";
import { DeathCheck } from "./death_check.ts";
import type { Ledger } from "./ledger.ts";
import type { TransactionWatch } from "./sim_disk.ts";
import { SimDisk } from "./sim_disk.ts";
import type { SimNode } from "./sim_node.ts";
import { startSimNode } from "./sim_node.ts";
import type { NodeSpec, Topology } from "./topology.ts";
import { hostOf } from "./topology.ts";

/** DESIGN 2: a drain of at most 10 s. */
const LEAVE_MAX_MS = 10_100;
const RESTART_MIN_MS = 100;
const RESTART_MAX_MS = 1000;

/** One process of a node, with what the harness knows about it. */
export interface Life {
  readonly name: string;
  readonly spec: NodeSpec;
  readonly process: SimProcess;
  readonly death: DeathCheck;
  readonly node: SimNode;
}

/** What a run adds to its nodes. */
export interface NodeExtras {
  /** What the file of a node says of shards, read at each start. */
  facts?(spec: NodeSpec): readonly ShardFacts[];
  /** Beside the simulation's own. */
  modules?(spec: NodeSpec, life: string): readonly Module[];
  watch?(spec: NodeSpec, process: SimProcess): TransactionWatch | undefined;
  /** Of the store that the `user` nodes of a shard share. */
  watchPlayers?(spec: NodeSpec, process: SimProcess): TransactionWatch | undefined;
  /** Inside the process, when its node has started: what ends before the node does. */
  started?(made: StartedNode): ((detail: string) => Promise<void>) | undefined;
}

export interface StartedNode {
  readonly spec: NodeSpec;
  readonly process: SimProcess;
  readonly life: string;
  readonly node: Node;
}

/** The disk that the `user` nodes of a shard share; it is on no machine of theirs. */
export function playersDiskOf(shard: number): string {
  return `players of ${shard}`;
}

export class SimCluster {
  readonly world: SimWorld;
  readonly network: SimNetwork;
  readonly ledger: Ledger;
  readonly heartbeatMs: number;
  readonly extras: NodeExtras;
  #topology: Topology;
  readonly #lives = new Map<string, Life>();
  readonly #disks = new Map<string, SimDisk>();
  readonly #replaced: SimDisk[] = [];
  readonly #retired = new Set<string>();
  readonly #wiped = new Set<string>();
  /** Machines that a fault holds down. */
  readonly #down = new Set<string>();

  constructor(options: {
    world: SimWorld;
    network: SimNetwork;
    ledger: Ledger;
    topology: Topology;
    heartbeatMs: number;
    extras?: NodeExtras;
  }) {
    this.world = options.world;
    this.network = options.network;
    this.ledger = options.ledger;
    this.#topology = options.topology;
    this.heartbeatMs = options.heartbeatMs;
    this.extras = options.extras ?? {};
  }

  get topology(): Topology {
    return this.#topology;
  }

  /** The processes that are alive, frozen ones too, in the order of the topology. */
  get lives(): readonly Life[] {
    return this.topology.nodes.flatMap((spec) => this.life(spec.id) ?? []);
  }

  life(id: string): Life | undefined {
    const life = this.#lives.get(id);
    return life?.process.isAlive === true ? life : undefined;
  }

  start(spec: NodeSpec): void {
    const name = hostOf(spec.id);
    const host = this.world.host(name);
    if (host.process !== undefined || this.#down.has(name) || this.#retired.has(name)) return;
    const process = host.start();
    const gateway = tierOf(spec.role) === "shard" && !acceptsLinks(spec.role) ? spec.dials[0] : undefined;
    const death = new DeathCheck({
      spec,
      process,
      nowMs: () => this.world.nowMs,
      heartbeatMs: this.heartbeatMs,
      gateway,
    });
    const lifeName = `${spec.id}#${process.life}`;
    process.onEnd(() => this.ledger.lifeEnds(lifeName));
    this.ledger.count("starts");
    process.deliver(() => {
      const node = startSimNode({
        cluster: this,
        spec,
        process,
        death,
        lifeName,
        leaves: (reason) => {
          const life = this.#lives.get(spec.id);
          if (life?.process === process) this.leave(life, reason);
        },
        store: this.disk(name).open({
          clock: process.clock,
          random: process.random,
          watch: this.extras.watch?.(spec, process),
        }),
        playerStore: () =>
          this.disk(playersDiskOf(spec.shard)).open({
            clock: process.clock,
            random: process.random,
            watch: this.extras.watchPlayers?.(spec, process),
          }),
        exited: (reason) => {
          this.ledger.count(`exit:${reason}`);
          const wrong = death.exited(reason);
          if (wrong !== undefined) this.ledger.violation(wrong);
        },
      });
      this.#lives.set(spec.id, { name: lifeName, spec, process, death, node });
    });
  }

  /** A fault has ended the process of this machine. */
  stopped(name: string, wiped: boolean): void {
    this.#down.add(name);
    if (!wiped) return;
    this.#disks.delete(name);
    this.#wiped.add(name);
  }

  /** This machine has lost its data at least once. */
  wasWiped(name: string): boolean {
    return this.#wiped.has(name);
  }

  /** The fault is over. */
  restart(name: string): void {
    this.#down.delete(name);
    const spec = this.topology.nodes.find((node) => hostOf(node.id) === name);
    if (spec !== undefined) this.start(spec);
  }

  async dispose(): Promise<void> {
    for (const host of this.world.hosts) host.process?.end();
    await Promise.all([...this.#disks.values(), ...this.#replaced].map((disk) => disk.dispose()));
  }

  /** Asks for an orderly end, as SIGTERM does; the supervisor starts it again. */
  leave(life: Life, why: string): void {
    const { process, spec } = life;
    life.death.leaving();
    this.ledger.count("leaves");
    this.world.note(hostOf(spec.id), "leaves", why);
    const end = (): void => {
      if (!process.isAlive) return;
      process.end();
      const delayMs = RESTART_MIN_MS + this.world.random.unit() * (RESTART_MAX_MS - RESTART_MIN_MS);
      this.world.after(delayMs, () => this.start(spec));
    };
    const limit = this.world.after(LEAVE_MAX_MS + process.frozenMs, () => {
      if (!process.isAlive || process.isFrozen) return;
      this.ledger.violation(`${life.name} has not ended ${LEAVE_MAX_MS} ms after it was asked to`);
      end();
    });
    process.deliver(() => {
      life.node.stop(why).then(
        () => {
          limit.cancel();
          end();
        },
        (error: unknown) => this.ledger.violation(`${life.name} cannot stop: ${messageOf(error)}`),
      );
    });
  }

  /** These machines are gone for good. */
  retire(names: readonly string[]): void {
    for (const name of names) this.#retired.add(name);
    const { nodes, pairs } = this.#topology;
    this.#topology = {
      nodes: nodes.filter(({ id }) => !this.#retired.has(hostOf(id))),
      pairs: pairs.filter(([from, to]) => !this.#retired.has(from) && !this.#retired.has(to)),
    };
  }

  /** As its processes will find it. */
  replaceDisk(name: string, disk: SimDisk): void {
    this.#replaced.push(this.disk(name));
    this.#disks.set(name, disk);
  }

  /** The disk of a machine, also of one that does not run. */
  disk(name: string): SimDisk {
    let disk = this.#disks.get(name);
    if (disk === undefined) {
      disk = new SimDisk(this.worldClock);
      this.#disks.set(name, disk);
    }
    return disk;
  }

  /** It outlives all processes. */
  get worldClock(): Clock {
    const world = this.world;
    return {
      nowMs: () => world.nowMs,
      wallMs: () => world.nowMs,
      after: (delayMs, fn) => world.after(delayMs, fn),
      afterPoll: (fn) => void world.after(0, fn),
      soon: (fn) => void world.after(0, fn),
    };
  }
}
