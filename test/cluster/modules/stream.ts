/**
 * Module of the cluster tests: while an activity of the kind `stream` is open, each node that it names calls nodes that
 * it names, one call after the other, with retries. What came of them is logged when the activity closes.
 */

import { activity, contract, isCallError, module, v } from "kuafu";
import type { NodeId } from "kuafu";

const text = v.string();

const Stream = contract("stream", {
  add: {
    id: 3100,
    idempotent: true,
    request: v.strictObject({ number: v.number() }),
    reply: v.strictObject({ number: v.number(), at: text }),
  },
});

const lane = v.strictObject({ at: text, to: text, retries: v.number(), timeoutMs: v.number() });
const stream = activity("stream", { config: v.strictObject({ lanes: v.array(lane) }) });

export default module("stream", { activities: [stream] }, (node) => {
  node.serve(Stream, { add: ({ number }) => ({ number, at: node.id }) });

  const open = new Set<string>();
  const run = async (activity: string, { to, retries, timeoutMs }: v.InferOutput<typeof lane>): Promise<void> => {
    const errors: string[] = [];
    let failed = 0;
    let number = 0;
    node.log.info("stream begins", { activity, to });
    for (; open.has(activity); number += 1) {
      try {
        const reply = await node.call(Stream.add, { number }, { to: to as NodeId, retries, timeoutMs });
        if (reply.number !== number || reply.at !== to) throw new TypeError(`${reply.number} of ${reply.at}`);
      } catch (error) {
        failed += 1;
        node.log.warn("stream call failed", { activity, to, number, error: String(error) });
        if (errors.length < 5) errors.push(isCallError(error) ? `${error.code} ${String(error)}` : String(error));
      }
    }
    node.log.info("stream ended", { activity, to, calls: number, failed, errors });
  };

  const terms = node.activity(stream);
  terms.opened((term) => {
    if (open.has(term.id)) return;
    open.add(term.id);
    for (const each of term.config.lanes) if (each.at === node.id) void run(term.id, each).catch(() => {});
  });
  terms.closed((term) => void open.delete(term.id));
});
