/**
 * Activities whose kind no module brings any more: time and verbs can't take them from phase to phase. Says so, once for
 * each kind, when their owner starts: alarm `kind_missing:<kind>`.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Held } from "./activity_table.ts";
import type { ActivityKinds } from "./outcome.ts";

export function missKinds(all: readonly Held[], of: { readonly kinds: ActivityKinds; readonly alarms: Alarms }): void {
  const missed = new Map<string, string[]>();
  for (const held of all) {
    if (held.kind !== "live" || of.kinds.phases(held.content.kind) !== undefined) continue;
    missed.set(held.content.kind, [...(missed.get(held.content.kind) ?? []), held.id]);
  }
  for (const [kind, ids] of missed) {
    of.alarms.raise(`kind_missing:${kind}`, { count: ids.length, first: ids[0], reason: "no module here brings it" });
  }
}
