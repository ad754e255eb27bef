/**
 * /api/activities, what creates and deletes, and for topics in trouble adopt and resume; the verbs of a term are in
 * activity_verbs.ts. Each may be asked again: what is so already is answered the same, with `changed: false`, and
 * nothing is done twice.
 */

import { type Context, Hono } from "hono";
import type * as v from "valibot";
import type { Body } from "../answer.ts";
import type { AuditVerb } from "../audit.ts";
import { refuseBody, requireJson } from "../body.ts";
import { change, requireOperate } from "../change.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import type { ActivityRef, ActivityRow, TopicState } from "../port_activities.ts";
import type { Actor, AdminResult } from "../port.ts";
import type { ProblemKind } from "../problem.ts";
import { ActivityPath, activityRefOf, CreateActivityBody, nodeIdOf, NoQuery, OwnerQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { ChangeAnswer, TopicChangeAnswer } from "../shapes.ts";

export const CHANGE_PROBLEMS: readonly ProblemKind[] = [
  "bad_request",
  "forbidden",
  "not_found",
  "conflict",
  "too_large",
  "invalid",
];

interface OneInput {
  readonly in: { readonly param: { readonly id: string }; readonly query: { readonly owner?: string | undefined } };
  readonly out: OneInput["in"];
}

interface ChangeRoute<S extends v.GenericSchema, T> {
  readonly verb: AuditVerb;
  readonly summary: string;
  readonly done: string;
  readonly shape: S;
  readonly ask: (ref: ActivityRef, actor: Actor) => Promise<AdminResult<T>>;
  readonly body: (value: T, changed: boolean) => Body<S>;
}

export const activityBody = (activity: ActivityRow, changed: boolean): Body<typeof ChangeAnswer> => ({
  activity,
  changed,
});
export const topicBody = (state: TopicState, changed: boolean): Body<typeof TopicChangeAnswer> => ({
  ...state,
  changed,
});

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
        shape: ChangeAnswer,
        body: activityBody,
      });
    },
  );

  const onOne = <S extends v.GenericSchema, T>(route: ChangeRoute<S, T>) =>
    [
      documented({
        tag: "activities",
        summary: route.summary,
        answers: { 200: { description: route.done, shape: route.shape } },
        problems: CHANGE_PROBLEMS,
      }),
      requireOperate(services, route.verb),
      checked("param", ActivityPath),
      checked("query", OwnerQuery),
      refuseBody(),
      (c: Context<AdminEnv, "/:id", OneInput>) => {
        const { id } = c.req.valid("param");
        const { owner } = c.req.valid("query");
        const ref = activityRefOf(id, owner);
        const { verb, shape, body } = route;
        const subject = owner === undefined ? id : `${owner}/${id}`;
        return change(services, c, { verb, subject, shape, body, ask: (actor) => route.ask(ref, actor) });
      },
    ] as const;

  const plain = { shape: ChangeAnswer, body: activityBody };
  const ofTopic = { shape: TopicChangeAnswer, body: topicBody };

  routes.delete(
    "/:id",
    ...onOne({
      verb: "activity.delete",
      summary: "Deletes an activity without a running term; a tombstone stays",
      done: "It is deleted",
      ask: (ref, actor) => port.deleteActivity(ref, actor),
      ...plain,
    }),
  );
  routes.post(
    "/:id/adopt",
    ...onOne({
      verb: "activity.adopt",
      summary: "Gives an orphan back to the owner that has lost it, as a node holds it",
      done: "Its owner has it",
      ask: (ref, actor) => port.adoptActivity(ref, actor),
      ...ofTopic,
    }),
  );
  routes.post(
    "/:id/resume",
    ...onOne({
      verb: "activity.resume",
      summary: "Says that the second owner of an activity is gone: the right one speaks for it again",
      done: "Its owner speaks for it",
      ask: (ref, actor) => port.resumeActivity(ref, actor),
      ...ofTopic,
    }),
  );

  return routes;
}
