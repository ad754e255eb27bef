/**
 * /metrics in the text form of Prometheus: what this node counts and measures. It needs a token that may read, like the
 * API, unless it was opened for this machine: then who asks from loopback needs none.
 */

import { Hono, type MiddlewareHandler } from "hono";
import { describeRoute } from "hono-openapi";
import { type AdminEnv, remoteOf } from "../services.ts";

/** Where the text comes from. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

export function metricsRoutes(source: MetricsSource): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    describeRoute({
      tags: ["probes"],
      summary: "What this node counts and measures, for Prometheus",
      security: [{ bearer: [] }],
      responses: {
        200: { description: "The metrics", content: { "text/plain": { schema: { type: "string" } } } },
        401: { description: "A token is needed" },
      },
    }),
    async (c) => c.body(await source.text(), 200, { "Content-Type": source.contentType }),
  );
  return routes;
}

/** Lets through who asks from this machine, when `isOpen`; of all others `guard` decides. */
export function openOnLoopback(isOpen: boolean, guard: MiddlewareHandler<AdminEnv>): MiddlewareHandler<AdminEnv> {
  return (c, next) => (isOpen && isLoopback(remoteOf(c)) ? next() : guard(c, next));
}

/** Takes an address with or without its port. */
export function isLoopback(remote: string): boolean {
  const address = /^\[(.*)\](?::\d+)?$/.exec(remote)?.[1] ?? remote;
  return address === "::1" || /^(?:::ffff:)?127\.\d+\.\d+\.\d+(?::\d+)?$/i.test(address);
}
