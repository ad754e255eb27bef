/**
 * One seeded run of players: real clients on machines of their own, at the real door of their shard's gateway, in front of
 * real nodes whose user nodes share a disk. Faults happen to all of them and to what is between them; then all heals,
 * everybody comes back, what is not known is asked for until it is, and the bags must be what was granted.
 */

import { ActivityContract } from "#activity/activity_contract.ts";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import type { FaultKind } from "#module/simulator/sim_faults.ts";
import { FAULT_KINDS, FaultInjector, planFaults } from "#module/simulator/sim_faults.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { keyOfId } from "#wire/role.ts";
import { CrashPoints } from "./crash_points.ts";
import { DataWitness } from "./data_witness.ts";
import { FailingDisks } from "./failing_disks.ts";
import { inWorld } from "./in_world.ts";
import type { JudgedRun } from "./judged_run.ts";
import { judgedRun } from "./judged_run.ts";
import { judgedWorld } from "./judged_world.ts";
import { PlayerAgent } from "./player_agent.ts";
import { PlayerWishes } from "./player_wishes.ts";
import { PlayersChecks } from "./players_checks.ts";
import { PlayersDoors } from "./players_doors.ts";
import { PlayersFaults } from "./players_faults.ts";
import { gameModule } from "./players_game.ts";
import { OWNER, drawPlayersTopology } from "./players_topology.ts";
import { SessionBook } from "./session_book.ts";
import { SimCluster } from "./sim_cluster.ts";
import { StateChecks } from "./state_checks.ts";
import { hostOf } from "./topology.ts";

export const HEARTBEAT_MS = 1000;
const START_MS = 3000;
const CHAOS_MS = 45_000;
const CHECK_EVERY_MS = 250;
const ACT_EVERY_MS = 450;
const RAID_MIN_MS = 4000;
const RAID_SPAN_MS = 8000;
/** How long one of the machines that it rains on reads nothing. */
const SLOW_MS = 10_000;
const CREATE_RETRY_MS = 900;
/** A node that another one still waited for is found out, and what was under way has ended: the longest call is 10 s. */
const REST_MS = 15_000;
/** Looks, and claims that the center has not heard of: they are looked for every 30 s. */
const FINISH_MAX_MS = 70_000;
const FINISH_LOOK_MS = 1000;
const SETTLE_MS = 35_000;
/** The clock of the owner is the calendar of its raids; nobody loses a disk. */
const NODE_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== "wipe" && kind !== "wall_jump");
const CLIENT_KINDS: readonly FaultKind[] = [
  ...(["cut", "cut_one_way", "reset", "freeze", "kill", "power_off", "slow_reader", "slow_path"] as const),
];
/** All that a long enough run meets. */
export const PLAYERS_FAULT_KINDS: readonly FaultKind[] = FAULT_KINDS.filter((kind) => kind !== "wipe");

export interface PlayersRun extends JudgedRun {
  /** From healing until every player was online; undefined: some were not. */
  readonly onlineMs: number | undefined;
}

export interface RunBounds {
  readonly convergeMaxMs: number;
  readonly onlineMaxMs: number;
}

export const BOUNDS: RunBounds = {
  /** As for every cluster: see cluster_sim.test.ts. */
  convergeMaxMs: 8 * HEARTBEAT_MS,
  /** A client finds out a silent door within three of its intervals of 10 s, and waits 15 s at most before it tries. */
  onlineMaxMs: 60_000,
};

