/**
 * /openapi.json: built once, at the first request, from what the routes say about themselves. It holds no
 * secrets and needs no token. There is no page that shows it: the usual ones load their code from elsewhere.
 */

import type { Hono } from "hono";
import { describeRoute, openAPIRouteHandler } from "hono-openapi";
import type { AdminEnv } from "./services.ts";

const API_VERSION = "1";

/** Adds the route. Routes that are added later are in the document too. */
export function addOpenApi(app: Hono<AdminEnv>): void {
  app.get(
    "/openapi.json",
    describeRoute({
      tags: ["probes"],
      summary: "This document",
      security: [],
      responses: {
        200: { description: "OpenAPI 3.1", content: { "application/json": { schema: { type: "object" } } } },
      },
    }),
    openAPIRouteHandler(app, {
      documentation: {
        info: {
          title: "Kuafu admin API",
          version: API_VERSION,
          description: "A window into a Kuafu cluster. Errors are application/problem+json; times are milliseconds.",
        },
        components: {
          securitySchemes: {
            bearer: {
              type: "http",
              scheme: "bearer",
              description: "Role read for what changes nothing, operate for everything",
            },
          },
        },
      },
      excludeStaticFile: false,
      defaultValidationErrorResponse: false,
    }),
  );
}
