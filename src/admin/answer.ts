/**
 * From an AdminResult to a response. The type of `body` is that of the route's shape, so that what
 * /openapi.json promises and what is sent cannot part without a type error.
 */

import type { Clock } from "#base/clock.ts";
import { messageOf } from "#base/log.ts";
import type * as v from "valibot";
import type { AdminResult } from "./port.ts";
import { problem } from "./problem.ts";
import type { AdminContext, AdminServices } from "./services.ts";

/** A request waits this long for the cluster. The calls behind it have deadlines of their own. */
export const PORT_WAIT_MAX_MS = 8_000;

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;
export type Body<S extends v.GenericSchema> = Frozen<v.InferOutput<S>>;

/** Has the `code` of a call's deadline, so that it is told like one. */
class WaitedTooLong extends Error {
  override readonly name = "WaitedTooLong";
  readonly code = "DEADLINE";
}

/** Settles as `work` does, or rejects at the limit; what comes later is dropped. */
export function within<T>(clock: Clock, limitMs: number, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(limitMs, () => {
      reject(new WaitedTooLong(`no answer within ${limitMs} ms`));
    });
    work().then(
      (value) => {
        timer.cancel();
        resolve(value);
      },
      (thrown: unknown) => {
        timer.cancel();
        // hono's error handler takes errors only.
        reject(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
      },
    );
  });
}

export function sendBody<S extends v.GenericSchema>(
  c: AdminContext,
  _shape: S,
  body: Body<S>,
  status: 200 | 201 | 503 = 200,
): Response {
  return c.body(JSON.stringify(body), status, { "Content-Type": "application/json" });
}

/** Asks the port, and answers with its value or with the problem that it named. */
export async function answer<S extends v.GenericSchema, T>(
  services: AdminServices,
  c: AdminContext,
  options: {
    readonly shape: S;
    readonly ask: () => Promise<AdminResult<T>>;
    readonly body: (value: T) => Body<S>;
  },
): Promise<Response> {
  const result = await within(services.clock, PORT_WAIT_MAX_MS, options.ask);
  if (result.kind === "ok") return sendBody(c, options.shape, options.body(result.value));
  return problemOfResult(c, result);
}

export function problemOfResult(c: AdminContext, result: Exclude<AdminResult<unknown>, { kind: "ok" }>): Response {
  switch (result.kind) {
    case "not_found":
      return problem(c, "not_found", { detail: result.detail });
    case "conflict":
      return problem(c, "conflict", { detail: result.detail, allowed: result.allowed });
    case "invalid":
      return problem(c, "invalid", { detail: result.detail, issues: result.issues });
    case "unavailable":
      return problem(c, "unavailable", { detail: result.detail });
  }
}
