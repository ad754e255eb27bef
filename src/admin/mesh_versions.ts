/**
 * Which node holds which version of the state topics: what the registry calls current is not asked again, the others
 * are asked directly. The newest version that anybody holds is the wanted one, so that a node that lags itself does not
 * call all others behind.
 */

import type { Node } from "#module/node.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { isNewer, parseVersionText } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import type { Registry } from "./mesh_registry.ts";
import { ASK_TIMEOUT_MS, orUndefined } from "./mesh_registry.ts";
import type { AppliedRow, Lag } from "./port_activities.ts";
import type { NodeRow } from "./port.ts";

type Versions = ReadonlyMap<string, string>;

export interface HeldVersions {
  readonly row: NodeRow;
  /** By topic; undefined: the node did not answer. */
  readonly versions: Versions | undefined;
}

export async function askVersions(node: Node, registry: Registry): Promise<readonly HeldVersions[]> {
  const { rows, by } = registry;
  const own = node.self.id;
  // When the registry calls this node current, it holds what `by` holds, and nobody has to be asked.
  const isOwn = by === own || rows.some((row) => row.id === own && row.current);
  const reference = isOwn ? byTopic(node.runtime.appliedTopics()) : await ask(node, by);
  return fanOut(rows, async (row) => {
    if (row.current && reference !== undefined) return { row, versions: reference };
    return { row, versions: await ask(node, row.id) };
  });
}

/** One row per node. */
export function appliedRows(topic: string, held: readonly HeldVersions[]): AppliedRow[] {
  // Most hold the same: a thousand nodes say only a few different ones.
  const wanted = newest(new Set(held.flatMap(({ versions }) => versions?.get(topic) ?? [])));
  return held.map(({ row, versions }): AppliedRow => {
    const { id: node, behindSinceMs } = row;
    if (versions === undefined) return { node, version: "unknown", current: false, lag: undefined, behindSinceMs };
    const version = versions.get(topic);
    const current = version !== undefined && version === wanted;
    if (current) return { node, version, current, lag: undefined, behindSinceMs: undefined };
    return { node, version, current, lag: lagOf(version, wanted), behindSinceMs };
  });
}

function lagOf(version: string | undefined, wanted: string | undefined): Lag | undefined {
  const held = parseVersionText(version ?? "");
  const best = parseVersionText(wanted ?? "");
  if (held === undefined || best === undefined) return undefined;
  const epochs = best.epoch - held.epoch;
  return { epochs, revisions: epochs === 0 ? best.revision - held.revision : undefined };
}

async function ask(node: Node, id: NodeId): Promise<Versions | undefined> {
  const { caller } = node.endpoint;
  const to = { key: keyOfId(id) };
  const answer = await orUndefined(() => caller.call(RuntimeContract.applied, {}, { to, timeoutMs: ASK_TIMEOUT_MS }));
  return answer === undefined ? undefined : byTopic(answer.applied);
}

function byTopic(applied: readonly { readonly topic: string; readonly version: string }[]): Versions {
  return new Map(applied.map(({ topic, version }) => [topic, version]));
}

function newest(texts: Iterable<string>): string | undefined {
  let best: string | undefined;
  for (const text of texts) {
    const version = parseVersionText(text);
    const before = best === undefined ? undefined : parseVersionText(best);
    if (version !== undefined && (before === undefined || isNewer(version, before))) best = text;
  }
  return best;
}
