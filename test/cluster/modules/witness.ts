/**
 * Module of the cluster tests, loaded by the executable at run time. It logs what it hears of activities of the kind
 * `note`, and does the errands that such an activity carries: calls, made by the node that is named.
 */

import { activity, contract, isCallError, module, v } from "kuafu";
import type { NodeId } from "kuafu";

const text = v.string();

export const Witness = contract("witness", {
  echo: {
    id: 3000,
    idempotent: true,
    request: v.strictObject({ said: text }),
    reply: v.strictObject({ heard: text, at: text, from: text }),
  },
});

/** The runtime's own login, served by a gateway. */
const Login = contract("login", {
  login: { id: 40, request: v.strictObject({ player: text }), reply: v.strictObject({ session: text }) },
});

const errand = v.strictObject({
  at: text,
  to: text,
  call: v.picklist(["echo", "login"]),
  with: text,
});

const note = activity("note", { config: v.strictObject({ errands: v.optional(v.array(errand), []) }) });

export default module("witness", { activities: [note] }, (node) => {
  node.serve(Witness, {
    echo: ({ said }, { source }) => ({ heard: said, at: node.id, from: source }),
  });

  const run = async ({ to, call, with: argument }: v.InferOutput<typeof errand>): Promise<unknown> => {
    const options = { to: to as NodeId, timeoutMs: 4_000 };
    if (call === "echo") return node.call(Witness.echo, { said: argument }, options);
    return node.call(Login.login, { player: argument }, options);
  };

  const terms = node.activity(note);
  terms.opened((term) => {
    node.log.info("heard opened", { activity: term.id, term: term.term, resumed: term.resumed });
    for (const each of term.config.errands) {
      if (each.at !== node.id) continue;
      const done = { activity: term.id, to: each.to, call: each.call };
      run(each).then(
        (reply) => node.log.info("errand done", { ...done, reply }),
        (error: unknown) => {
          const code = isCallError(error) ? error.code : "none";
          node.log.info("errand failed", { ...done, code, error: String(error) });
        },
      );
    }
  });
  terms.closed((term) => node.log.info("heard closed", { activity: term.id, term: term.term }));
});
