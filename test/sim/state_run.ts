/**
 * One seeded run of links and topics: nodes start in any order, the owner writes while faults happen, everything
 * heals, and then every node must come to hold what the owner holds.
 */

import { seededRandom } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import { FaultInjector, planFaults } from "#module/simulator/sim_faults.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import { SimWorld } from "#module/simulator/sim_world.ts";
import { compareOrder } from "#sync/version.ts";
import type { Version } from "#wire/sync_message.ts";
import { drain } from "./drain.ts";
import type { OwnerDisk } from "./state_node.ts";
import { StateNode } from "./state_node.ts";
import { drawTopology, hostOf } from "./topology.ts";

export const HEARTBEAT_MS = 1000;
const START_MS = 3000;
const RESTART_MS = 200;
const TOPICS = 6;
const SETTLE_MS = 8 * HEARTBEAT_MS;

/** What a run is like. Runs of one seed and different profiles have nothing in common. */
export interface StateProfile {
  /** Undefined: one or two, drawn. */
  readonly crossGateways: number | undefined;
  readonly chaosMs: number;
  readonly faultsMin: number;
  readonly faultsMax: number;
  readonly shortMaxMs: number;
  readonly longMaxMs: number;
  /** Share of the faults that last until everything is healed; undefined: the usual one. */
  readonly lastingShare: number | undefined;
  readonly writeEveryMaxMs: number;
  /** Share of the contents that are large. */
  readonly largeShare: number;
}

/** Some longer faults with quiet times between them. */
export const SPARSE: StateProfile = {
  crossGateways: undefined,
  chaosMs: 30_000,
  faultsMin: 1,
  faultsMax: 12,
  shortMaxMs: 1500,
  longMaxMs: 12_000,
  lastingShare: undefined,
  writeEveryMaxMs: 1500,
  largeShare: 0.05,
};

/** Two cross gateways that peer, and faults that fall into each other: as many as a short run can hold. */
export const DENSE: StateProfile = {
  crossGateways: 2,
  chaosMs: 12_000,
  faultsMin: 55,
  faultsMax: 75,
  shortMaxMs: 300,
  longMaxMs: 2000,
  lastingShare: 0.05,
  writeEveryMaxMs: 700,
  largeShare: 0.02,
};

export interface StateRun {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly digest: string;
  readonly trace: readonly string[];
  readonly faults: number;
  readonly writes: number;
  /** Deleted topics that were held once more for a while. */
  readonly revivals: number;
  readonly events: number;
  /** After everything was healed; undefined: it did not converge. */
  readonly convergedMs: number | undefined;
  /** Since the last link came up. */
  readonly convergedSinceLinksMs: number | undefined;
}

