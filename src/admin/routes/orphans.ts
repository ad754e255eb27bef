/**
 * /api/orphans: activities that nodes hold and whose owner has lost them. What to do about one is a change of that
 * activity: adopt or cancel.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { NoQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { OrphansAnswer } from "../shapes.ts";

export function orphanRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "activities",
      summary: "Activities that nodes hold and whose owner has lost them, of every owner that is reachable",
      answers: { 200: { description: "The orphans", shape: OrphansAnswer } },
      problems: ["invalid"],
    }),
    checked("query", NoQuery),
    (c) =>
      answer(services, c, {
        shape: OrphansAnswer,
        ask: () => services.port.orphans(),
        body: ({ orphans, silent }) => ({ orphans, silent }),
      }),
  );
  return routes;
}
