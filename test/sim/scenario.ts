/**
 * A small simulated cluster under a script: one cross gateway, one cross_center and two shards, no random faults.
 */

import { randomIndex, seededRandom } from "#base/random.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import { SimWorld } from "#module/simulator/sim_world.ts";
import type { DeathPolicy } from "#mesh/death_watch.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import { drain } from "./drain.ts";
import { Ledger } from "./ledger.ts";
import type { Life } from "./sim_cluster.ts";
import { SimCluster } from "./sim_cluster.ts";
import { StateChecks } from "./state_checks.ts";
import type { NodeSpec } from "./topology.ts";
import { hostOf } from "./topology.ts";
import { Workload } from "./workload.ts";

export const HEARTBEAT_MS = 1000;
const READY_MAX_MS = 10_000;

/** Use one per test, and dispose of it. */
export class Scenario {
  readonly world: SimWorld;
  readonly network: SimNetwork;
  readonly ledger: Ledger;
  readonly cluster: SimCluster;
  readonly checks: StateChecks;
  readonly workload: Workload;

  constructor(options: { readonly policy?: DeathPolicy; readonly seed?: number } = {}) {
    const { policy = "exit", seed = 1 } = options;
    this.world = new SimWorld({ seed, drain });
    this.network = new SimNetwork({ world: this.world });
    this.ledger = new Ledger(this.world);
    const nodes = specs(policy);
    const pairs = nodes.flatMap((node) => node.dials.map((target) => [hostOf(node.id), hostOf(target)] as const));
    this.cluster = new SimCluster({
      world: this.world,
      network: this.network,
      ledger: this.ledger,
      topology: { nodes, pairs },
      heartbeatMs: HEARTBEAT_MS,
    });
    this.checks = new StateChecks(this.cluster);
    this.workload = new Workload({ cluster: this.cluster, random: seededRandom(seed) });
    this.checks.every(250);
  }

  spec(id: string): NodeSpec {
    const spec = this.cluster.topology.nodes.find((node) => node.id === id);
    if (spec === undefined) throw new RangeError(`no node ${id} in this scenario`);
    return spec;
  }

  life(id: string): Life {
    const life = this.cluster.life(id);
    if (life === undefined) throw new RangeError(`${id} is not running`);
    return life;
  }

  /** In any order: each start a little later than the one before. */
  start(...ids: readonly string[]): void {
    for (const id of ids) {
      this.cluster.start(this.spec(id));
      this.world.run(randomIndex(this.world.random, 200));
    }
  }

  startAll(): void {
    this.start(...this.cluster.topology.nodes.map((node) => node.id));
    this.settle();
  }

  /** Runs until every node has its links and holds what the owner holds; throws when that does not come. */
  settle(): number {
    const fromMs = this.world.nowMs;
    const isDone = this.world.runUntil(() => this.checks.isConverged(), READY_MAX_MS);
    if (!isDone) throw new Error(`not converged after ${READY_MAX_MS} ms: ${this.checks.lacking()}`);
    return this.world.nowMs - fromMs;
  }

  /** Creates and opens an activity at the owner. */
  open(id: string): void {
    let isDone = false;
    this.workload.mark(id, () => {
      isDone = true;
    });
    this.world.runUntil(() => isDone, READY_MAX_MS);
  }

  /** Nodes that have this activity open, by what their modules heard. */
  openAt(id: string): string[] {
    return this.cluster.lives
      .filter((life) => this.ledger.openTerm(life.name, `cross_center:5/${id}`) !== undefined)
      .map((life) => life.spec.id);
  }

  /** Outcome of one call. */
  call(from: string, to: string): string {
    let outcome = "";
    this.workload.call(this.life(from), this.spec(to), {
      timeoutMs: 2000,
      retries: 0,
      waitMs: 0,
      size: 20,
      done: (result) => {
        outcome = result;
      },
    });
    this.world.runUntil(() => outcome !== "", 3000);
    return outcome;
  }

  kill(id: string): void {
    this.network.kill(this.world.host(hostOf(id as NodeId)));
  }

  freeze(id: string): void {
    this.life(id).process.freeze();
  }

  thaw(id: string): void {
    this.life(id).process.thaw();
  }

  /** Cuts or heals the way between two nodes. */
  way(a: string, b: string, is: "cut" | "whole" | "cut there"): void {
    const [from, to] = [hostOf(a as NodeId), hostOf(b as NodeId)];
    if (is === "whole") {
      this.network.heal(from, to);
      this.network.heal(to, from);
      return;
    }
    this.network.cut(from, to);
    if (is === "cut") this.network.cut(to, from);
  }

  /** Names of the processes that run: id and which start of it. */
  lives(): string[] {
    return this.cluster.lives.map((life) => life.name);
  }

  exits(): Record<string, number> {
    return Object.fromEntries([...this.ledger.outcomes].filter(([name]) => name.startsWith("exit:")));
  }

  async dispose(): Promise<void> {
    await this.cluster.dispose();
  }
}

function specs(policy: DeathPolicy): NodeSpec[] {
  const cross = [nodeId("cross_gateway", 1)];
  const spec = (role: Role, number: number, rest: { shard: number; dials: readonly NodeId[] }): NodeSpec => ({
    id: nodeId(role, number),
    role,
    number,
    policy,
    ...rest,
  });
  return [
    spec("cross_gateway", 1, { shard: 0, dials: [] }),
    spec("cross_center", 5, { shard: 0, dials: cross }),
    ...[1, 2].flatMap((shard) => {
      const gateway = [nodeId("gateway", shard)];
      return [
        spec("gateway", shard, { shard, dials: cross }),
        spec("user", shard * 100 + 1, { shard, dials: gateway }),
        spec("center", shard, { shard, dials: gateway }),
        spec("map", shard * 100 + 1, { shard, dials: gateway }),
      ];
    }),
  ];
}
