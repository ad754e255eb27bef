/**
 * /api/activities, what is read: all of them, one, its rankings, and why a node lacks a version.
 */

import { PLACES_MAX } from "#activity/rank_lookup.ts";
import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { ActivityPath, activityRefOf, nodeIdOf, NoQuery, OwnerQuery, RankingQuery, WhyQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { ActivitiesAnswer, ActivityAnswer, RankingShape, WhyShape } from "../shapes.ts";

export function activityRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();

  routes.get(
    "/",
    documented({
      tag: "activities",
      summary: "All activities, with the version that each node has applied",
      answers: { 200: { description: "The activities", shape: ActivitiesAnswer } },
      problems: ["invalid"],
    }),
    checked("query", NoQuery),
    (c) =>
      answer(services, c, {
        shape: ActivitiesAnswer,
        ask: () => port.activities(),
        body: (activities) => ({ activities }),
      }),
  );

  routes.get(
    "/:id",
    documented({
      tag: "activities",
      summary: "One activity, with the version that each node has applied",
      answers: { 200: { description: "The activity", shape: ActivityAnswer } },
      problems: ["not_found", "invalid"],
    }),
    checked("param", ActivityPath),
    checked("query", OwnerQuery),
    (c) => {
      const ref = activityRefOf(c.req.valid("param").id, c.req.valid("query").owner);
      return answer(services, c, {
        shape: ActivityAnswer,
        ask: () => port.activity(ref),
        body: (activity) => ({ activity }),
      });
    },
  );

  routes.get(
    "/:id/why",
    documented({
      tag: "activities",
      summary: "Where the version of an activity got stuck on its way to a node",
      answers: { 200: { description: "The way, hop by hop", shape: WhyShape } },
      problems: ["not_found", "invalid"],
    }),
    checked("param", ActivityPath),
    checked("query", WhyQuery),
    (c) => {
      const { node, owner } = c.req.valid("query");
      const ref = activityRefOf(c.req.valid("param").id, owner);
      return answer(services, c, { shape: WhyShape, ask: () => port.why(ref, nodeIdOf(node)), body: (why) => why });
    },
  );

  routes.get(
    "/:id/ranking",
    documented({
      tag: "activities",
      summary: "A page of a ranking of its current term",
      answers: { 200: { description: "The places", shape: RankingShape } },
      problems: ["not_found", "invalid"],
    }),
    checked("param", ActivityPath),
    checked("query", RankingQuery),
    (c) => {
      const { ranking, group, offset = "0", limit = String(PLACES_MAX), owner } = c.req.valid("query");
      const ref = activityRefOf(c.req.valid("param").id, owner);
      const question = { ranking, group, offset: Number(offset), limit: Number(limit) };
      return answer(services, c, {
        shape: RankingShape,
        ask: () => port.ranking(ref, question),
        body: (page) => page,
      });
    },
  );

  return routes;
}
