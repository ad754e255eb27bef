/**
 * What the entries of the cluster file mean for each other: ids and ports that are taken, gateways that do not
 * exist, shards that disagree. Fills in the defaults on the way.
 *
 * Checks that look for something missing wait until every entry is well-formed: a node with a fault of its own
 * must not be reported as absent as well.
 */

import { nodeId } from "#wire/role.ts";
import { resolveDials } from "./dials.ts";
import type { Fault } from "./fault.ts";
import { anyOf } from "./fault.ts";
import { type Candidate, candidateOfEdge, candidateOfNode, candidateOfRemote } from "./nodes.ts";
import type { Placed, RawCluster, RawShard, Shape } from "./shape.ts";
import type { ClusterConfig, EdgeConfig, NodeConfig, RemoteConfig, SecretSource, ShardConfig } from "./types.ts";
import { playerDataConfig } from "./player_data.ts";
import { playersConfig, playersWanted } from "./players.ts";
import { tlsConfig } from "./tls.ts";
import { takenTwice } from "./unique.ts";

export interface Checked {
  readonly config: ClusterConfig | undefined;
  readonly faults: readonly Fault[];
}

export function crossChecks(shape: Shape, file: string): Checked {
  const faults: Fault[] = [];
  const fault = (place: string, found: string, allowed: string): void => {
    faults.push({ file, place, found, allowed });
  };
  const nodes = shape.nodes.map((each) => candidateOfNode(each, fault));
  const edges = shape.edges.map(candidateOfEdge);
  const remotes = shape.remotes.map((each) => candidateOfRemote(each, fault));
  const all = [...nodes, ...edges, ...remotes];
  const complete = shape.faults.length === 0 && faults.length === 0;
  takenTwice(all, fault);
  const dials = resolveDials({ nodes: [...nodes, ...edges], all, complete }, fault);
  const shards = shardsOf(shape.shards, complete ? nodes : undefined, fault);
  const keys = shape.cluster === undefined ? undefined : keysOf(shape.cluster, fault);
  const tls = shape.tls === undefined ? undefined : tlsConfig(shape.tls, shape.cluster?.name, fault);
  const players = shape.players === undefined ? undefined : playersConfig(shape.players, fault);
  if (complete) playersWanted(nodes, players !== undefined, fault);
  if (complete && nodes.length + edges.length === 0) fault("node", "nothing", "at least one [[node]], or an [[edge]]");
  const withAdmin = [...nodes, ...edges].find((each) => each.admin !== undefined);
  if (shape.cluster !== undefined && withAdmin !== undefined && shape.cluster.admin_token_file === undefined) {
    fault("cluster.admin_token_file", "nothing", `a path, since ${withAdmin.place} has an admin address`);
  }
  if (!complete || faults.length > 0 || shape.cluster === undefined || keys === undefined) {
    return { config: undefined, faults };
  }
  return {
    faults,
    config: {
      file,
      name: shape.cluster.name,
      keys,
      tls,
      players,
      playerData: playerDataConfig(shape.playerData),
      heartbeatMs: shape.cluster.heartbeat_ms,
      dataDir: shape.cluster.data,
      adminTokenFile: shape.cluster.admin_token_file,
      metricsOpen: shape.cluster.metrics_open,
      modules: shape.cluster.modules,
      nodes: nodes.flatMap((each) => nodeConfig(each, dials.get(each) ?? [])),
      edges: edges.map((each) => edgeConfig(each, dials.get(each) ?? [])),
      remotes: remotes.flatMap(remoteConfig),
      shards,
    },
  };
}

type Report = (place: string, found: string, allowed: string) => void;

function nodeConfig(of: Candidate, dials: NodeConfig["dials"]): NodeConfig[] {
  if (of.kind !== "node" || of.role === "admin") return [];
  const { role, number, id, shard, listen, address, admin, players, playersTcp, onGatewayDeath, modules } = of;
  return [{ role, number, id, shard, listen, address, dials, admin, players, playersTcp, onGatewayDeath, modules }];
}

