/**
 * What the routes and guards share: the arguments of the app, and what a request carries through them.
 */

import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import { isLoggedAttempt, type Log } from "#base/log.ts";
import type { Context } from "hono";
import type { Audit } from "./audit.ts";
import type { AdminPort } from "./port.ts";

export type AdminRole = "read" | "operate";

export interface Caller {
  /** Name of the token. */
  readonly name: string;
  readonly role: AdminRole;
}

export interface AdminServices {
  readonly port: AdminPort;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly audit: Audit;
}

/** Second argument of `app.fetch`: what the server knows and the request does not say. */
export interface AdminBindings {
  /** Address and port of the other end of the connection. Forwarding headers are never believed. */
  readonly remote?: string;
}

export interface AdminEnv {
  Bindings: AdminBindings;
  Variables: { caller: Caller };
}

export type AdminContext = Context<AdminEnv>;

export function remoteOf(c: AdminContext): string {
  const bindings: AdminBindings | undefined = c.env;
  return bindings?.remote ?? "unknown";
}

export type Refused = "host" | "origin" | "token" | "role" | "busy";

/** Counts a refused request and logs the 1st, 2nd, 4th, 8th … of its kind. */
export function noteRefused(services: AdminServices, c: AdminContext, reason: Refused): void {
  const name = `admin.refused:${reason}`;
  services.counters.add(name);
  const count = services.counters.get(name);
  if (isLoggedAttempt(count)) services.log.warn("admin request refused", { reason, count, remote: remoteOf(c) });
}
