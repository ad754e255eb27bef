/**
 * Shortcuts of the config tests: a text in, its config or the lines of its faults out.
 */

import { parseConfig } from "../../src/config.ts";
import { faultText } from "../../src/config/fault.ts";
import { nodePlan, type NodePlan } from "../../src/config/plan.ts";
import type { ClusterConfig } from "../../src/config/types.ts";
import { readToml } from "../../src/runtime/toml.ts";
import { parseNodeId } from "../../src/wire/role.ts";

export const FILE = "cluster.toml";
export const HEAD = '[cluster]\nname = "test"\nkey_file = "k"\nadmin_token_file = "t"\n';

/** One gateway of each kind and a shard's nodes; enough for every role. */
export const WHOLE = `${HEAD}
[[node]]
role = "cross_gateway"
id = 1
listen = "127.0.0.1:7001"
[[node]]
role = "gateway"
id = 3
listen = "127.0.0.1:7002"
[[node]]
role = "center"
id = 3
[[node]]
role = "user"
id = 301
[[node]]
role = "cross_center"
id = 5
admin = "127.0.0.1:8900"
`;

export function configOf(text: string): ClusterConfig {
  const result = parseConfig(text, FILE, readToml);
  if (result.kind === "faults") throw new Error(result.faults.map(faultText).join("\n"));
  return result.config;
}

/** Each without the name of the file. */
export function faultsOf(text: string): string[] {
  const result = parseConfig(text, FILE, readToml);
  if (result.kind === "ok") return [];
  return result.faults.map((fault) => faultText(fault).replace(`${FILE}: `, ""));
}

export function planOf(text: string, id: string): NodePlan {
  const node = parseNodeId(id);
  if (node === undefined) throw new Error(`no node id: ${id}`);
  const result = nodePlan(configOf(text), node);
  if (result.kind === "faults") throw new Error(result.faults.map(faultText).join("\n"));
  return result.plan;
}