function edgeConfig(of: Candidate, dials: NodeConfig["dials"]): EdgeConfig {
  const { number, id, shard, listen, address, admin, players, playersTcp, onGatewayDeath, modules } = of;
  return {
    role: "admin",
    number,
    id,
    shard,
    listen,
    address,
    dials,
    admin,
    players,
    playersTcp,
    onGatewayDeath,
    modules,
  };
}

function remoteConfig(of: Candidate): RemoteConfig[] {
  const { role, number, id, shard, address } = of;
  if ((role !== "gateway" && role !== "cross_gateway") || address === undefined) return [];
  return [{ role, number, id, shard, address }];
}

/** One source for the key that signs, at most one for the second. */
function keysOf(cluster: RawCluster, fault: Report): ClusterConfig["keys"] | undefined {
  const first = secret("key", cluster.key_file, cluster.key_env, fault);
  const second = secret("second_key", cluster.second_key_file, cluster.second_key_env, fault);
  if (first === undefined) {
    if (cluster.key_file === undefined) fault("cluster.key_file", "nothing", "the path of the cluster key, or key_env");
    return undefined;
  }
  return second === undefined ? [first] : [first, second];
}

function secret(
  name: string,
  path: string | undefined,
  variable: string | undefined,
  fault: Report,
): SecretSource | undefined {
  if (path !== undefined && variable !== undefined) {
    fault(`cluster.${name}_env`, `${name}_env beside ${name}_file`, "one of the two");
    return undefined;
  }
  if (path !== undefined) return { kind: "file", path };
  return variable === undefined ? undefined : { kind: "environment", name: variable };
}

/** `nodes`: undefined while some are not well-formed. */
function shardsOf(
  shards: readonly Placed<RawShard>[],
  nodes: readonly Candidate[] | undefined,
  fault: Report,
): ShardConfig[] {
  const placeOf = new Map<number, string>();
  const mergedInto = new Map<number, number | undefined>();
  for (const { place, value } of shards) {
    const taken = placeOf.get(value.number);
    if (taken !== undefined) {
      fault(`${place}.number`, `${value.number}, used by ${taken} already`, "a shard once");
      continue;
    }
    placeOf.set(value.number, place);
    mergedInto.set(value.number, value.merged_into);
  }
  return shards.map(({ place, value }) => {
    if (value.merged_into !== undefined && endsInItself(value.number, mergedInto)) {
      fault(`${place}.merged_into`, `${value.merged_into}, which leads back to it`, "a shard that lives on");
    }
    for (const role of ["cross_center", "cross_map"] as const) {
      const number = value[role];
      const known = (nodes ?? []).filter((each) => each.role === role).map((each) => each.number);
      if (number === undefined || known.length === 0 || known.includes(number)) continue;
      fault(`${place}.${role}`, `${number}, and there is no ${nodeId(role, number)}`, anyOf(known.map(String)));
    }
    return {
      number: value.number,
      openedAtMs: value.opened_at === undefined ? undefined : Date.parse(value.opened_at),
      timeZone: value.time_zone,
      mergedInto: value.merged_into,
      mergedAtMs: value.merged_at === undefined ? undefined : Date.parse(value.merged_at),
      crossCenter: value.cross_center === undefined ? undefined : nodeId("cross_center", value.cross_center),
      crossMap: value.cross_map === undefined ? undefined : nodeId("cross_map", value.cross_map),
    };
  });
}

function endsInItself(shard: number, mergedInto: ReadonlyMap<number, number | undefined>): boolean {
  let at = mergedInto.get(shard);
  for (let steps = 0; at !== undefined && steps <= mergedInto.size; steps += 1) {
    if (at === shard) return true;
    at = mergedInto.get(at);
  }
  return false;
}
