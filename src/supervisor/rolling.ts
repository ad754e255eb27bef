/**
 * Rolling restart: every node of the cluster file, one step at a time, each step only when all of the one before is back:
 * reached by the admin API under a new boot, holding the current versions, with every link that the file wants.
 *
 *   1. each cross gateway         calls take another one, if there is one
 *   2. each other cross node
 *   3. each shard                 the nodes that would follow their gateway's death first, then the gateway; then all
 *                                 of them are started. One step, so that each of them restarts once
 *   4. shard nodes that would stay, one by one
 *
 * A step that is not back in STEP_MS_MAX ends it: the rest is left alone. Starts and stops nothing itself.
 */

import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import type { NodeId } from "#wire/role.ts";
import { tierOf } from "#wire/role.ts";
import type { NodeConfig } from "../config/types.ts";
import type { SeenNode } from "./ready.ts";
import { missingNodes } from "./ready.ts";

const POLL_MS = 200;
export const STEP_MS_MAX = 60_000;

/** Waves end one after the other, and are started together when all have ended. */
export type RestartStep = readonly (readonly NodeId[])[];

export interface SeenLink {
  readonly node: string;
  readonly peer: string;
  readonly state: string;
  readonly boot?: string | undefined;
}

export interface SeenCluster {
  readonly nodes: readonly SeenNode[];
  readonly links: readonly SeenLink[];
}

export interface RollingPort {
  hold(ids: readonly NodeId[]): void;
  release(ids: readonly NodeId[]): void;
  isHeld(id: NodeId): boolean;
  isStopping(): boolean;
  /** Undefined when nobody answers. */
  seen(): Promise<SeenCluster | undefined>;
}

export type RollingResult =
  { readonly kind: "done" } | { readonly kind: "given_up"; readonly reason: string; readonly nodes: readonly NodeId[] };

export function restartSteps(nodes: readonly NodeConfig[]): RestartStep[] {
  const cross = nodes.filter((node) => tierOf(node.role) !== "shard");
  const gateways = cross.filter((node) => node.role === "cross_gateway");
  const others = cross.filter((node) => node.role !== "cross_gateway");
  const steps: RestartStep[] = [...gateways, ...others].map((node) => [[node.id]]);
  const taken = new Set(cross.map((node) => node.id));
  for (const gateway of nodes.filter((node) => node.role === "gateway")) {
    const followers = nodes.filter((node) => node.dials.includes(gateway.id) && node.onGatewayDeath === "exit");
    const waves = [followers.map((node) => node.id), [gateway.id]].filter((wave) => wave.length > 0);
    for (const id of waves.flat()) taken.add(id);
    steps.push(waves);
  }
  for (const node of nodes) if (!taken.has(node.id)) steps.push([[node.id]]);
  return steps;
}

/** What is not there yet, in words; empty when all of the file is reached, current and linked. */
export function notBack(
  nodes: readonly NodeConfig[],
  seen: SeenCluster,
  before: ReadonlyMap<string, string>,
): readonly string[] {
  const boots = new Map(seen.nodes.map((row) => [row.id, row.boot]));
  const missing = missingNodes(nodes, seen.nodes).map(({ id, reason }) => `${id} is ${reason}`);
  const old = nodes.filter(({ id }) => before.has(id) && boots.get(id) === before.get(id));
  const apart = nodes.flatMap(({ id, dials }) =>
    dials
      .filter((peer) => !seen.links.some((link) => isUp(link, id, peer) && link.boot === boots.get(peer)))
      .map((peer) => `${id} is not linked to ${peer}`),
  );
  return [...missing, ...old.map(({ id }) => `${id} is seen with its old boot`), ...apart];
}

function isUp(link: SeenLink, node: NodeId, peer: NodeId): boolean {
  return link.node === node && link.peer === peer && link.state === "up";
}

export async function rollingRestart(
  nodes: readonly NodeConfig[],
  of: { readonly port: RollingPort; readonly clock: Clock; readonly log: Log },
): Promise<RollingResult> {
  const { port, clock, log } = of;
  const stopped: RollingResult = { kind: "given_up", reason: "all nodes are being stopped", nodes: [] };
  let boots = new Map<string, string>();
  const whole = async (before: ReadonlyMap<string, string>): Promise<readonly string[]> => {
    const untilMs = clock.nowMs() + STEP_MS_MAX;
    for (;;) {
      const seen = await port.seen();
      const missing = seen === undefined ? ["no node answers the admin API"] : notBack(nodes, seen, before);
      if (seen !== undefined && missing.length === 0) boots = new Map(seen.nodes.map((row) => [row.id, row.boot]));
      if (missing.length === 0 || port.isStopping() || clock.nowMs() >= untilMs) return missing;
      await sleep(clock, POLL_MS);
    }
  };
  const first = await whole(boots);
  if (port.isStopping()) return stopped;
  if (first.length > 0) return { kind: "given_up", reason: `it is not whole now: ${first.join(", ")}`, nodes: [] };
  for (const step of restartSteps(nodes)) {
    const ids = step.flat();
    log.info("rolling restart", { nodes: ids });
    for (const wave of step) {
      port.hold(wave);
      // The supervisor kills in time what does not stop by itself.
      while (!port.isStopping() && !wave.every((id) => port.isHeld(id))) await sleep(clock, POLL_MS / 4);
    }
    if (port.isStopping()) return stopped;
    port.release(ids);
    const missing = await whole(new Map(ids.map((id) => [id, boots.get(id) ?? ""])));
    if (port.isStopping()) return stopped;
    if (missing.length > 0) return { kind: "given_up", reason: missing.join(", "), nodes: ids };
  }
  return { kind: "done" };
}
