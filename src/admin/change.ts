/**
 * Changes: only for the role `operate`, and each leaves one entry in the audit trail before it is answered.
 * A change whose answer never came is `unknown` there: it may have been made.
 */

import { messageOf } from "#base/log.ts";
import type { MiddlewareHandler } from "hono";
import type * as v from "valibot";
import { type Body, problemOfResult, PORT_WAIT_MAX_MS, sendBody, within } from "./answer.ts";
import type { AuditEntry, AuditOutcome, AuditVerb } from "./audit.ts";
import { callFailureOf } from "./call_problem.ts";
import type { Actor, AdminResult } from "./port.ts";
import { problem } from "./problem.ts";
import { type AdminContext, type AdminEnv, type AdminServices, noteRefused, remoteOf } from "./services.ts";

/** An answer waits this long for the audit trail. */
export const AUDIT_WAIT_MAX_MS = 2_000;
/** A shard, a player and the key of a change, with what is between them. */
export const SUBJECT_LENGTH_MAX = 272;

/** Before a body is read: refuses a caller that may only read, and says so in the audit trail. */
export function requireOperate(services: AdminServices, verb: AuditVerb): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    if (c.get("caller").role === "operate") return next();
    noteRefused(services, c, "role");
    await record(services, c, { verb, subject: c.req.param("id") ?? "", outcome: "refused", why: "" });
    return problem(c, "forbidden", {
      detail: `Cannot change anything with the token "${c.get("caller").name}": its role is read, needed is operate`,
    });
  };
}

export async function change<S extends v.GenericSchema, T>(
  services: AdminServices,
  c: AdminContext,
  options: {
    readonly verb: AuditVerb;
    readonly subject: string;
    readonly ask: (actor: Actor) => Promise<AdminResult<T>>;
    readonly shape: S;
    readonly body: (value: T, changed: boolean) => Body<S>;
    /** The reason that was given. */
    readonly why?: string | undefined;
    readonly dryRun?: boolean | undefined;
  },
): Promise<Response> {
  const { verb, subject, why = "" } = options;
  const actor: Actor = { who: c.get("caller").name, remote: remoteOf(c) };
  let result: AdminResult<T>;
  try {
    result = await within(services.clock, PORT_WAIT_MAX_MS, () => options.ask(actor));
  } catch (error) {
    await record(services, c, { verb, subject, why, outcome: outcomeOfError(error) });
    throw error;
  }
  const outcome = outcomeOf(result);
  await record(services, c, {
    verb,
    subject,
    why,
    outcome: outcome === "done" && options.dryRun === true ? "dry_run" : outcome,
  });
  if (result.kind !== "ok") return problemOfResult(c, result);
  const isNew = verb === "activity.create" && result.changed;
  if (isNew) c.header("Location", `/api/activities/${subject}`);
  return sendBody(c, options.shape, options.body(result.value, result.changed), isNew ? 201 : 200);
}

function outcomeOf(result: AdminResult<unknown>): AuditOutcome {
  if (result.kind !== "ok") return result.kind;
  return result.changed ? "done" : "unchanged";
}

function outcomeOfError(error: unknown): AuditOutcome {
  const failure = callFailureOf(error);
  if (failure === undefined) return "unknown";
  return failure.maybeDone ? "unknown" : "failed";
}

/** A trail that cannot be written does not undo what was done: the log then keeps the entry. */
async function record(
  services: AdminServices,
  c: AdminContext,
  what: Pick<AuditEntry, "verb" | "subject" | "outcome" | "why">,
): Promise<void> {
  const entry: AuditEntry = {
    atMs: services.clock.wallMs(),
    who: c.get("caller").name,
    remote: remoteOf(c),
    verb: what.verb,
    subject: what.subject.slice(0, SUBJECT_LENGTH_MAX),
    outcome: what.outcome,
    why: what.why,
  };
  try {
    await within(services.clock, AUDIT_WAIT_MAX_MS, () => services.audit.record(entry));
  } catch (error) {
    services.counters.add("admin.audit_failed");
    services.log.error("audit entry not written", { ...entry, error: messageOf(error) });
  }
}
