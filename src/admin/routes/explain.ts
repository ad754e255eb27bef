/**
 * /api/explain: the path between two nodes, hop by hop, and what is wrong on it.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { ExplainQuery, nodeIdOf } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { ExplanationShape } from "../shapes.ts";

export function explainRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "nodes",
      summary: "Why one node can or cannot reach another",
      answers: { 200: { description: "The path, also when it is broken", shape: ExplanationShape } },
      problems: ["not_found", "invalid"],
    }),
    checked("query", ExplainQuery),
    (c) => {
      const { from, to } = c.req.valid("query");
      return answer(services, c, {
        shape: ExplanationShape,
        ask: () => services.port.explain(nodeIdOf(from), nodeIdOf(to)),
        body: (explanation) => explanation,
      });
    },
  );
  return routes;
}
