/**
 * The registry of the cluster as this node can have it: its own on the cross tier and at the edge; a shard's node
 * sees only its part and asks a cross gateway, or who comes next when that is silent. A shard that is cut off has its
 * gateway's part, with who has applied what; a node that is alone has its own. Keeps nothing.
 */

import type { Node } from "#module/node.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import { acceptsLinks, tierOf } from "#wire/role.ts";
import type { NodeRow } from "./port.ts";

/** A node that does not answer within this shows as silent. */
export const ASK_TIMEOUT_MS = 2_000;
/** Gateways that are asked, one after the other, before this node's own part has to do. */
export const GATEWAYS_ASKED_MAX = 2;

export interface Registry {
  readonly rows: readonly NodeRow[];
  /** Whose view it is: a row that is `current` has what this node holds. */
  readonly by: NodeId;
}

export async function readRegistry(node: Node): Promise<Registry> {
  const { self, runtime, endpoint } = node;
  for (const gateway of gatewaysToAsk(node).slice(0, GATEWAYS_ASKED_MAX)) {
    const to = { key: gateway.key };
    const answer = await orUndefined(() =>
      endpoint.caller.call(RuntimeContract.nodes, {}, { to, timeoutMs: ASK_TIMEOUT_MS }),
    );
    if (answer !== undefined) return { rows: answer.nodes, by: gateway.id };
  }
  return { rows: runtime.nodes(), by: self.id };
}

function gatewaysToAsk({ self, mesh }: Node): readonly Identity[] {
  if (tierOf(self.role) !== "shard") return [];
  const own = acceptsLinks(self.role) ? [] : mesh.directory.ofRole("gateway", self.shard);
  return [...mesh.directory.ofRole("cross_gateway"), ...own];
}

/** Undefined: the call failed. What is no failure of a call is thrown on. */
export async function orUndefined<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (!isCallError(error)) throw error;
    return undefined;
  }
}
