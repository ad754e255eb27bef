/**
 * The name of an activity's topic, `activity/<owner>/<id>`, and back.
 */

import { parseTopic } from "#sync/topic_rules.ts";
import type { NodeId } from "#wire/role.ts";
import { idOfKey } from "#wire/role.ts";

export function activityTopic(owner: NodeId, id: string): string {
  return `activity/${owner}/${id}`;
}

/** Undefined for any other topic. */
export function parseActivityTopic(topic: string): { readonly owner: NodeId; readonly id: string } | undefined {
  const parsed = parseTopic(topic);
  return parsed?.kind === "activity" ? { owner: idOfKey(parsed.owner), id: parsed.id } : undefined;
}
