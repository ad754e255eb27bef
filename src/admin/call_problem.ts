/**
 * From a thrown error to a problem: calls that failed inside the cluster are told by their code, everything
 * else is an internal error without details. Codes are compared, not classes, so that an error that came
 * through another module instance counts as well.
 */

import { messageOf } from "#base/log.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { problem, type ProblemKind } from "./problem.ts";
import type { AdminServices } from "./services.ts";

const PATH_LOGGED_MAX = 128;

const CALL_PROBLEMS: Readonly<Record<CallErrorCode, { readonly kind: ProblemKind; readonly words: string }>> = {
  NO_ROUTE: { kind: "unavailable", words: "there is no route to the node that has to answer" },
  LINK_LOST: { kind: "unavailable", words: "the link to the node that has to answer was lost" },
  OVERLOADED: { kind: "unavailable", words: "a node on the way is overloaded" },
  DRAINING: { kind: "unavailable", words: "the node that has to answer is about to stop" },
  DEADLINE: { kind: "timeout", words: "no answer came in time" },
  UNKNOWN_METHOD: { kind: "bad_gateway", words: "the node that has to answer runs a release without this call" },
  INVALID: { kind: "bad_gateway", words: "the node that has to answer refused the call as malformed" },
  FAILED: { kind: "bad_gateway", words: "the node that has to answer failed" },
};

const NOT_EXECUTED: ReadonlySet<CallErrorCode> = new Set(["NO_ROUTE", "OVERLOADED", "DRAINING", "UNKNOWN_METHOD"]);

/** A call that failed for a reason of the cluster's, read from an error that carries a known `code`. */
export interface CallFailure {
  readonly code: CallErrorCode;
  /** Where it failed, when the error says so. */
  readonly at: string | undefined;
  /** False only if it is certain that nothing was executed. */
  readonly maybeDone: boolean;
}

export function callFailureOf(error: unknown): CallFailure | undefined {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return undefined;
  if (!isCallErrorCode(error.code)) return undefined;
  const at = "at" in error && typeof error.at === "string" ? error.at : undefined;
  const neverSent = "sent" in error && error.sent === false;
  return { code: error.code, at, maybeDone: !neverSent && !NOT_EXECUTED.has(error.code) };
}

/** The app's error handler: every thrown error ends here, and is logged here or nowhere. */
export function problemOfError(services: AdminServices, error: unknown, c: Context): Response {
  const failure = callFailureOf(error);
  if (failure !== undefined) {
    const { kind, words } = CALL_PROBLEMS[failure.code];
    const place = failure.at === undefined ? "" : ` (at ${failure.at})`;
    const doubt = isChange(c) && failure.maybeDone ? "; the change may have been made: look before asking again" : "";
    services.counters.add(`admin.call_failed:${failure.code}`);
    if (kind === "bad_gateway") logFailure(services, error, c);
    return problem(c, kind, {
      detail: `Cannot answer: ${words}${place}${doubt}`,
      code: failure.code,
      ...(failure.at === undefined ? {} : { at: failure.at }),
    });
  }
  if (error instanceof HTTPException && error.status === 400) {
    return problem(c, "bad_request", { detail: "Cannot read request: it is malformed" });
  }
  services.counters.add("admin.failed");
  logFailure(services, error, c);
  return problem(c, "internal", { detail: "Cannot answer: unexpected error, see the log of this node" });
}

function isCallErrorCode(code: string): code is CallErrorCode {
  return Object.hasOwn(CALL_PROBLEMS, code);
}

function isChange(c: Context): boolean {
  return c.req.method !== "GET" && c.req.method !== "HEAD";
}

function logFailure(services: AdminServices, error: unknown, c: Context): void {
  services.log.error("admin request failed", {
    method: c.req.method,
    path: c.req.path.slice(0, PATH_LOGGED_MAX),
    error: messageOf(error),
  });
}
