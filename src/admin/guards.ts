/**
 * Guards against web pages that talk to the API through an operator's browser. DNS rebinding makes a foreign
 * name resolve to this machine, so the Host must be a name that this node was told, or an address; a page of
 * another origin is refused by its Origin. And a bound on the requests that are under way.
 */

import type { MiddlewareHandler } from "hono";
import { problem } from "./problem.ts";
import { type AdminEnv, type AdminServices, noteRefused } from "./services.ts";

/** Requests under way in one process; more are refused at once. */
export const IN_FLIGHT_MAX = 64;

const AUTHORITY = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::[0-9]{1,5})?$/;
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;

/**
 * Which Host may be asked for: loopback addresses and `localhost`, and `allowedHosts` (names or addresses
 * without a port: the bind address and the names that operators use). A node that is bound to every
 * interface (`0.0.0.0` or `::` among them) may be asked for by any address, since rebinding needs a name.
 */
export function createHostCheck(allowedHosts: readonly string[]): (authority: string) => boolean {
  const allowed = new Set(allowedHosts.map(plainName));
  const everyAddress = allowed.has("0.0.0.0") || allowed.has("::");
  return (authority) => {
    const found = AUTHORITY.exec(authority.toLowerCase())?.[1];
    if (found === undefined) return false;
    const name = plainName(found);
    if (name === "localhost" || name === "::1" || allowed.has(name)) return true;
    const isAddress = found.startsWith("[") || IPV4.test(name);
    return isAddress && (everyAddress || (IPV4.test(name) && name.startsWith("127.")));
  };
}

export function guardHost(services: AdminServices, allowedHosts: readonly string[]): MiddlewareHandler<AdminEnv> {
  const isAllowed = createHostCheck(allowedHosts);
  return (c, next) => {
    if (isAllowed(authorityOf(c.req.header("Host"), c.req.url))) return next();
    noteRefused(services, c, "host");
    return Promise.resolve(
      problem(c, "host_refused", {
        detail: "Cannot answer for this Host: ask by a loopback address or by the address that the API is bound to",
      }),
    );
  };
}

/** A request without an Origin comes from no web page, or from one of our own. */
export function guardOrigin(services: AdminServices): MiddlewareHandler<AdminEnv> {
  return (c, next) => {
    const origin = c.req.header("Origin");
    if (origin === undefined) return next();
    const authority = authorityOf(c.req.header("Host"), c.req.url).toLowerCase();
    const asked = origin.toLowerCase();
    if (asked === `http://${authority}` || asked === `https://${authority}`) return next();
    noteRefused(services, c, "origin");
    return Promise.resolve(
      problem(c, "origin_refused", { detail: "Cannot answer to a page of another origin: there is no CORS here" }),
    );
  };
}

export function limitInFlight(services: AdminServices): MiddlewareHandler<AdminEnv> {
  let count = 0;
  return async (c, next) => {
    if (count >= IN_FLIGHT_MAX) {
      noteRefused(services, c, "busy");
      return problem(c, "unavailable", {
        detail: `Cannot answer now: ${count} requests are under way, limit is ${IN_FLIGHT_MAX}`,
      });
    }
    count += 1;
    try {
      await next();
    } finally {
      count -= 1;
    }
    return undefined;
  };
}

/**
 * The authority that was asked for. HTTP/2 has no Host header: there the URL says it. HTTP/1.0 may have neither,
 * and the URL is a bare path: then it is empty, which no check lets through.
 */
export function authorityOf(hostHeader: string | undefined, url: string): string {
  return hostHeader ?? URL.parse(url)?.host ?? "";
}

function plainName(host: string): string {
  const lower = host.toLowerCase();
  if (lower.startsWith("[")) return lower.slice(1, -1);
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}
