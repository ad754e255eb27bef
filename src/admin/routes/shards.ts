/**
 * /api/shards: what a cross_center knows of the shards. /api/groups: what a rule would make of them, before it is used.
 * A dry run changes nothing, so that a token which may only read may ask for one, and the audit trail has none.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { requireJson } from "../body.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { GroupsDryRunBody, nodeIdOf, ShardOwnerQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { GroupsPreviewShape, ShardsAnswer } from "../shapes.ts";

export function shardRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "activities",
      summary: "What a cross_center knows of the shards",
      answers: { 200: { description: "The shards, by number", shape: ShardsAnswer } },
      problems: ["invalid"],
    }),
    checked("query", ShardOwnerQuery),
    (c) => {
      const { owner } = c.req.valid("query");
      return answer(services, c, {
        shape: ShardsAnswer,
        ask: () => services.port.shards(owner === undefined ? undefined : nodeIdOf(owner)),
        body: (overview) => overview,
      });
    },
  );
  return routes;
}

export function groupRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.post(
    "/dry-run",
    documented({
      tag: "activities",
      summary: "Divides the shards into groups by a rule, and keeps nothing of it",
      answers: { 200: { description: "Who would meet whom", shape: GroupsPreviewShape } },
      problems: ["bad_request", "too_large", "invalid", "unsupported_media_type"],
    }),
    checked("query", ShardOwnerQuery),
    requireJson(),
    checked("json", GroupsDryRunBody),
    (c) => {
      const { owner } = c.req.valid("query");
      const { rule, at } = c.req.valid("json");
      const asked = { rule, atMs: at, owner: owner === undefined ? undefined : nodeIdOf(owner) };
      return answer(services, c, {
        shape: GroupsPreviewShape,
        ask: () => services.port.dryRunGroups(asked),
        body: (preview) => preview,
      });
    },
  );
  return routes;
}
