/**
 * explain(from, to): walks the path of a frame, asking each hop where it would send it next, and says where
 * and why it would end. Each question has a deadline, and the walk at most HOPS_START hops.
 */

import type { InferOutput } from "valibot";
import { HOPS_START } from "#wire/limits.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import { isCallError } from "./call_failure.ts";
import type { Caller } from "./caller.ts";
import type { explainHopSchema } from "./runtime_contract.ts";
import { RuntimeContract } from "./runtime_contract.ts";

export type Hop = InferOutput<typeof explainHopSchema>;

export interface Explained {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly reachable: boolean;
  readonly hops: readonly Hop[];
  /** One sentence. */
  readonly verdict: string;
}

const ASK_TIMEOUT_MS = 1_500;

export async function explain(
  caller: Caller,
  path: { readonly from: NodeId; readonly to: NodeId },
): Promise<Explained> {
  const { from, to } = path;
  const hops: Hop[] = [];
  const done = (reachable: boolean, verdict: string): Explained => ({ from, to, reachable, hops, verdict });
  let at: NodeId | undefined = from;
  let previous: NodeId | undefined;
  while (at !== undefined && hops.length <= HOPS_START) {
    const here: NodeId = at;
    const hop: Hop | string = await ask(caller, here, { from, to, ...(previous === undefined ? {} : { previous }) });
    if (typeof hop === "string") {
      hops.push({ at: here, next: undefined, state: hop, link: undefined });
      return done(false, `${here} cannot be asked: ${hop}`);
    }
    hops.push(hop);
    if (here === to) return done(true, `${to} answers, ${hops.length - 1} links away from ${from}`);
    if (hop.next === undefined) return done(false, `${here} has no path to ${to}: ${hop.state}`);
    if (hops.some((other) => other.at === hop.next)) return done(false, `${here} would send back to ${hop.next}`);
    previous = here;
    at = hop.next;
  }
  return done(false, `the path has more than ${HOPS_START} hops`);
}

/** What that node says, or why it could not be asked. */
async function ask(
  caller: Caller,
  at: NodeId,
  request: { from: NodeId; to: NodeId; previous?: NodeId },
): Promise<Hop | string> {
  try {
    return await caller.call(RuntimeContract.hop, request, { to: { key: keyOfId(at) }, timeoutMs: ASK_TIMEOUT_MS });
  } catch (error) {
    if (!isCallError(error)) throw error;
    return `${error.code} at ${error.at}, ${error.detail}`;
  }
}