export function runState(seed: number, options: { convergeMaxMs: number; profile?: StateProfile }): StateRun {
  const { convergeMaxMs, profile = SPARSE } = options;
  const { chaosMs } = profile;
  const random = seededRandom(seed);
  const world = new SimWorld({ seed, drain });
  const network = new SimNetwork({ world, latencyMaxMs: 1 + random.unit() * 40 });
  const topology = drawTopology(random, {
    crossGateways: profile.crossGateways ?? 1 + randomIndex(random, 2),
  });
  const violations: string[] = [];
  const violation = (text: string): void => {
    world.note("violation", text);
    if (violations.length < 20) violations.push(`${world.nowMs.toFixed(1)} ms: ${text}`);
  };
  const nodes = new Map<string, StateNode>();
  const disks = new Map<string, OwnerDisk>();
  const down = new Set<string>();
  let wasOwnerWiped = false;
  let revivals = 0;
  let linksReadyAtMs: number | undefined;

  const start = (name: string): void => {
    const spec = topology.nodes.find((node) => hostOf(node.id) === name);
    const host = world.host(name);
    if (spec === undefined || host.process !== undefined || down.has(name)) return;
    const process = host.start();
    if (spec.role === "cross_center" && !disks.has(name)) disks.set(name, { epoch: 0, topics: new Map() });
    process.deliver(() => {
      const node = new StateNode({
        spec,
        process,
        network,
        heartbeatMs: HEARTBEAT_MS,
        disk: disks.get(name),
        violation,
      });
      nodes.set(name, node);
    });
  };
  const injector = new FaultInjector({
    world,
    network,
    actions: {
      stopped: (name, wiped) => {
        down.add(name);
        if (wiped && disks.delete(name)) wasOwnerWiped = true;
      },
      start: (name) => {
        down.delete(name);
        world.after(random.unit() * RESTART_MS, () => start(name));
      },
    },
  });

  const names = topology.nodes.map((node) => hostOf(node.id));
  for (const name of names) world.after(random.unit() * START_MS, () => start(name));
  const owner = (): StateNode | undefined => {
    const node = nodes.get("cross_center-5");
    return node?.process.isAlive === true ? node : undefined;
  };
  let writes = 0;
  const write = (): void => {
    const node = owner();
    if (node !== undefined && !node.process.isFrozen) {
      writes += 1;
      const topic = `activity/cross_center:5/t${randomIndex(random, TOPICS)}`;
      const size = random.unit() < profile.largeShare ? 200_000 : 1 + randomIndex(random, 300);
      node.process.deliver(() => node.write(topic, random.unit() < 0.1 ? undefined : random.bytes(size)));
    }
    if (world.nowMs < START_MS + chaosMs) world.after(random.unit() * profile.writeEveryMaxMs, write);
  };
  world.after(1000, write);
  const lastVersions = new Map<string, { readonly version: Version; readonly tombstone: boolean }>();
  const checkVersions = (): void => {
    for (const node of nodes.values()) {
      if (!node.process.isAlive) continue;
      for (const copy of node.sync.state.copies()) {
        const key = `${node.spec.id}#${node.process.life} ${copy.topic}`;
        const last = lastVersions.get(key);
        const order = last === undefined ? 1 : compareOrder(copy.version, last.version);
        // A tombstone goes when nobody says it any more: the owner has lost it with all its data, or all gateways
        // above have restarted while the owner was cut off. An older word may then come back until the owner speaks.
        if (order < 0 && last?.tombstone === true) revivals += 1;
        else if (order < 0) violation(`version fell: ${key}`);
        else if (
          order === 0 &&
          copy.version.hash !== last?.version.hash &&
          !(last?.tombstone === true && wasOwnerWiped)
        ) {
          violation(`bytes changed under a version: ${key}`);
        }
        lastVersions.set(key, { version: copy.version, tombstone: copy.tombstone });
      }
    }
    world.after(250, checkVersions);
  };
  world.after(250, checkVersions);

  injector.schedule(
    planFaults({
      random,
      hosts: names,
      pairs: topology.pairs,
      fromMs: random.unit() < 0.3 ? 0 : START_MS,
      untilMs: START_MS + chaosMs,
      budget: profile.faultsMin + randomIndex(random, profile.faultsMax - profile.faultsMin + 1),
      shortMaxMs: profile.shortMaxMs,
      longMaxMs: profile.longMaxMs,
      ...(profile.lastingShare === undefined ? {} : { lastingShare: profile.lastingShare }),
    }),
  );
  world.run(START_MS + chaosMs);
  injector.healAll();
  const healedAtMs = world.nowMs;
  const linkCount = topology.pairs.length * 2;
  const isConverged = (): boolean => {
    let up = 0;
    for (const name of names) {
      const node = nodes.get(name);
      if (node?.process.isAlive !== true) return false;
      up += node.hub.links().length;
    }
    if (up < linkCount) {
      linksReadyAtMs = undefined;
      return false;
    }
    linksReadyAtMs ??= world.nowMs;
    const wanted = owner()?.sync.state.copies() ?? [];
    return names.every((name) =>
      wanted.every((copy) => {
        const held = nodes.get(name)?.sync.state.copy(copy.topic)?.version;
        return held !== undefined && compareOrder(held, copy.version) === 0 && held.hash === copy.version.hash;
      }),
    );
  };
  const isDone = world.runUntil(isConverged, convergeMaxMs);
  const convergedMs = isDone ? world.nowMs - healedAtMs : undefined;
  const convergedSinceLinksMs = isDone && linksReadyAtMs !== undefined ? world.nowMs - linksReadyAtMs : undefined;
  if (!isDone) violation(`not converged ${convergeMaxMs} ms after healing: ${lacking(names, nodes)}`);
  // A link whose other end is gone is found out within the next intervals. After that nothing moves.
  world.run(SETTLE_MS);
  const linksBefore = [...nodes.values()].flatMap((node) => [...node.linksUp]).join();
  world.run(5 * HEARTBEAT_MS);
  if (isDone && !isConverged()) violation("did not stay converged");
  if (isDone && linksBefore !== [...nodes.values()].flatMap((node) => [...node.linksUp]).join())
    violation("links flap without a fault");
  return {
    seed,
    violations,
    digest: world.trace.digest,
    trace: violations.length > 0 ? world.trace.last(200) : [],
    faults: injector.total,
    writes,
    revivals,
    events: world.eventCount,
    convergedMs,
    convergedSinceLinksMs,
  };
}

function lacking(names: readonly string[], nodes: ReadonlyMap<string, StateNode>): string {
  const owner = nodes.get("cross_center-5");
  const out: string[] = [];
  for (const name of names) {
    const node = nodes.get(name);
    if (node?.process.isAlive !== true) {
      out.push(`${name} is not running`);
      continue;
    }
    const up = new Set(node.hub.links().map((link) => hostOf(link.peer.id)));
    for (const target of node.spec.dials) if (!up.has(hostOf(target))) out.push(`${name} has no link to ${target}`);
    for (const copy of owner?.sync.state.copies() ?? []) {
      const held = node.sync.state.copy(copy.topic)?.version;
      if (
        held?.epoch === copy.version.epoch &&
        held.revision === copy.version.revision &&
        held.hash === copy.version.hash
      )
        continue;
      out.push(
        `${name} holds ${copy.topic} ${held?.epoch}.${held?.revision} instead of ${copy.version.epoch}.${copy.version.revision}`,
      );
    }
  }
  return out.join("; ");
}
