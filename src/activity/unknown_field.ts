/**
 * What a schema says of a field that is missing or that it does not know, in our own words.
 */

import type * as v from "valibot";

export function unknownField(issue: v.StrictObjectIssue): string {
  if (issue.expected === "never") return "is not known here";
  return issue.expected === "Object" ? "must be an object" : "is missing";
}
