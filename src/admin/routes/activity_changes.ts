/**
 * /api/activities, what changes: create, open, close, delete. Each may be asked again: what is so already
 * is answered the same, with `changed: false`, and nothing is done a second time.
 */

import { type Context, Hono } from "hono";
import type { AuditVerb } from "../audit.ts";
import { refuseBody, requireJson } from "../body.ts";
import { change, requireOperate } from "../change.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import type { ActivityRow, Actor, AdminResult } from "../port.ts";
import type { ProblemKind } from "../problem.ts";
import { ActivityPath, CreateActivityBody, nodeIdOf, NoQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { ChangeAnswer } from "../shapes.ts";

const CHANGE_PROBLEMS: readonly ProblemKind[] = [
  "bad_request",
  "forbidden",
  "not_found",
  "conflict",
  "too_large",
  "invalid",
];

interface ChangeRoute {
  readonly verb: AuditVerb;
  readonly summary: string;
  readonly done: string;
  readonly ask: (id: string, actor: Actor) => Promise<AdminResult<ActivityRow>>;
}

export function activityChangeRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();

  routes.post(
    "/",
    documented({
      tag: "activities",
      summary: "Creates an activity, and opens it if asked to",
      answers: {
        200: { description: "It exists with the same kind and config", shape: ChangeAnswer },
        201: { description: "Created", shape: ChangeAnswer },
      },
      problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
    }),
    requireOperate(services, "activity.create"),
    checked("query", NoQuery),
    requireJson(),
    checked("json", CreateActivityBody),
    (c) => {
      const { owner, ...rest } = c.req.valid("json");
      const request = owner === undefined ? rest : { ...rest, owner: nodeIdOf(owner) };
      return change(services, c, {
        verb: "activity.create",
        subject: request.id,
        ask: (actor) => port.createActivity(request, actor),
      });
    },
  );

  const onOne = (route: ChangeRoute) =>
    [
      documented({
        tag: "activities",
        summary: route.summary,
        answers: { 200: { description: route.done, shape: ChangeAnswer } },
        problems: CHANGE_PROBLEMS,
      }),
      requireOperate(services, route.verb),
      checked("param", ActivityPath),
      checked("query", NoQuery),
      refuseBody(),
      (c: Context<AdminEnv, "/:id", { in: { param: { id: string } }; out: { param: { id: string } } }>) => {
        const { id } = c.req.valid("param");
        return change(services, c, { verb: route.verb, subject: id, ask: (actor) => route.ask(id, actor) });
      },
    ] as const;

  routes.post(
    "/:id/open",
    ...onOne({
      verb: "activity.open",
      summary: "Opens an activity: a new term begins",
      done: "It is open",
      ask: (id, actor) => port.openActivity(id, actor),
    }),
  );
  routes.post(
    "/:id/close",
    ...onOne({
      verb: "activity.close",
      summary: "Closes an activity: its term ends",
      done: "It is closed",
      ask: (id, actor) => port.closeActivity(id, actor),
    }),
  );
  routes.delete(
    "/:id",
    ...onOne({
      verb: "activity.delete",
      summary: "Deletes a closed activity; a tombstone stays",
      done: "It is deleted",
      ask: (id, actor) => port.deleteActivity(id, actor),
    }),
  );

  return routes;
}
