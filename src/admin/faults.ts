/**
 * Validation at the door: a schema for one part of a request. Faults in a path are 404 (no such thing can
 * exist), in a query or body 422 with the place of each.
 */

import { validator } from "hono-openapi";
import * as v from "valibot";
import { type Issue, ISSUES_MAX, problem } from "./problem.ts";

const PATH_LENGTH_MAX = 128;

type Target = "param" | "query" | "json";
type Fields = v.ObjectEntries;
type ObjectSchema = v.GenericSchema<unknown, unknown>;

/** Middleware that validates one part of the request; `c.req.valid(target)` has the result. */
export function checked<T extends Target, S extends ObjectSchema>(target: T, schema: S) {
  return validator(target, schema, (result, c) => {
    if (result.success) return undefined;
    const issues = issuesOf(schema, result.data, target === "query" ? "?" : "");
    if (target === "param") {
      const words = issues.map(({ path, message }) => `${path} ${message}`).join("; ");
      return problem(c, "not_found", { detail: `Cannot find it: ${words}` });
    }
    const what = target === "query" ? "query" : "body";
    const more = issues.length > ISSUES_MAX ? `, the first ${ISSUES_MAX} are listed` : "";
    const count = issues.length === 1 ? "1 fault" : `${issues.length} faults`;
    return problem(c, "invalid", { detail: `Cannot accept ${what}: ${count}${more}`, issues });
  });
}

/** All faults of a value, also every unknown field, of which valibot reports only the first. */
export function issuesOf(schema: ObjectSchema, value: unknown, prefix: string): Issue[] {
  const result = v.safeParse(schema, value);
  if (result.success) return [];
  const issues: Issue[] = [];
  for (const issue of result.issues) {
    // Of a field at the top all are named below; deeper the first of each object has to do.
    if (issue.type === "strict_object" && issue.expected === "never" && issue.path?.length === 1) continue;
    issues.push({ path: clipped(prefix + (v.getDotPath(issue) ?? "")), message: issue.message });
  }
  const fields = fieldsOf(schema);
  if (fields === undefined || typeof value !== "object" || value === null) return issues;
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(fields, key)) continue;
    issues.push({ path: clipped(prefix + key), message: "is not known here" });
  }
  return issues;
}

function fieldsOf(schema: ObjectSchema): Fields | undefined {
  return "entries" in schema ? (schema.entries as Fields) : undefined;
}

/** A path is partly the client's text: it is shown, but not at any length. */
function clipped(path: string): string {
  return path.length <= PATH_LENGTH_MAX ? path : `${path.slice(0, PATH_LENGTH_MAX)}…`;
}
