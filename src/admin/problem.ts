/**
 * Errors as application/problem+json (RFC 9457). The closed set of kinds is the contract: clients compare
 * `type`, people read `detail`. Nothing here echoes a header or a body.
 */

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";

interface ProblemKindInfo {
  readonly status: ContentfulStatusCode;
  readonly title: string;
}

export const PROBLEM_KINDS = {
  bad_request: { status: 400, title: "Bad request" },
  unauthorized: { status: 401, title: "No valid token" },
  forbidden: { status: 403, title: "Role does not allow this" },
  host_refused: { status: 403, title: "Host not allowed" },
  origin_refused: { status: 403, title: "Origin not allowed" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  conflict: { status: 409, title: "Not possible in this state" },
  too_large: { status: 413, title: "Body too large" },
  unsupported_media_type: { status: 415, title: "Unsupported media type" },
  invalid: { status: 422, title: "Invalid input" },
  internal: { status: 500, title: "Internal error" },
  bad_gateway: { status: 502, title: "Another node failed" },
  unavailable: { status: 503, title: "Unavailable" },
  timeout: { status: 504, title: "No answer in time" },
} as const satisfies Record<string, ProblemKindInfo>;

export type ProblemKind = keyof typeof PROBLEM_KINDS;

export const PROBLEM_TYPE_PREFIX = "urn:kuafu:problem:";
/** Faults listed in one answer; the rest is cut off. */
export const ISSUES_MAX = 32;
const RETRY_AFTER_S = 1;

export interface Issue {
  /** `config.hp` or `rewards.0` in a body, `?node` in a query; empty: the whole body. */
  readonly path: string;
  readonly message: string;
}

export interface ProblemOptions {
  readonly detail: string;
  readonly issues?: readonly Issue[];
  /** What is possible instead, with 409. */
  readonly allowed?: readonly string[];
  /** Why a call inside the cluster failed: its code, and the node where it did. */
  readonly code?: string;
  readonly at?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function problem(c: Context, kind: ProblemKind, options: ProblemOptions): Response {
  const info = PROBLEM_KINDS[kind];
  const body = {
    type: PROBLEM_TYPE_PREFIX + kind,
    title: info.title,
    status: info.status,
    detail: options.detail,
    issues: options.issues?.slice(0, ISSUES_MAX),
    allowed: options.allowed,
    code: options.code,
    at: options.at,
  };
  const headers: Record<string, string> = { ...options.headers, "Content-Type": "application/problem+json" };
  if (info.status === 503) headers["Retry-After"] = String(RETRY_AFTER_S);
  return c.body(JSON.stringify(body), info.status, headers);
}
