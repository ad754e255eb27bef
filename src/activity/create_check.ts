/**
 * Checks a request to create an activity, or to edit one, and makes its content. Pure but for the kind's own schema, which is
 * module code: what it throws is reported to `fault` and refused as invalid.
 */

import { BodyError, packBody, unpackBody } from "#wire/body.ts";
import type { ActivityContent } from "./content.ts";
import { ACTIVITY_ID, CONTENT_SIZE_MAX, encodeContent, GROUPS_SIZE_MAX } from "./content.ts";
import { cursorAt } from "./phases.ts";
import { checkSchedule, followIssues } from "./schedule/check_schedule.ts";
import type { TermPhase, Timing } from "./term.ts";
import { PHASES_DEFAULT, TIMING_MAX_MS, TIMING_NONE } from "./term.ts";
import { equalData } from "./equal_data.ts";
import type { Issue } from "./issue.ts";
import type { GroupRule } from "./groups/groups_rule.ts";
import { SERIES_ID_LENGTH_MAX } from "./series/shard_series.ts";
import type { ShardGroups } from "./groups/term_groups.ts";
import type { ActivityKinds, CreateRequest, ParsedConfig, SomeTiming } from "./outcome.ts";

export type CheckedCreate =
  | { readonly kind: "ok"; readonly content: ActivityContent & { readonly phase: "scheduled" } }
  | { readonly kind: "invalid"; readonly detail: string; readonly issues: readonly Issue[] };

export function checkCreate(
  request: CreateRequest,
  using: {
    readonly kinds: ActivityKinds;
    readonly shards: ShardGroups;
    readonly nowMs: number;
    readonly fault: (kind: string, error: unknown) => void;
  },
): CheckedCreate {
  const issues: Issue[] = [];
  if (!ACTIVITY_ID.test(request.id)) {
    issues.push({
      path: "id",
      message: `found ${JSON.stringify(request.id).slice(0, 80)}; allowed: ${ACTIVITY_ID.source}`,
    });
  }
  const { endsAtMs } = request;
  if (endsAtMs !== undefined && !(Number.isSafeInteger(endsAtMs) && endsAtMs >= 0)) {
    issues.push({ path: "endsAtMs", message: `found ${endsAtMs}; allowed: milliseconds since 1970, a whole number` });
  }
  const phases = using.kinds.phases(request.kind) ?? PHASES_DEFAULT;
  const schedule = request.schedule ?? { kind: "manual" };
  const timing = timingOf(TIMING_NONE, request.timing);
  issues.push(...checkSchedule(schedule, using.nowMs), ...timingIssues(timing, phases));
  if (issues.length === 0) issues.push(...followIssues(schedule, { showMs: timing.showMs, nowMs: using.nowMs }));
  if (schedule.kind !== "manual" && endsAtMs !== undefined) {
    issues.push({ path: "endsAtMs", message: `found one beside a schedule; allowed: one of the two` });
  }
  const groups = request.groups ?? { kind: "all" };
  if (schedule.kind === "shard_day") issues.push(...seriesIssues(request, groups));
  const groupIssues = using.shards.checkRule(groups);
  issues.push(
    ...groupIssues.map(({ path, found, allowed }) => ({
      path: `groups.${path}`,
      message: `found ${found}; allowed: ${allowed}`,
    })),
  );
  const parsed = parseConfig(request, using);
  if (parsed.kind === "invalid") issues.push(...parsed.issues);
  if (parsed.kind === "invalid" || issues.length > 0) return invalid(issues);

  const config = parsed.config ?? null;
  const travelled = travel(config);
  if (travelled === undefined || !equalData(travelled.config, config)) {
    return invalid([
      { path: "config", message: "has values that cannot be sent; allowed: plain data, at most 32 deep" },
    ]);
  }
  const content = {
    id: request.id,
    kind: request.kind,
    config: travelled.config,
    endsAtMs,
    phases,
    timing,
    schedule,
    groups,
    series: undefined,
    cursorMs: schedule.kind === "manual" ? 0 : cursorAt(schedule, using.nowMs),
    termCount: 0,
    history: [],
    phase: "scheduled",
    term: undefined,
  } as const;
  const size = encodeContent(content).length;
  // Each opening of a series has a list of its shards.
  const hasGroups = groups.kind !== "all" || schedule.kind === "shard_day";
  const limit = hasGroups ? CONTENT_SIZE_MAX - GROUPS_SIZE_MAX : CONTENT_SIZE_MAX;
  if (size > limit) {
    const path = encodeContent({ ...content, groups: { kind: "all" } }).length > limit ? "config" : "groups";
    return invalid([{ path, message: `encoded size is ${size}, limit is ${limit}` }]);
  }
  return { kind: "ok", content };
}

