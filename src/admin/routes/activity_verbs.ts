/**
 * /api/activities/:id, the verbs of an activity and its terms: edit, preview, open, extend, next, close, recall, cancel,
 * reopen. Each takes a key under which it is done once, a reason for the audit trail, and `dryRun`. A verb that the
 * phase does not allow is 409 with those that it does.
 */

import { type Context, Hono } from "hono";
import type { MiddlewareHandler } from "hono";
import type * as v from "valibot";
import type { VerbOptions } from "#activity/outcome.ts";
import type { PhaseVerb } from "#activity/verbs.ts";
import type { AuditVerb } from "../audit.ts";
import { optionalJson, requireJson } from "../body.ts";
import { change, requireOperate } from "../change.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import type { ActivityChange } from "../port_activities.ts";
import { ActivityPath, activityRefOf, EditBody, ExtendBody, NextBody, OwnerQuery, VerbBody } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { ChangeAnswer, TopicChangeAnswer } from "../shapes.ts";
import { activityBody, CHANGE_PROBLEMS, topicBody } from "./activity_changes.ts";

type VerbBodyOf = v.InferOutput<typeof VerbBody>;

interface Input<Json> {
  readonly in: {
    readonly param: { readonly id: string };
    readonly query: { readonly owner?: string | undefined };
    readonly json: Json;
  };
  readonly out: Input<Json>["in"];
}

/** The verbs that take nothing but a key, a reason and `dryRun`. */
const PLAIN: readonly (readonly [Exclude<PhaseVerb, "cancel" | "next">, string])[] = [
  ["preview", "Begins a term with its preview now"],
  ["open", "Opens an activity now: the term under way, else a new one"],
  ["close", "Closes an activity early: what is open settles, what is shown ends"],
  ["recall", "Takes a term back that has not opened: the activity may be edited again"],
  ["reopen", "Opens an activity that has ended, with a new term"],
];

export function activityVerbRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();

  const onOne = <S extends v.GenericSchema<unknown, VerbBodyOf>>(route: {
    readonly verb: ActivityChange["verb"];
    readonly summary: string;
    readonly schema: S;
    readonly body: MiddlewareHandler<AdminEnv>;
    readonly changeOf: (body: v.InferOutput<S>) => ActivityChange;
  }) =>
    [
      documented({
        tag: "activities",
        summary: route.summary,
        answers: { 200: { description: "It is so", shape: ChangeAnswer } },
        problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
      }),
      requireOperate(services, `activity.${route.verb}` satisfies AuditVerb),
      checked("param", ActivityPath),
      checked("query", OwnerQuery),
      route.body,
      checked("json", route.schema),
      (c: Context<AdminEnv, "/:id", Input<v.InferOutput<S>>>) => {
        const { id } = c.req.valid("param");
        const { owner } = c.req.valid("query");
        const body = c.req.valid("json") as v.InferOutput<S>;
        return change(services, c, {
          verb: `activity.${route.verb}`,
          subject: owner === undefined ? id : `${owner}/${id}`,
          shape: ChangeAnswer,
          body: activityBody,
          why: body.why,
          dryRun: body.dryRun,
          ask: (actor) => port.changeActivity(activityRefOf(id, owner), route.changeOf(body), actor),
        });
      },
    ] as const;

  for (const [verb, summary] of PLAIN) {
    const changeOf = (body: VerbBodyOf): ActivityChange => ({ verb, ...optionsOf(body) });
    routes.post(`/:id/${verb}`, ...onOne({ verb, summary, schema: VerbBody, body: optionalJson(), changeOf }));
  }
  routes.post(
    "/:id/next",
    ...onOne({
      verb: "next",
      summary: "Goes on to the next phase of the term now",
      schema: NextBody,
      body: optionalJson(),
      changeOf: (body) => ({ verb: "next", from: body.from, ...optionsOf(body) }),
    }),
  );
  routes.post(
    "/:id/extend",
    ...onOne({
      verb: "extend",
      summary: "Gives what is open another end",
      schema: ExtendBody,
      body: requireJson(),
      changeOf: (body) => ({ verb: "extend", closesAtMs: body.closesAtMs, ...optionsOf(body) }),
    }),
  );
  routes.patch(
    "/:id",
    ...onOne({
      verb: "edit",
      summary: "Edits an activity without a running term; what is left out stays",
      schema: EditBody,
      body: requireJson(),
      changeOf: ({ why: _, ...edit }) => ({ verb: "edit", ...edit }),
    }),
  );
  routes.post(
    "/:id/cancel",
    documented({
      tag: "activities",
      summary: "Ends a running term for good, and gives an orphan up: a tombstone stays of that",
      answers: { 200: { description: "It has ended", shape: TopicChangeAnswer } },
      problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
    }),
    requireOperate(services, "activity.cancel"),
    checked("param", ActivityPath),
    checked("query", OwnerQuery),
    optionalJson(),
    checked("json", VerbBody),
    (c) => {
      const { id } = c.req.valid("param");
      const { owner } = c.req.valid("query");
      const { why, ...options } = c.req.valid("json");
      return change(services, c, {
        verb: "activity.cancel",
        subject: owner === undefined ? id : `${owner}/${id}`,
        shape: TopicChangeAnswer,
        body: topicBody,
        why,
        dryRun: options.dryRun,
        ask: (actor) => port.cancelActivity(activityRefOf(id, owner), options, actor),
      });
    },
  );

  return routes;
}

function optionsOf(body: VerbBodyOf): VerbOptions {
  return { key: body.key, dryRun: body.dryRun };
}
