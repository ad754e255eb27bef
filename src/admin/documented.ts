/**
 * The part of /openapi.json that a route says about itself, in one short form: its answer's shape, and
 * which problems it can answer with. Problems that every route has are added here.
 */

import { describeRoute, resolver } from "hono-openapi";
import type * as v from "valibot";
import { PROBLEM_KINDS, type ProblemKind } from "./problem.ts";
import { ProblemShape } from "./shapes.ts";

const GUARDED: readonly ProblemKind[] = ["host_refused", "origin_refused", "internal"];
const WITH_TOKEN: readonly ProblemKind[] = ["unauthorized", "unavailable", "bad_gateway", "timeout"];

export interface RouteDescription {
  readonly tag: "nodes" | "activities" | "rewards" | "players" | "audit" | "probes";
  readonly summary: string;
  /** By status. */
  readonly answers: Readonly<Record<number, { readonly description: string; readonly shape: v.GenericSchema }>>;
  readonly problems?: readonly ProblemKind[];
  /** No token needed. */
  readonly open?: boolean;
}

export function documented(route: RouteDescription): ReturnType<typeof describeRoute> {
  const kinds = [...GUARDED, ...(route.open === true ? [] : WITH_TOKEN), ...(route.problems ?? [])];
  const responses: NonNullable<Parameters<typeof describeRoute>[0]["responses"]> = {};
  for (const [status, { description, shape }] of Object.entries(route.answers)) {
    responses[status] = { description, content: { "application/json": { schema: resolver(shape) } } };
  }
  for (const [status, titles] of titlesByStatus(kinds)) {
    // Only /readyz answers 503 with a shape of its own.
    responses[status] ??= {
      description: titles.join("; "),
      content: { "application/problem+json": { schema: resolver(ProblemShape) } },
    };
  }
  return describeRoute({
    tags: [route.tag],
    summary: route.summary,
    security: route.open === true ? [] : [{ bearer: [] }],
    responses,
  });
}

function titlesByStatus(kinds: readonly ProblemKind[]): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const kind of kinds) {
    const { status, title } = PROBLEM_KINDS[kind];
    const key = String(status);
    out.set(key, [...(out.get(key) ?? []), title]);
  }
  return out;
}
