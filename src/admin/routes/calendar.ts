/**
 * /api/calendar: what will happen, and what a schedule would come to. Neither changes anything, so that a token which may
 * only read may ask, and the audit trail has none.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { requireJson } from "../body.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { CALENDAR_DAYS_DEFAULT, CalendarQuery, ScheduleDryRunBody } from "../calendar_schemas.ts";
import { nodeIdOf, ShardOwnerQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { CalendarAnswer, SchedulePreviewShape } from "../shapes.ts";

export function calendarRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();

  routes.get(
    "/",
    documented({
      tag: "activities",
      summary:
        "The terms that run and those that are to come, of all activities or of those of one shard, by time of opening",
      answers: { 200: { description: "What will happen", shape: CalendarAnswer } },
      problems: ["invalid"],
    }),
    checked("query", CalendarQuery),
    (c) => {
      const { days, shard } = c.req.valid("query");
      const asked = {
        days: days === undefined ? CALENDAR_DAYS_DEFAULT : Number(days),
        shard: shard === undefined ? undefined : Number(shard),
      };
      return answer(services, c, {
        shape: CalendarAnswer,
        ask: () => port.calendar(asked),
        body: (calendar) => calendar,
      });
    },
  );

  routes.post(
    "/dry-run",
    documented({
      tag: "activities",
      summary: "The windows of a schedule, with the shards of each, and keeps nothing of it",
      answers: { 200: { description: "When it would be open", shape: SchedulePreviewShape } },
      problems: ["bad_request", "too_large", "invalid", "unsupported_media_type"],
    }),
    checked("query", ShardOwnerQuery),
    requireJson(),
    checked("json", ScheduleDryRunBody),
    (c) => {
      const { owner } = c.req.valid("query");
      const { schedule, days = CALENDAR_DAYS_DEFAULT } = c.req.valid("json");
      const asked = { schedule, days, owner: owner === undefined ? undefined : nodeIdOf(owner) };
      return answer(services, c, {
        shape: SchedulePreviewShape,
        ask: () => port.dryRunSchedule(asked),
        body: (preview) => preview,
      });
    },
  );

  return routes;
}
