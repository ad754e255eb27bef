/**
 * The cluster of the players simulation, drawn from a seed: one cross gateway, one owner, one or two shards of a gateway,
 * a center and two or three user nodes each; and the players with their machines.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { DeathPolicy } from "#mesh/death_watch.ts";
import type { NodeId, Role } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import type { NodeSpec, Topology } from "./topology.ts";
import { hostOf } from "./topology.ts";

export const OWNER = nodeId("cross_center", 5);
/** Where players come in. */
export const PLAYERS_PORT = 7012;
/** Of a shard. */
const PLAYERS_MIN = 3;
/** Of runs with a queue at the door. */
const TIGHT_SHARE = 0.2;

export interface PlayerSpec {
  readonly name: string;
  readonly shard: number;
  readonly gateway: NodeId;
  /** Their machines. */
  readonly devices: readonly string[];
}

export interface PlayersTopology extends Topology {
  /** Fewer sessions than players: some of them wait in a queue. Undefined: there is room. */
  readonly sessionsMax: number | undefined;
  readonly shards: readonly number[];
  readonly players: readonly PlayerSpec[];
  /** From each machine of a player to the gateway. */
  readonly wires: readonly (readonly [string, string])[];
}

export function drawPlayersTopology(random: Random): PlayersTopology {
  const crossGateway = nodeId("cross_gateway", 1);
  const shards = random.unit() < 0.75 ? [1] : [1, 2];
  const nodes: NodeSpec[] = [];
  const policy = (): DeathPolicy => (random.unit() < 0.6 ? "exit" : "clear_logins");
  const add = (role: Role, number: number, rest: Pick<NodeSpec, "shard" | "dials" | "policy">): void => {
    nodes.push({ id: nodeId(role, number), role, number, ...rest });
  };
  add("cross_gateway", 1, { shard: 0, dials: [], policy: "ignore" });
  add("cross_center", 5, { shard: 0, dials: [crossGateway], policy: "ignore" });
  const players: PlayerSpec[] = [];
  for (const shard of shards) {
    const gateway = nodeId("gateway", shard);
    add("gateway", shard, { shard, dials: [crossGateway], policy: "ignore" });
    add("center", shard, { shard, dials: [gateway], policy: policy() });
    const users = 2 + randomIndex(random, 2);
    const userPolicy = policy();
    for (let index = 1; index <= users; index += 1) {
      add("user", shard * 100 + index, { shard, dials: [gateway], policy: userPolicy });
    }
    const count = PLAYERS_MIN + randomIndex(random, 3);
    for (let index = 1; index <= count; index += 1) {
      const name = `s${shard}p${index}`;
      const devices = random.unit() < 0.4 ? [`${name}a`, `${name}b`] : [`${name}a`];
      players.push({ name, shard, gateway, devices });
    }
  }
  const pairs = nodes.flatMap((node) => node.dials.map((target) => [hostOf(node.id), hostOf(target)] as const));
  const wires = players.flatMap(({ devices, gateway }) => devices.map((device) => [device, hostOf(gateway)] as const));
  const isTight = random.unit() < TIGHT_SHARE;
  return { nodes, pairs, shards, players, wires, sessionsMax: isTight ? PLAYERS_MIN - 1 : undefined };
}
