/**
 * A fault that a schema found, in words: the place, what was found there, and what is allowed.
 */

import type { BaseIssue } from "valibot";
import { getDotPath } from "valibot";

/** `whole` names what has the fault when no place inside it does. */
export function issueText(issue: BaseIssue<unknown>, whole: string): string {
  return `${getDotPath(issue) ?? whole}: found ${issue.received}, ${issue.message}`;
}
