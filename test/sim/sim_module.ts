/**
 * The module that every simulated node hosts: methods that say where they ran, casts that say who should have
 * heard them, and an activity kind. All that it sees goes to the ledger.
 */

import * as v from "valibot";
import { activity } from "#module/activity_kind.ts";
import type { Module } from "#module/module.ts";
import { module } from "#module/module.ts";
import type { ModuleNode } from "#module/module_node.ts";
import { contract } from "#rpc/contract.ts";
import type { NodeId } from "#wire/role.ts";
import type { Ledger } from "./ledger.ts";

export const Sim = contract("sim", {
  echo: {
    id: 3000,
    request: v.object({
      nonce: v.number(),
      from: v.string(),
      to: v.string(),
      waitMs: v.number(),
      payload: v.instance(Uint8Array),
    }),
    reply: v.object({ nonce: v.number(), by: v.string(), payload: v.instance(Uint8Array) }),
  },
  note: {
    id: 3001,
    request: v.object({ nonce: v.number(), role: v.string(), shard: v.number() }),
    reply: v.object({}),
  },
  step: {
    id: 3002,
    request: v.object({ from: v.string(), number: v.number() }),
    reply: v.object({}),
  },
  /** Only its size matters. */
  bulk: { id: 3003, request: v.object({ payload: v.instance(Uint8Array) }), reply: v.object({}) },
});

export const simActivity = activity("sim", { config: v.object({ value: v.number() }) });

/** `life` names the process: node id and which start of it this is. */
export function simModule(options: {
  ledger: Ledger;
  life: string;
  /** There is one way only between any two nodes. */
  isOrdered: boolean;
  onNode: (node: ModuleNode) => void;
}): Module {
  const { ledger, life, isOrdered } = options;
  return module("sim", { activities: [simActivity] }, (node) => {
    options.onNode(node);
    node.serve(Sim, {
      echo: async (request, context) => {
        const { nonce, from, to, waitMs, payload } = request;
        ledger.executes(nonce, { here: node.id, wanted: to, claimed: from, source: context.source });
        if (waitMs > 0) await new Promise<void>((resolve) => node.after(waitMs, resolve));
        return { nonce, by: node.id as NodeId, payload };
      },
      note: ({ nonce, role, shard }) => {
        const fits = node.role === role && (shard === 0 || node.shard === shard);
        ledger.hearsCast(nonce, { life, fits, what: `every ${role} of shard ${shard}` });
        return {};
      },
      step: ({ from, number }) => {
        ledger.hearsStep({ from, to: life, number, isOrdered });
        return {};
      },
      bulk: () => {
        ledger.count("bulk heard");
        return {};
      },
    });
    const listener = node.activity(simActivity);
    listener.opened((event) => ledger.opens(life, `${event.owner}/${event.id}`, event.term));
    listener.closed((event) => ledger.closes(life, `${event.owner}/${event.id}`, event.term));
  });
}
