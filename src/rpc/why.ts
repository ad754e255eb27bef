/**
 * why(topic, node): which hop between a topic's owner and a node is the first to lack the owner's version, and
 * the reason. Walks the path that frames take from the owner to the node.
 */

import type { InferOutput } from "valibot";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import { isCallError } from "./call_failure.ts";
import type { Caller } from "./caller.ts";
import { explain } from "./explain.ts";
import { RuntimeContract } from "./runtime_contract.ts";

export interface WhyHop {
  readonly at: NodeId;
  readonly version: string | undefined;
  readonly current: boolean;
  readonly reason: string;
}

export interface Why {
  readonly topic: string;
  readonly node: NodeId;
  readonly wanted: string | undefined;
  readonly hops: readonly WhyHop[];
  readonly firstLacking: NodeId | undefined;
  readonly verdict: string;
}

type TopicState = InferOutput<typeof RuntimeContract.topic.reply>;

const ASK_TIMEOUT_MS = 1_500;

export async function why(
  caller: Caller,
  question: { readonly topic: string; readonly owner: NodeId; readonly node: NodeId },
): Promise<Why> {
  const { topic, owner, node } = question;
  const path = await explain(caller, { from: owner, to: node });
  const states = await Promise.all(path.hops.map((hop) => ask(caller, hop.at, topic)));
  const first = states[0];
  const wanted = typeof first === "object" ? first.version : undefined;
  const hops = path.hops.map((hop, index): WhyHop => {
    const state = states[index];
    const before = states[index - 1];
    const previous = path.hops[index - 1]?.at;
    if (typeof state !== "object")
      return { at: hop.at, version: undefined, current: false, reason: state ?? "was not asked" };
    const current = state.version !== undefined && state.version === wanted;
    return {
      at: hop.at,
      version: state.version,
      current,
      reason:
        wanted === undefined ? heldOnly(state, owner) : reasonOf({ state, before, previous, at: hop.at, current }),
    };
  });
  const lacking = hops.find((hop) => !hop.current);
  const answer = { topic, node, wanted, hops };
  if (wanted === undefined) {
    return { ...answer, firstLacking: owner, verdict: `${owner} does not hold ${topic} itself, or cannot be asked` };
  }
  if (lacking !== undefined) {
    return { ...answer, firstLacking: lacking.at, verdict: `${lacking.at} lacks ${wanted}: ${lacking.reason}` };
  }
  if (!path.reachable) return { ...answer, firstLacking: node, verdict: `${node} cannot be reached: ${path.verdict}` };
  return { ...answer, firstLacking: undefined, verdict: `every hop up to ${node} has ${wanted}` };
}

/** The owner tells no version, so nobody lacks it. */
function heldOnly({ version }: TopicState, owner: NodeId): string {
  return version === undefined ? "has none" : `has ${version}, and ${owner} does not say which one is wanted`;
}

function reasonOf(about: {
  readonly state: TopicState;
  readonly before: TopicState | string | undefined;
  readonly previous: NodeId | undefined;
  readonly at: NodeId;
  readonly current: boolean;
}): string {
  if (about.current) return "has it";
  const { state, before, previous, at } = about;
  if (previous === undefined || typeof before !== "object") return "the hop before it could not be asked";
  const heard = state.links.find((link) => link.peer === previous);
  const said = before.links.find((link) => link.peer === at);
  if (heard === undefined) return `it has no link to ${previous} on which it hears this topic`;
  if (said?.waiting === true) return `${previous} has it waiting in its send queue`;
  if (said?.said !== heard.heard)
    return `${previous} said ${said?.said ?? "nothing"}, it heard ${heard.heard ?? "nothing"}: on its way, or lost until the next heartbeat`;
  return `it heard ${heard.heard ?? "nothing"} from ${previous} and has not applied it`;
}

async function ask(caller: Caller, at: NodeId, topic: string): Promise<TopicState | string> {
  try {
    return await caller.call(RuntimeContract.topic, { topic }, { to: { key: keyOfId(at) }, timeoutMs: ASK_TIMEOUT_MS });
  } catch (error) {
    if (!isCallError(error)) throw error;
    return `cannot be asked: ${error.code} at ${error.at}, ${error.detail}`;
  }
}
