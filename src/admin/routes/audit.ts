/**
 * /api/audit: the audit trail of the node that serves, the newest entry first, page by page. What was asked of
 * another node's API is in that node's trail.
 */

import { Hono } from "hono";
import { answer } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { AuditQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { AuditAnswer } from "../shapes.ts";

export function auditRoutes(services: AdminServices): Hono<AdminEnv> {
  const { audit, port } = services;
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "audit",
      summary: "Changes that were asked for through this node, the newest first",
      answers: { 200: { description: "A page of the trail", shape: AuditAnswer } },
      problems: ["invalid"],
    }),
    checked("query", AuditQuery),
    (c) => {
      const { before, limit } = c.req.valid("query");
      const page = { before: numberOf(before), limit: numberOf(limit) };
      return answer(services, c, {
        shape: AuditAnswer,
        ask: async () => ({ kind: "ok", changed: false, value: await audit.page(page) }),
        body: ({ records, next }) => ({ node: port.self, entries: records, next }),
      });
    },
  );
  return routes;
}

function numberOf(digits: string | undefined): number | undefined {
  return digits === undefined ? undefined : Number(digits);
}
