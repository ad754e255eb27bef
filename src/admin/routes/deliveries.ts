/**
 * /api/deliveries: which shard has not got its rewards, since when and why; and what an operator does about it. A replay
 * doubles nothing, since a shard applies each key once. /api/shards/:shard/mail: what a player has got.
 */

import { Hono } from "hono";
import type * as v from "valibot";
import { answer } from "../answer.ts";
import { requireJson } from "../body.ts";
import { change, requireOperate } from "../change.ts";
import {
  DeliveriesQuery,
  DeliveryOwnerQuery,
  MailQuery,
  ReleaseBody,
  ResendBody,
  ShardPath,
} from "../delivery_schemas.ts";
import { DeliveriesAnswer, MailsAnswer, RewardsChangeAnswer } from "../delivery_shapes.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import type { RewardsChange } from "../port_rewards.ts";
import { nodeIdOf } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { CHANGE_PROBLEMS } from "./activity_changes.ts";

export function mailRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/:shard/mail",
    documented({
      tag: "rewards",
      summary: "The mails of a player, as the center of the shard has them",
      answers: { 200: { description: "A page of them, oldest first", shape: MailsAnswer } },
      problems: ["invalid"],
    }),
    checked("param", ShardPath),
    checked("query", MailQuery),
    (c) => {
      const { shard } = c.req.valid("param");
      const { player, after, limit } = c.req.valid("query");
      return answer(services, c, {
        shape: MailsAnswer,
        ask: () =>
          services.port.mails({
            shard: Number(shard),
            player,
            after,
            limit: limit === undefined ? undefined : Number(limit),
          }),
        body: (list) => list,
      });
    },
  );
  return routes;
}

export function deliveryRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "rewards",
      summary: "Which shard has got its rewards, which has not, since when and why",
      answers: { 200: { description: "By term and shard, the longest pending first", shape: DeliveriesAnswer } },
      problems: ["invalid"],
    }),
    checked("query", DeliveriesQuery),
    (c) => {
      const { owner, shard, ...filter } = c.req.valid("query");
      return answer(services, c, {
        shape: DeliveriesAnswer,
        ask: () =>
          port.deliveries({ ...filter, owner: ownerOf(owner), shard: shard === undefined ? undefined : Number(shard) }),
        body: (overview) => overview,
      });
    },
  );
  routes.post(
    "/resend",
    documented({
      tag: "rewards",
      summary: "Sends rewards once more that were acknowledged: a shard that has them does nothing",
      answers: { 200: { description: "They are on their way", shape: RewardsChangeAnswer } },
      problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
    }),
    requireOperate(services, "rewards.resend"),
    checked("query", DeliveryOwnerQuery),
    requireJson(),
    checked("json", ResendBody),
    (c) => {
      const { owner } = c.req.valid("query");
      const { why, ...request } = c.req.valid("json");
      return change(services, c, {
        verb: "rewards.resend",
        subject: subjectOf(request),
        shape: RewardsChangeAnswer,
        body: changeBody,
        why,
        dryRun: request.dryRun,
        ask: (actor) => port.resendRewards({ ...request, owner: ownerOf(owner) }, actor),
      });
    },
  );
  routes.post(
    "/release",
    documented({
      tag: "rewards",
      summary: "Gives rewards that are held the mail that they lack",
      answers: { 200: { description: "They are on their way", shape: RewardsChangeAnswer } },
      problems: [...CHANGE_PROBLEMS, "unsupported_media_type"],
    }),
    requireOperate(services, "rewards.release"),
    checked("query", DeliveryOwnerQuery),
    requireJson(),
    checked("json", ReleaseBody),
    (c) => {
      const { owner } = c.req.valid("query");
      const { why, ...request } = c.req.valid("json");
      return change(services, c, {
        verb: "rewards.release",
        subject: subjectOf(request),
        shape: RewardsChangeAnswer,
        body: changeBody,
        why,
        dryRun: request.dryRun,
        ask: (actor) => port.releaseRewards({ ...request, owner: ownerOf(owner) }, actor),
      });
    },
  );
  return routes;
}

function changeBody(value: RewardsChange, changed: boolean): v.InferOutput<typeof RewardsChangeAnswer> {
  return { ...value, changed };
}

function ownerOf(owner: string | undefined) {
  return owner === undefined ? undefined : nodeIdOf(owner);
}

/** As much of it as the audit trail has room for. */
function subjectOf({ activity, term, player }: { activity: string; term: string; player?: string }): string {
  return player === undefined ? `${activity}/${term}` : `${activity}/${term}/${player}`;
}
