/**
 * /api/health for people: what is wrong on every node, in words. /healthz and /readyz for machines, without
 * a token: is this process alive, and is it linked as its role wants.
 */

import { Hono } from "hono";
import { answer, sendBody } from "../answer.ts";
import { documented } from "../documented.ts";
import { checked } from "../faults.ts";
import { NoQuery } from "../schemas.ts";
import type { AdminEnv, AdminServices } from "../services.ts";
import { HealthAnswer, LiveAnswer, ReadyAnswer } from "../shapes.ts";

export function healthRoutes(services: AdminServices): Hono<AdminEnv> {
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/",
    documented({
      tag: "nodes",
      summary: "What is wrong on every node, in words",
      answers: { 200: { description: "The health of the cluster, also when it is bad", shape: HealthAnswer } },
      problems: ["invalid"],
    }),
    checked("query", NoQuery),
    (c) =>
      answer(services, c, {
        shape: HealthAnswer,
        ask: () => services.port.health(),
        body: (nodes) => ({ ok: nodes.every(({ ok }) => ok), nodes }),
      }),
  );
  return routes;
}

export function probeRoutes(services: AdminServices): Hono<AdminEnv> {
  const { port } = services;
  const routes = new Hono<AdminEnv>();
  routes.get(
    "/healthz",
    documented({
      tag: "probes",
      summary: "Is this process alive?",
      answers: {
        200: { description: "It is", shape: LiveAnswer },
        503: { description: "It is not: restart it", shape: LiveAnswer },
      },
      open: true,
    }),
    (c) => {
      const ok = port.live();
      return sendBody(c, LiveAnswer, { ok }, ok ? 200 : 503);
    },
  );
  routes.get(
    "/readyz",
    documented({
      tag: "probes",
      summary: "Is this node linked as its role wants?",
      answers: {
        200: { description: "It is", shape: ReadyAnswer },
        503: { description: "Not yet: what it waits for", shape: ReadyAnswer },
      },
      open: true,
    }),
    (c) => {
      const { ready, waitingFor } = port.ready();
      return sendBody(c, ReadyAnswer, { ready, waitingFor }, ready ? 200 : 503);
    },
  );
  return routes;
}
