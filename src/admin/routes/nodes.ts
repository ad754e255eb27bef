/**
 * /api/nodes: who is in the cluster, and what one node says about itself.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { nodeIdOf, NodePath, NoQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { NodeAnswer, NodesAnswer } from "../shapes.ts";

export function nodeRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();

  routes.get(
    "/",
    documented({
      tag: "nodes",
      summary: "Every node that this one knows of, and whether it has applied the current versions",
      answers: { 200: { description: "The nodes", shape: NodesAnswer } },
      problems: ["invalid"],
    }),
    checked("query", NoQuery),
    (c) => answer(services, c, { shape: NodesAnswer, ask: () => port.nodes(), body: (nodes) => ({ nodes }) }),
  );

  routes.get(
    "/:id",
    documented({
      tag: "nodes",
      summary: "What one node says about itself",
      answers: { 200: { description: "The node", shape: NodeAnswer } },
      problems: ["not_found", "invalid"],
    }),
    checked("param", NodePath),
    checked("query", NoQuery),
    (c) => {
      const id = nodeIdOf(c.req.valid("param").id);
      return answer(services, c, { shape: NodeAnswer, ask: () => port.describe(id), body: (node) => ({ node }) });
    },
  );

  return routes;
}
