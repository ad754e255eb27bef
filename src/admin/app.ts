/**
 * The admin API as one Hono app over an AdminPort: guards from the outside in, then one file per noun.
 * It opens no socket and names no runtime: the server calls `app.fetch(request, { remote })`, and should let
 * a request live longer than PORT_WAIT_MAX_MS.
 */

import type { Digest } from "#base/digest.ts";
import { Hono, type MiddlewareHandler } from "hono";
import { methodNotAllowed } from "hono/method-not-allowed";
import { type AdminToken, createTokenCheck, requireToken } from "./auth.ts";
import { limitBody } from "./body.ts";
import { problemOfError } from "./call_problem.ts";
import { guardHost, guardOrigin, limitInFlight } from "./guards.ts";
import { addOpenApi } from "./openapi.ts";
import { problem } from "./problem.ts";
import { activityRoutes } from "./routes/activities.ts";
import { activityChangeRoutes } from "./routes/activity_changes.ts";
import { activityVerbRoutes } from "./routes/activity_verbs.ts";
import { auditRoutes } from "./routes/audit.ts";
import { calendarRoutes } from "./routes/calendar.ts";
import { deliveryRoutes, mailRoutes } from "./routes/deliveries.ts";
import { explainRoutes } from "./routes/explain.ts";
import { healthRoutes, probeRoutes } from "./routes/health.ts";
import { linkRoutes } from "./routes/links.ts";
import { type MetricsSource, metricsRoutes, openOnLoopback } from "./routes/metrics.ts";
import { nodeRoutes } from "./routes/nodes.ts";
import { orphanRoutes } from "./routes/orphans.ts";
import { playerDataRoutes } from "./routes/player_data.ts";
import { maintenanceRoutes, playerRoutes, sessionRoutes } from "./routes/players.ts";
import { routeRoutes } from "./routes/routes.ts";
import { groupRoutes, shardRoutes } from "./routes/shards.ts";
import type { AdminEnv, AdminServices } from "./services.ts";

export interface AdminAppOptions extends AdminServices {
  readonly digest: Digest;
  /** Must have no fault: see `faultOfTokens`. */
  readonly tokens: readonly AdminToken[];
  /** The bind address and other hosts to be asked for by, without ports: see `createHostCheck`. */
  readonly allowedHosts: readonly string[];
  /** Without it there is no /metrics. */
  readonly metrics?: MetricsSource;
  /** Who asks for the metrics from loopback needs no token. */
  readonly metricsOpen?: boolean;
}

const FIXED_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Referrer-Policy": "no-referrer",
};

export function createAdminApp(options: AdminAppOptions): Hono<AdminEnv> {
  const { port, clock, log, counters, audit } = options;
  const services: AdminServices = { port, clock, log, counters, audit };
  const app = new Hono<AdminEnv>();

  app.onError((error, c) => problemOfError(services, error, c));
  app.notFound((c) => problem(c, "not_found", { detail: "Cannot find this path: /openapi.json lists what there is" }));

  app.use(fixedHeaders());
  app.use(guardHost(services, options.allowedHosts));
  app.use(guardOrigin(services));
  const needsToken = requireToken(services, createTokenCheck(options.digest, options.tokens));
  app.use("/api/*", needsToken);
  app.use("/metrics", openOnLoopback(options.metricsOpen === true, needsToken));
  app.use("/api/*", limitInFlight(services));
  app.use("/metrics", limitInFlight(services));
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (c, methods) => {
        const allow = methods.toSorted().join(", ");
        return problem(c, "method_not_allowed", {
          detail: `Cannot use this method here, allowed are ${allow}`,
          headers: { Allow: allow },
        });
      },
    }),
  );
  app.use("/api/*", limitBody());

  app.route("/api/nodes", nodeRoutes(services));
  app.route("/api/links", linkRoutes(services));
  app.route("/api/routes", routeRoutes(services));
  app.route("/api/explain", explainRoutes(services));
  app.route("/api/activities", activityRoutes(services));
  app.route("/api/activities", activityChangeRoutes(services));
  app.route("/api/activities", activityVerbRoutes(services));
  app.route("/api/calendar", calendarRoutes(services));
  app.route("/api/orphans", orphanRoutes(services));
  app.route("/api/shards", shardRoutes(services));
  app.route("/api/shards", mailRoutes(services));
  app.route("/api/deliveries", deliveryRoutes(services));
  app.route("/api/groups", groupRoutes(services));
  app.route("/api/sessions", sessionRoutes(services));
  app.route("/api/players", playerRoutes(services));
  app.route("/api/players", playerDataRoutes(services));
  app.route("/api/maintenance", maintenanceRoutes(services));
  app.route("/api/audit", auditRoutes(services));
  app.route("/api/health", healthRoutes(services));
  app.route("/", probeRoutes(services));
  if (options.metrics !== undefined) app.route("/metrics", metricsRoutes(options.metrics));
  addOpenApi(app);
  return app;
}

function fixedHeaders(): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(FIXED_HEADERS)) c.header(name, value);
  };
}