function seriesIssues({ id, open }: CreateRequest, groups: GroupRule): readonly Issue[] {
  const issues: Issue[] = [];
  if (id.length > SERIES_ID_LENGTH_MAX) {
    const message = `found ${id.length} characters; allowed: ${SERIES_ID_LENGTH_MAX}, since each opening gets an id of its own`;
    issues.push({ path: "id", message });
  }
  if (groups.kind !== "all") {
    const message = `found ${groups.kind}; allowed: all: the shards that open at one time meet`;
    issues.push({ path: "groups.kind", message });
  }
  if (open === true) {
    issues.push({ path: "open", message: "found true; allowed: false: a series is opened by the days of its shards" });
  }
  return issues;
}

/** The old times with the new ones that were given. */
export function timingOf(old: Timing, given: SomeTiming | undefined): Timing {
  return {
    previewMs: given?.previewMs ?? old.previewMs,
    signupMs: given?.signupMs ?? old.signupMs,
    showMs: given?.showMs ?? old.showMs,
  };
}

function timingIssues(timing: Timing, phases: readonly TermPhase[]): readonly Issue[] {
  return (["preview", "signup", "show"] as const).flatMap((phase) => {
    const name = `${phase}Ms` as const;
    const value = timing[name];
    const path = `timing.${name}`;
    if (value > 0 && !phases.includes(phase)) {
      return [{ path, message: `found ${value}; the kind has no ${phase}: it uses ${phases.join(", ")}` }];
    }
    if (Number.isSafeInteger(value) && value >= 0 && value <= TIMING_MAX_MS) return [];
    return [{ path, message: `found ${value}; allowed: 0 to ${TIMING_MAX_MS} milliseconds, a whole number` }];
  });
}

function parseConfig(
  request: CreateRequest,
  using: { readonly kinds: ActivityKinds; readonly fault: (kind: string, error: unknown) => void },
): ParsedConfig {
  try {
    const parsed = using.kinds.parseConfig(request.kind, request.config);
    if (parsed !== undefined) return parsed;
  } catch (error) {
    using.fault(request.kind, error);
    return { kind: "invalid", issues: [{ path: "config", message: "the kind's own check failed; see its alarm" }] };
  }
  const allowed = using.kinds.names.length === 0 ? "none, no module brings a kind" : using.kinds.names.join(", ");
  const message = `found ${JSON.stringify(request.kind).slice(0, 80)}; allowed: ${allowed}`;
  return { kind: "invalid", issues: [{ path: "kind", message }] };
}

/** The config as its replicas will read it. */
function travel(config: unknown): { readonly config: unknown } | undefined {
  try {
    return { config: unpackBody(packBody(config)) };
  } catch (error) {
    if (error instanceof BodyError) return undefined;
    throw error;
  }
}

function invalid(issues: readonly Issue[]): CheckedCreate {
  return {
    kind: "invalid",
    detail: `Cannot create activity: ${issues.map((issue) => `${issue.path}: ${issue.message}`).join("; ")}`,
    issues,
  };
}