export async function runPlayers(seed: number, bounds: RunBounds): Promise<PlayersRun> {
  const random = seededRandom(seed);
  const { world, ledger } = judgedWorld(seed);
  const network = new SimNetwork({ world, latencyMaxMs: 1 + random.unit() * 30 });
  const topology = drawPlayersTopology(random);
  for (const { id } of topology.nodes) {
    world.host(hostOf(id), { wallSkewMs: Math.floor((random.unit() - 0.5) * 4000) });
  }
  const known: { cluster?: SimCluster; checks?: PlayersChecks } = {};
  const cluster = (): SimCluster => known.cluster ?? fail();
  const book = new SessionBook(ledger, () => world.nowMs);
  const witness = new DataWitness(ledger, () => world.nowMs);
  const doors = new PlayersDoors({ cluster, book, sessionsMax: topology.sessionsMax });
  const crashes = new CrashPoints(cluster);
  const disks = new FailingDisks({ ledger, random });
  const rains = new Map<string, () => void>();
  known.cluster = new SimCluster({
    ...{ world, network, ledger, topology, heartbeatMs: HEARTBEAT_MS },
    extras: {
      modules: (_spec, life) => [
        gameModule(life, {
          executes: ({ from: { player, session }, ...of }) => {
            if (book.executes({ ...of, session, player }) === "again") wishes.executedAgain(player, of.n);
          },
          nextNews: () => book.nextNews(),
          canRain: (at, rain) => rains.set(at, rain),
          wrong: (text) => ledger.violation(text),
        }),
      ],
      watch: ({ role }, process) => crashes.watch(process, role === "center" ? known.checks?.mailWatcher() : undefined),
      watchPlayers: ({ id, shard }, process) =>
        disks.watch(shard, crashes.watch(process, witness.watcher(`${id}#${process.life}`))),
      started: (made) => doors.started(made),
    },
  });
  const agents = new Map<string, PlayerAgent>();
  const wishes = new PlayerWishes({
    ...{ ledger, random },
    after: (delayMs, fn) => void world.after(delayMs, fn),
    ask: (wish, request, done) => agents.get(wish.player)?.asks(wish, request, done),
    told: (player) => agents.get(player)?.mayLook(),
  });
  for (const spec of topology.players) {
    const others = topology.players.flatMap(({ name, shard }) =>
      shard === spec.shard && name !== spec.name ? [name] : [],
    );
    const shared = { random, cluster: known.cluster, doors, book, witness, wishes };
    agents.set(spec.name, new PlayerAgent({ ...shared, spec, others }));
  }
  const all = [...agents.values()];
  const checks = new PlayersChecks({ cluster: known.cluster, doors, book, witness, wishes, agents: all });
  known.checks = checks;
  const devices = new Map(all.flatMap((agent) => agent.devices.map((device) => [device.name, device] as const)));
  const injector = new FaultInjector({
    world,
    network,
    actions: {
      stopped: (name, wiped) => {
        if (!devices.has(name)) cluster().stopped(name, wiped);
      },
      start: (name) => {
        const device = devices.get(name);
        if (device === undefined) cluster().restart(name);
        else device.start();
      },
    },
  });
  const faults = new PlayersFaults({
    ...{ cluster: known.cluster, crashes, disks },
    rain: () => {
      ledger.count("rains");
      const [name = ""] = [...devices.keys()].slice(randomIndex(random, devices.size));
      network.setSlow(name, true);
      world.after(SLOW_MS, () => network.setSlow(name, false));
      for (const life of cluster().lives) life.process.deliver(() => rains.get(life.name)?.());
    },
  });
  const states = new StateChecks(known.cluster);
  try {
    for (const spec of topology.nodes) world.after(random.unit() * START_MS, () => cluster().start(spec));
    world.after(START_MS, () => {
      raids(cluster(), random);
      for (const agent of all) world.after(random.unit() * START_MS, () => agent.start(ACT_EVERY_MS));
    });
    const between = { fromMs: 2 * START_MS, untilMs: START_MS + CHAOS_MS };
    plan({ random, topology, injector, devices: [...devices.keys()], between });
    faults.schedule(random, between);
    states.every(CHECK_EVERY_MS);
    checks.every(CHECK_EVERY_MS);
    world.run(START_MS + CHAOS_MS);
    for (const agent of all) agent.stopPlaying();
    injector.healAll();
    faults.healAll();
    const healedAtMs = world.nowMs;
    const since = (isDone: boolean): number | undefined => (isDone ? world.nowMs - healedAtMs : undefined);
    const convergedMs = since(world.runUntil(() => states.isConverged(), bounds.convergeMaxMs));
    if (convergedMs === undefined) ledger.violation(`not converged after healing: ${states.lacking()}`);
    const onlineMs = since(world.runUntil(() => checks.offline().length === 0, bounds.onlineMaxMs));
    if (onlineMs === undefined) ledger.violation(`not online after healing: ${checks.offline().join("; ")}`);
    world.run(REST_MS);
    wishes.atRest();
    finish({ cluster: known.cluster, checks, leaving: topology.sessionsMax === undefined ? [] : all });
    world.run(SETTLE_MS);
    states.loginsAgree();
    if (!states.isConverged()) ledger.violation(`did not stay converged: ${states.lacking()}`);
    if (checks.offline().length > 0) ledger.violation(`did not stay online: ${checks.offline().join("; ")}`);
    for (const agent of all) {
      if (agent.openCount > 0) ledger.violation(`${agent.spec.name} still waits for ${agent.openCount} requests`);
    }
    checks.noAlarms();
    checks.sessionsAreRight();
    inWorld(world, () => checks.bagsAreRight(topology.shards));
    ledger.finish();
    return { ...judgedRun({ seed, world, ledger, faults: injector.counts, convergedMs }), onlineMs };
  } finally {
    await known.cluster.dispose();
  }
}

