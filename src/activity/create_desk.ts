/**
 * Creates activities: the same request again changes nothing, one that exists and differs is a conflict, and one that
 * is to be open at once begins its first term in the same commit. Called one at a time, by ActivityOwner.
 */

import type { Alarms } from "#base/alarms.ts";
import { messageOf } from "#base/log.ts";
import { TOPICS_MAX } from "#wire/limits.ts";
import type { ActivityContent } from "./content.ts";
import { checkCreate } from "./create_check.ts";
import { equalData } from "./equal_data.ts";
import type { ActivityKinds, ActivityOutcome, CreateRequest } from "./outcome.ts";
import type { OwnedTopics } from "./owned_topics.ts";
import type { ShardGroups } from "./groups/term_groups.ts";
import { pinGroups } from "./groups/term_groups.ts";
import type { VerbDesk } from "./verb_desk.ts";
import { conflict, early, tooLate } from "./verb_desk.ts";
import { afterVerb } from "./verbs.ts";

export interface CreateDeskOptions {
  readonly topics: OwnedTopics;
  readonly kinds: ActivityKinds;
  readonly shards: ShardGroups;
  readonly alarms: Alarms;
  /** `conflict`: nodes hold one of this id that its owner has lost. */
  readonly missing: (id: string) => ActivityOutcome;
  readonly nowMs: () => number;
  readonly newTerm: () => string;
}

export class CreateDesk {
  readonly #options: CreateDeskOptions;

  constructor(options: CreateDeskOptions) {
    this.#options = options;
  }

  checked(request: CreateRequest): ReturnType<typeof checkCreate> {
    const { kinds, shards, alarms, nowMs } = this.#options;
    const fault = (kind: string, error: unknown): void =>
      alarms.raise(`kind_fault:${kind}`, { error: messageOf(error) });
    return checkCreate(request, { kinds, shards, nowMs: nowMs(), fault });
  }

  async create(request: CreateRequest, verbs: VerbDesk): Promise<ActivityOutcome> {
    const checked = this.checked(request);
    if (checked.kind === "invalid") return checked;
    const { content } = checked;
    const existing = this.#options.topics.get(content.id);
    if (existing?.kind !== "live") return this.#createNew(content, { isOpen: request.open === true, verbs });
    const different = (["kind", "config", "endsAtMs", "schedule", "timing", "groups"] as const).filter(
      (name) => !equalData(existing.content[name], content[name]),
    );
    if (different.length > 0)
      return conflict(`activity "${content.id}" exists with another ${different.join(", ")}`, existing);
    if (request.open === true) return verbs.phase(content.id, "open");
    return { kind: "ok", value: verbs.view(existing), changed: false };
  }

  async #createNew(
    content: ActivityContent,
    how: { readonly isOpen: boolean; readonly verbs: VerbDesk },
  ): Promise<ActivityOutcome> {
    const { topics, shards, missing, newTerm } = this.#options;
    const nowMs = this.#options.nowMs();
    const lost = missing(content.id);
    if (lost.kind === "conflict") return lost;
    const late = tooLate("create", content, nowMs);
    if (late !== undefined) return late;
    if (topics.get(content.id) === undefined && topics.size >= TOPICS_MAX) {
      const detail = `Cannot create activity: this owner has ${topics.size} with those deleted lately, limit is ${TOPICS_MAX}`;
      return { kind: "conflict", detail, allowed: [] };
    }
    if (!how.isOpen) return how.verbs.commit(content, { phrase: "activity created" });
    const pinned = pinGroups(content.groups, shards, { atMs: nowMs });
    if (pinned.kind === "early") return early("create", content.id, pinned.detail);
    if (pinned.kind === "too_large") {
      const issue = { path: "groups", message: pinned.detail };
      return { kind: "invalid", detail: `Cannot create activity: groups: ${pinned.detail}`, issues: [issue] };
    }
    const first = afterVerb(content, "open", { nowMs, term: newTerm(), groups: pinned.groups });
    return how.verbs.commit(first, { phrase: "activity created" });
  }
}
