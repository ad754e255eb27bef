/**
 * What the owner's verbs take and answer. A failure of the store is thrown as StoreError; all else is an outcome.
 */

import { versionText } from "#sync/version.ts";
import type { NodeId } from "#wire/role.ts";
import type { Version } from "#wire/sync_message.ts";
import type { ActivityContent, Phase } from "./content.ts";

export interface Issue {
  readonly path: string;
  readonly message: string;
}

export type ActivityOutcome =
  | { readonly kind: "ok"; readonly value: ActivityView; readonly changed: boolean }
  | { readonly kind: "not_found"; readonly detail: string }
  | { readonly kind: "conflict"; readonly detail: string; readonly allowed: readonly string[] }
  | { readonly kind: "invalid"; readonly detail: string; readonly issues: readonly Issue[] };

/** What came of a verb for a topic in trouble: adopt, cancel, resume. */
export type TopicOutcome =
  | {
      readonly kind: "ok";
      readonly topic: string;
      /** `epoch.revision.hash` */
      readonly version: string;
      /** Undefined: what is left is a tombstone. */
      readonly value: ActivityView | undefined;
      readonly changed: boolean;
    }
  | Exclude<ActivityOutcome, { readonly kind: "ok" }>;

/** An activity as its owner has it. */
export interface ActivityView {
  readonly id: string;
  readonly kind: string;
  readonly owner: NodeId;
  readonly phase: Phase;
  readonly term: string | undefined;
  /** 0 before the first term. */
  readonly termNumber: number;
  readonly openedAtMs: number | undefined;
  readonly closedAtMs: number | undefined;
  readonly endsAtMs: number | undefined;
  readonly config: unknown;
  /** `epoch.revision.hash` */
  readonly version: string;
}

export interface CreateRequest {
  readonly id: string;
  readonly kind: string;
  readonly config: unknown;
  readonly endsAtMs?: number | undefined;
  /** Opens it in the same step. */
  readonly open?: boolean | undefined;
}

export type ParsedConfig =
  { readonly kind: "ok"; readonly config: unknown } | { readonly kind: "invalid"; readonly issues: readonly Issue[] };

/** The kinds of activity that this process has the code of. */
export interface ActivityKinds {
  readonly names: readonly string[];
  /** Undefined for an unknown kind. Paths of issues are below `config`. */
  parseConfig(kind: string, input: unknown): ParsedConfig | undefined;
}

export function viewOf(
  content: ActivityContent,
  of: { readonly owner: NodeId; readonly version: Version },
): ActivityView {
  return {
    id: content.id,
    kind: content.kind,
    owner: of.owner,
    phase: content.phase,
    term: content.term?.id,
    termNumber: content.term?.number ?? 0,
    openedAtMs: content.term?.openedAtMs,
    closedAtMs: content.phase === "closed" ? content.term.closedAtMs : undefined,
    endsAtMs: content.endsAtMs,
    config: content.config,
    version: versionText(of.version),
  };
}