function plan(of: {
  readonly random: Random;
  readonly topology: ReturnType<typeof drawPlayersTopology>;
  readonly injector: FaultInjector;
  readonly devices: readonly string[];
  readonly between: { readonly fromMs: number; readonly untilMs: number };
}): void {
  const { random, topology, injector, devices, between } = of;
  const hosts = topology.nodes.map(({ id }) => hostOf(id));
  const others = hosts.filter((host) => host !== hostOf(OWNER));
  const lengths = { shortMaxMs: 1500, longMaxMs: 12_000, lastingShare: 0.1 };
  const common = { random, ...between, ...lengths };
  injector.schedule([
    ...planFaults({ ...common, hosts, pairs: topology.pairs, kinds: NODE_KINDS, budget: randomIndex(random, 14) }),
    ...planFaults({
      ...{ ...common, hosts: others, pairs: topology.pairs },
      ...{ kinds: ["wall_jump"], budget: randomIndex(random, 3) },
    }),
    ...planFaults({
      ...{ ...common, hosts: devices, pairs: topology.wires },
      ...{ kinds: CLIENT_KINDS, budget: randomIndex(random, 6 * devices.length) },
    }),
  ]);
}

/** Two raids, which the owner is asked for until it has made them. */
function raids(cluster: SimCluster, random: Random): void {
  const { world, ledger } = cluster;
  let fromMs = 0;
  for (const id of ["raid-1", "raid-2"]) {
    const opensInMs = fromMs + RAID_MIN_MS + randomIndex(random, RAID_SPAN_MS);
    const lengthMs = RAID_MIN_MS + randomIndex(random, RAID_SPAN_MS);
    fromMs = opensInMs + lengthMs;
    const startMs = Math.floor(world.host(hostOf(OWNER)).wallMs());
    const schedule = { kind: "once", opensAtMs: startMs + opensInMs, closesAtMs: startMs + fromMs } as const;
    const request = { id, kind: "raid", config: {}, schedule };
    let isMade = false;
    const ask = (): void => {
      const life = cluster.life(OWNER);
      const later = (): void => {
        if (!isMade) world.after(CREATE_RETRY_MS, ask);
      };
      if (life?.node.isStarted !== true || life.process.isFrozen) return later();
      life.process.onEnd(later);
      life.process.deliver(() => {
        const { caller } = life.node.node.endpoint;
        caller.call(ActivityContract.create, request, { to: { key: keyOfId(OWNER) } }).then(
          ({ kind }) => {
            isMade = true;
            ledger.count(`create:${kind}`);
          },
          (error: unknown) => {
            if (isCallError(error)) later();
            else ledger.violation(`${id} is not made: ${String(error)}`);
          },
        );
      });
    };
    ask();
  }
}

/** Until every wish is known, every reward has come, and every mail is in a bag. */
function finish(of: {
  readonly cluster: SimCluster;
  readonly checks: PlayersChecks;
  /** Who leaves when it is through, since others wait. */
  readonly leaving: readonly PlayerAgent[];
}): void {
  const { cluster, checks, leaving } = of;
  const { world, ledger } = cluster;
  const endMs = world.nowMs + FINISH_MAX_MS;
  let left: readonly string[] = [];
  do {
    world.run(FINISH_LOOK_MS);
    left = inWorld(world, () => checks.undelivered());
    if (left.length === 0) left = checks.unfinished();
    for (const agent of leaving) if (!agent.hasLeft && agent.isThrough) agent.leave();
  } while (left.length > 0 && world.nowMs < endMs);
  if (left.length > 0) ledger.violation(`not finished ${FINISH_MAX_MS} ms after healing: ${left.join("; ")}`);
}

function fail(): never {
  throw new Error("a run without its cluster");
}
