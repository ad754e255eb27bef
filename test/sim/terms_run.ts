/**
 * One seeded run of activities in full: terms by every schedule and by hand, reports and rewards, through crashes at
 * every boundary of a transaction, partitions, frozen and sleeping shards, restored backups and merges. Then all heals,
 * every term ends, and every reward has come once.
 */

import { randomIndex, seededRandom } from "#base/random.ts";
import type { FaultKind } from "#module/simulator/sim_faults.ts";
import { FAULT_KINDS, FaultInjector, planFaults } from "#module/simulator/sim_faults.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import type { SimWorld } from "#module/simulator/sim_world.ts";
import { CrashPoints } from "./crash_points.ts";
import { inWorld } from "./in_world.ts";
import type { JudgedRun } from "./judged_run.ts";
import { judgedRun } from "./judged_run.ts";
import { judgedWorld } from "./judged_world.ts";
import type { Ledger } from "./ledger.ts";
import { SimCluster } from "./sim_cluster.ts";
import { StateChecks } from "./state_checks.ts";
import { TermsChecks } from "./terms_checks.ts";
import { TermsFaults } from "./terms_faults.ts";
import { TermsOperator } from "./terms_operator.ts";
import { drawActivities } from "./terms_plan.ts";
import { TermsReporter } from "./terms_reporter.ts";
import { drawFacts, drawSkewMs, drawTermsTopology } from "./terms_topology.ts";
import { TermsWorld } from "./terms_world.ts";
import { hostOf } from "./topology.ts";

export const HEARTBEAT_MS = 1000;
const START_MS = 3000;
const CHAOS_MS = 90_000;
const CHECK_EVERY_MS = 250;
/** The night falls between these. */
const MIDNIGHT_MIN_MS = 30_000;
const MIDNIGHT_SPAN_MS = 40_000;
/** What is open when all heals has an end, or is closed by the operator; then come settling, rewards and show. */
const FINISH_MAX_MS = 120_000;
const FINISH_LOOK_MS = 1000;
/** A look at groups follows a change after one second; links that died are found within four intervals. */
const SETTLE_MS = 15_000;
/** The clocks of owners are the calendar of their terms: only those of others are wrong at times. */
const KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== "wipe" && kind !== "wall_jump");
/** All that a long enough run meets. */
export const TERMS_FAULT_KINDS: readonly FaultKind[] = [...KINDS, "wall_jump"];

export async function runTerms(seed: number, options: { readonly convergeMaxMs: number }): Promise<JudgedRun> {
  const random = seededRandom(seed);
  const { world, ledger } = judgedWorld(seed);
  const network = new SimNetwork({ world, latencyMaxMs: 1 + random.unit() * 30 });
  const topology = drawTermsTopology(random);
  const midnightMs = MIDNIGHT_MIN_MS + randomIndex(random, MIDNIGHT_SPAN_MS);
  for (const { id } of topology.nodes) {
    world.host(hostOf(id), { wallSkewMs: drawSkewMs(random, midnightMs) });
  }
  const startMs = world.host("cross_gateway-1").wallMs();
  const facts = drawFacts(random, topology.shards, startMs);
  const terms = new TermsWorld({ random, ledger, owners: topology.owners, facts });
  const crashes = new CrashPoints(() => terms.cluster);
  terms.cluster = new SimCluster({
    ...{ world, network, ledger, topology, heartbeatMs: HEARTBEAT_MS },
    extras: {
      facts: ({ role }) => (role === "gateway" ? terms.facts : []),
      modules: (_spec, life) => [terms.module(life)],
      watch: ({ id }, process) => crashes.watch(process, terms.watcher(id)),
    },
  });
  const { cluster } = terms;
  const times = {
    fromMs: startMs + 2 * START_MS,
    midnightMs: startMs + midnightMs,
    untilMs: startMs + START_MS + CHAOS_MS,
  };
  const activities = topology.owners.flatMap((owner) =>
    drawActivities(random, { owner, shards: topology.shards, times }).map((request) => ({ owner, request })),
  );
  const reporter = new TermsReporter(terms);
  const operator = new TermsOperator(terms, activities);
  const faults = new TermsFaults(terms, crashes);
  const states = new StateChecks(cluster);
  const checks = new TermsChecks(terms);
  const injector = new FaultInjector({
    world,
    network,
    actions: { stopped: (name, wiped) => cluster.stopped(name, wiped), start: (name) => cluster.restart(name) },
  });
  try {
    for (const spec of topology.nodes) world.after(random.unit() * START_MS, () => cluster.start(spec));
    world.after(START_MS, () => {
      operator.start(2500);
      reporter.start(150);
    });
    const between = { fromMs: 2 * START_MS, untilMs: START_MS + CHAOS_MS };
    injector.schedule(
      planFaults({
        random,
        hosts: topology.nodes.map((node) => hostOf(node.id)),
        ...{ pairs: topology.pairs, kinds: KINDS, ...between },
        ...{ budget: randomIndex(random, 14), shortMaxMs: 1500, longMaxMs: 20_000, lastingShare: 0.1 },
      }),
    );
    const others = topology.nodes.filter(({ role }) => role !== "cross_center").map((node) => hostOf(node.id));
    injector.schedule(
      planFaults({
        ...{ random, hosts: others, pairs: topology.pairs, kinds: ["wall_jump"], ...between },
        ...{ budget: randomIndex(random, 4), shortMaxMs: 1500, longMaxMs: 20_000, lastingShare: 0.1 },
      }),
    );
    faults.schedule(random, between);
    states.every(CHECK_EVERY_MS);
    checks.every(CHECK_EVERY_MS);
    world.run(START_MS + CHAOS_MS);
    injector.healAll();
    faults.healAll();
    const healedAtMs = world.nowMs;
    const isDone = world.runUntil(() => states.isConverged(), options.convergeMaxMs);
    const convergedMs = isDone ? world.nowMs - healedAtMs : undefined;
    if (!isDone) ledger.violation(`not converged ${options.convergeMaxMs} ms after healing: ${states.lacking()}`);
    finish({ world, ledger, checks, operator, reporter });
    if (!states.isConverged()) ledger.violation(`did not stay converged: ${states.lacking()}`);
    states.replicasAreEqual();
    checks.openTermsAgree();
    checks.noAlarms();
    inWorld(world, () => checks.rewardsArrived());
    ledger.finish();
    return judgedRun({ seed, world, ledger, faults: injector.counts, convergedMs });
  } finally {
    await faults.dispose();
    await cluster.dispose();
  }
}

/** Until every term is over and every reward has been acknowledged. */
function finish(of: {
  readonly world: SimWorld;
  readonly ledger: Ledger;
  readonly checks: TermsChecks;
  readonly operator: TermsOperator;
  readonly reporter: TermsReporter;
}): void {
  const { world, ledger, checks, operator, reporter } = of;
  const endMs = world.nowMs + FINISH_MAX_MS;
  let left: readonly string[] = [];
  do {
    operator.closeAll();
    world.run(FINISH_LOOK_MS);
    left = inWorld(world, () => checks.unfinished());
  } while (left.length > 0 && world.nowMs < endMs);
  if (left.length > 0) ledger.violation(`not finished ${FINISH_MAX_MS} ms after healing: ${left.join("; ")}`);
  reporter.stop();
  world.run(SETTLE_MS);
}
