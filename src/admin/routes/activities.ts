/**
 * /api/activities, what is read: all of them, one, its rankings, and why a node lacks a version.
 */

import { PLACES_MAX } from "#activity/ranks/rank_lookup.ts";
import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import {
  ActivitiesQuery,
  ActivityPath,
  ActivityQuery,
  activityRefOf,
  nodeIdOf,
  placeOfActivity,
  RankingQuery,
  WhyQuery,
} from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { ActivitiesAnswer, ActivityAnswer, RankingShape, WhyShape } from "../shapes.ts";

export function activityRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();

  routes.get(
    "/",
    documented({
      tag: "activities",
      summary: "Activities, by id, with a summary of which nodes have applied them",
      answers: { 200: { description: "A page of the activities", shape: ActivitiesAnswer } },
      problems: ["invalid"],
    }),
    checked("query", ActivitiesQuery),
    (c) => {
      const { limit, after, nodes } = c.req.valid("query");
      const page = {
        limit: limit === undefined ? undefined : Number(limit),
        after: after === undefined ? undefined : placeOfActivity(after),
        nodes: nodes === "true",
      };
      return answer(services, c, {
        shape: ActivitiesAnswer,
        ask: () => port.activities(page),
        body: (list) => list,
      });
    },
  );

  routes.get(
    "/:id",
    documented({
      tag: "activities",
      summary: "One activity, with the version that each node has applied, or only the nodes that lack it",
      answers: { 200: { description: "The activity", shape: ActivityAnswer } },
      problems: ["not_found", "invalid"],
    }),
    checked("param", ActivityPath),
    checked("query", ActivityQuery),
    (c) => {
      const { owner, behind, afterNode } = c.req.valid("query");
      const ref = activityRefOf(c.req.valid("param").id, owner);
      const page = {
        behind: behind === "true",
        after: afterNode === undefined ? undefined : nodeIdOf(afterNode),
      };
      return answer(services, c, {
        shape: ActivityAnswer,
        ask: () => port.activity(ref, page),
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
