/**
 * /api/links: the links of one node or of all, with those that are down and why.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { nodeIdOf, OptionalNodeQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { LinksAnswer } from "../shapes.ts";

export function linkRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "nodes",
      summary: "Links of one node, or of all: state, since when, last error, next retry",
      answers: { 200: { description: "The links", shape: LinksAnswer } },
      problems: ["not_found", "invalid"],
    }),
    checked("query", OptionalNodeQuery),
    (c) => {
      const { node } = c.req.valid("query");
      return answer(services, c, {
        shape: LinksAnswer,
        ask: () => services.port.links(node === undefined ? undefined : nodeIdOf(node)),
        body: ({ links, silent }) => ({ links, silent }),
      });
    },
  );
  return routes;
}
