/**
 * One seeded run of a whole cluster: nodes start in any order, work goes on while faults happen, everything heals, and
 * then the cluster must come to rest in the state that its owner says, with every way open.
 */

import { randomIndex, seededRandom } from "#base/random.ts";
import { FaultInjector, planFaults } from "#module/simulator/sim_faults.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import type { JudgedRun } from "./judged_run.ts";
import { judgedRun } from "./judged_run.ts";
import { judgedWorld } from "./judged_world.ts";
import { SimCluster } from "./sim_cluster.ts";
import { StateChecks } from "./state_checks.ts";
import { drawTopology, hostOf } from "./topology.ts";
import { Workload } from "./workload.ts";

export const HEARTBEAT_MS = 1000;
const START_MS = 3000;
const CHAOS_MS = 25_000;
/** A wave of adoptions, and the way of what they publish. */
const RESCUE_SETTLE_MS = 4 * HEARTBEAT_MS;
const FLOOD_UNTIL_MS = 10_000;
const CHECK_EVERY_MS = 250;
const LAST_CALL_MS = 2000;
/** The longest call of the workload ends within this. */
const CALLS_END_MS = 6500;
/** A link whose other end is gone is found out within this, and exits that follow are over. */
export const SETTLE_MS = 12 * HEARTBEAT_MS;

export interface ClusterRun extends JudgedRun {
  /** From a change that is persisted at rest until every node holds it. */
  readonly pushedMs: number | undefined;
}

export async function runCluster(seed: number, options: { readonly convergeMaxMs: number }): Promise<ClusterRun> {
  const random = seededRandom(seed);
  const { world, ledger } = judgedWorld(seed);
  /** Many short faults that fall into each other, instead of some longer ones. */
  const isStorm = random.unit() < 0.3;
  const isFlooded = random.unit() < 0.1;
  const network = new SimNetwork({
    world,
    latencyMaxMs: 1 + random.unit() * 30,
    bufferSizeMin: isFlooded ? 256 * 1024 : 4 * 1024,
  });
  const topology = drawTopology(random, { crossGateways: random.unit() < 0.7 ? 1 : 2 });
  for (const { id } of topology.nodes) world.host(hostOf(id), { wallSkewMs: Math.floor((random.unit() - 0.5) * 4000) });
  const cluster = new SimCluster({ world, network, ledger, topology, heartbeatMs: HEARTBEAT_MS });
  const checks = new StateChecks(cluster);
  const workload = new Workload({ cluster, random });
  const injector = new FaultInjector({
    world,
    network,
    actions: {
      stopped: (name, wiped) => cluster.stopped(name, wiped),
      start: (name) => cluster.restart(name),
    },
  });
  try {
    for (const spec of topology.nodes) world.after(random.unit() * START_MS, () => cluster.start(spec));
    workload.start({ callEveryMs: 60, castEveryMs: 400, changeEveryMs: 500, loginEveryMs: 300 });
    injector.schedule(
      planFaults({
        random,
        hosts: topology.nodes.map((node) => hostOf(node.id)),
        pairs: topology.pairs,
        fromMs: random.unit() < 0.3 ? 0 : START_MS,
        untilMs: START_MS + CHAOS_MS,
        ...(isStorm
          ? { budget: 15 + randomIndex(random, 30), shortMaxMs: 500, longMaxMs: 3000 }
          : { budget: 1 + randomIndex(random, 10), shortMaxMs: 1500, longMaxMs: 12_000 }),
      }),
    );
    // What costs the cluster most to forgive: the owner forgets everything.
    if (random.unit() < 0.15) {
      const atMs = START_MS + random.unit() * CHAOS_MS;
      injector.schedule([{ atMs, durationMs: random.unit() * 2000, fault: { kind: "wipe", host: "cross_center-5" } }]);
    }
    if (isFlooded) world.after(START_MS + random.unit() * FLOOD_UNTIL_MS, () => workload.flood());
    // Now and then somebody leaves in order, as at a deployment.
    if (random.unit() < 0.3) {
      world.after(START_MS + random.unit() * CHAOS_MS, () => {
        const life = cluster.lives[randomIndex(random, cluster.lives.length)];
        if (life?.process.isFrozen === false && life.node.isStarted) cluster.leave(life, "deployment");
      });
    }
    checks.every(CHECK_EVERY_MS);
    world.run(START_MS + CHAOS_MS);
    injector.healAll();
    const healedAtMs = world.nowMs;
    // Not only what was said before: a change of now must come through too.
    let isMarked = false;
    workload.mark("healed", () => {
      isMarked = true;
    });
    const isDone = world.runUntil(() => isMarked && checks.isConverged(), options.convergeMaxMs);
    const convergedMs = isDone ? world.nowMs - healedAtMs : undefined;
    if (!isDone) ledger.violation(`not converged ${options.convergeMaxMs} ms after healing: ${checks.lacking()}`);
    workload.stop();
    world.run(SETTLE_MS);
    const pushedMs = isDone ? atRest({ cluster, checks, workload }) : undefined;
    ledger.finish();
    return { ...judgedRun({ seed, world, ledger, faults: injector.counts, convergedMs }), pushedMs };
  } finally {
    await cluster.dispose();
  }
}

/** Nothing fails any more: what is equal stays equal, no link flaps, and every call gets through. */
function atRest(at: { cluster: SimCluster; checks: StateChecks; workload: Workload }): number | undefined {
  const { cluster, checks, workload } = at;
  const { world, ledger } = cluster;
  checks.rescueOrphans(workload);
  world.run(RESCUE_SETTLE_MS);
  checks.replicasAreEqual();
  const before = checks.linkSerials();
  const lives = cluster.lives.map((life) => life.name).join();
  for (const from of cluster.lives) {
    for (const to of cluster.topology.nodes) {
      workload.call(from, to, {
        timeoutMs: LAST_CALL_MS,
        retries: 0,
        waitMs: 0,
        size: 50,
        done: (outcome) => {
          if (outcome === "ok") ledger.count("last calls");
          else ledger.violation(`at rest ${from.spec.id} cannot call ${to.id}: ${outcome}`);
        },
      });
    }
  }
  let markedAtMs: number | undefined;
  workload.mark("at_rest", () => {
    markedAtMs = world.nowMs;
  });
  const isPushed = world.runUntil(() => markedAtMs !== undefined && checks.isConverged(), HEARTBEAT_MS);
  const pushedMs = isPushed ? world.nowMs - (markedAtMs ?? 0) : undefined;
  if (!isPushed) ledger.violation(`at rest a change takes more than ${HEARTBEAT_MS} ms: ${checks.lacking()}`);
  world.run(Math.max(CALLS_END_MS, 5 * HEARTBEAT_MS));
  if (!checks.isConverged()) ledger.violation(`did not stay converged: ${checks.lacking()}`);
  if (checks.linkSerials() !== before) ledger.violation("links flap without a fault");
  if (cluster.lives.map((life) => life.name).join() !== lives) ledger.violation("processes end without a fault");
  checks.openTermsAgree();
  checks.loginsAgree();
  for (const life of cluster.lives) {
    const count = life.node.node.endpoint.caller.pendingCount;
    if (count > 0) ledger.violation(`${life.name} still waits for ${count} calls`);
  }
  return pushedMs;
}
