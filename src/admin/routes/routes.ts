/**
 * /api/routes: where a node would send what is for another, and which cross nodes serve which shard.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { nodeIdOf, OptionalNodeQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { RoutesAnswer } from "../shapes.ts";

export function routeRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "nodes",
      summary: "Routes of one node (without one: of the node that answers) and the assignment of shards",
      answers: { 200: { description: "Routes and assignments", shape: RoutesAnswer } },
      problems: ["not_found", "invalid"],
    }),
    checked("query", OptionalNodeQuery),
    (c) => {
      const { node } = c.req.valid("query");
      return answer(services, c, {
        shape: RoutesAnswer,
        ask: () => services.port.routes(node === undefined ? undefined : nodeIdOf(node)),
        body: ({ routes: rows, assignments }) => ({ routes: rows, assignments }),
      });
    },
  );
  return routes;
}
