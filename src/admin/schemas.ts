/**
 * What may come in: ids, queries and bodies. The same schemas validate and are shown in /openapi.json.
 * Every message is ours and says what is allowed: valibot's own would repeat the input.
 */

import { groupRuleSchema } from "#activity/groups/groups_rule.ts";
import { PLACES_MAX } from "#activity/ranks/rank_lookup.ts";
import { scheduleSchema } from "#activity/schedule/schedule.ts";
import { instantSchema } from "#activity/shards/shard_facts.ts";
import { PHASES, TIMING_MAX_MS } from "#activity/term.ts";
import { VERB_KEY } from "#activity/verb_keys.ts";
import { AUDIT_PAGE_MAX, AUDIT_TEXT_MAX } from "#store/audit_log.ts";
import { type NodeId, parseNodeId, type Role, ROLES } from "#wire/role.ts";
import * as v from "valibot";
import { faultOfJsonValue } from "./json_value.ts";
import { ACTIVITIES_PAGE, ACTIVITIES_PAGE_MAX, ACTIVITIES_PAGE_WITH_NODES } from "./activity_pages.ts";
import type { ActivityPlace, ActivityRef } from "./port_activities.ts";

/** Milliseconds: the last day that a Date can say. */
const TIME_MAX_MS = 8_640_000_000_000_000;

/** Objects all over the cluster have names as keys: one key is not a name. */
const NAME_FORM = /^(?!__proto__$)[a-z0-9_-]{1,64}$/;
const NODE_ID_FORM = `^(${ROLES.join("|")}):[1-9][0-9]{0,9}$`;

const mustBeText = "must be a text";
const nameMessage = "must be 1 to 64 of a-z, 0-9, _ and -";
const limitMessage = `must be 1 to ${AUDIT_PAGE_MAX}`;
const nodeIdMessage = "must be ROLE:NUMBER, e.g. center:3";

export const ActivityId = v.pipe(
  v.string(mustBeText),
  v.regex(NAME_FORM, nameMessage),
  v.description("Id of an activity, unique under its owner"),
);

export const NodeIdText = v.pipe(
  v.string(mustBeText),
  v.check((text) => parseNodeId(text) !== undefined, nodeIdMessage),
  v.metadata({ pattern: NODE_ID_FORM, description: "Id of a node: ROLE:NUMBER", examples: ["center:3"] }),
);

const OwnerId = v.pipe(
  v.string(mustBeText),
  v.check((text) => isNodeOf("cross_center", text), "must be cross_center:NUMBER"),
  v.metadata({
    pattern: "^cross_center:[1-9][0-9]{0,9}$",
    description: "The cross_center that is to own it; without it the one that the assignment names",
  }),
);

export const NamedOwner = v.pipe(
  v.string(mustBeText),
  v.check((text) => isNodeOf("cross_center", text), "must be cross_center:NUMBER"),
  v.metadata({
    pattern: "^cross_center:[1-9][0-9]{0,9}$",
    description: "Its owner: needed only where several owners have an activity of this id",
  }),
);

const KnowingOwner = v.pipe(
  v.string(mustBeText),
  v.check((text) => isNodeOf("cross_center", text), "must be cross_center:NUMBER"),
  v.metadata({
    pattern: "^cross_center:[1-9][0-9]{0,9}$",
    description: "The cross_center to ask; without it the one that takes activities that name no owner",
  }),
);

/** Digits of a number that is exact everywhere. */
const EntryNumber = v.pipe(
  v.string(mustBeText),
  v.regex(/^[1-9][0-9]{0,14}$/, "must be the number of an entry, 1 or more"),
  v.description("Only entries with a lower number: `next` of the page before"),
);

const PageLimit = v.pipe(
  v.string(mustBeText),
  v.check((text) => isUpTo(text, AUDIT_PAGE_MAX), limitMessage),
  v.metadata({ pattern: "^[1-9][0-9]{0,2}$", description: `Entries of a page at most, 1 to ${AUDIT_PAGE_MAX}` }),
);

const placeMessage = "must be ID or cross_center:NUMBER/ID";
const ActivityPlaceText = v.pipe(
  v.string(mustBeText),
  v.check((text) => placeOfActivity(text) !== undefined, placeMessage),
  v.metadata({
    pattern: "^(cross_center:[1-9][0-9]{0,9}/)?[a-z0-9_-]{1,64}$",
    description: "Only activities behind this one: `next` of the page before",
    examples: ["cross_center:1/boss"],
  }),
);
const activitiesLimitMessage = `must be 1 to ${ACTIVITIES_PAGE_MAX}`;
const ActivitiesLimit = v.pipe(
  v.string(mustBeText),
  v.check((text) => isUpTo(text, ACTIVITIES_PAGE_MAX), activitiesLimitMessage),
  v.metadata({
    pattern: "^[1-9][0-9]{0,2}$",
    description: `Activities of a page at most, 1 to ${ACTIVITIES_PAGE_MAX}; without it ${ACTIVITIES_PAGE}`,
  }),
);
const QueryFlag = v.picklist(["true", "false"], "must be true or false");

const ActivityConfig = v.pipe(
  v.unknown(),
  v.rawCheck(({ dataset, addIssue }) => {
    const fault = faultOfJsonValue(dataset.value);
    if (fault !== undefined) addIssue({ message: fault.message, ...pathOfKeys(fault.path) });
  }),
  v.description("Any JSON value that its kind accepts"),
);

export const ActivityPath = v.strictObject({ id: ActivityId }, unknownField);
export const NodePath = v.strictObject({ id: NodeIdText }, unknownField);
export const NoQuery = v.strictObject({}, unknownField);
export const OptionalNodeQuery = v.strictObject({ node: v.optional(NodeIdText) }, unknownField);
export const OwnerQuery = v.strictObject({ owner: v.optional(NamedOwner) }, unknownField);
export const ActivitiesQuery = v.pipe(
  v.strictObject(
    {
      limit: v.optional(ActivitiesLimit),
      after: v.optional(ActivityPlaceText),
      nodes: v.optional(
        v.pipe(
          QueryFlag,
          v.description(
            `true: with each activity's nodes; then ${ACTIVITIES_PAGE_WITH_NODES} activities, which is the most as well`,
          ),
        ),
      ),
    },
    unknownField,
  ),
  v.forward(
    v.partialCheck(
      [["limit"], ["nodes"]],
      ({ limit, nodes }) => nodes !== "true" || limit === undefined || isUpTo(limit, ACTIVITIES_PAGE_WITH_NODES),
      `must be 1 to ${ACTIVITIES_PAGE_WITH_NODES} with nodes=true`,
    ),
    ["limit"],
  ),
);
export const ActivityQuery = v.strictObject(
  {
    owner: v.optional(NamedOwner),
    behind: v.optional(v.pipe(QueryFlag, v.description("true: only the nodes that lack the newest version"))),
    afterNode: v.optional(
      v.pipe(NodeIdText, v.description("Only nodes behind this one: `nodesNext` of the page before")),
    ),
  },
  unknownField,
);
export const WhyQuery = v.strictObject({ node: NodeIdText, owner: v.optional(NamedOwner) }, unknownField);
export const RankingQuery = v.strictObject(
  {
    ranking: v.pipe(
      v.string(mustBeText),
      v.regex(/^[a-z][a-z0-9_]{0,63}$/, "must be the name of a ranking: a-z, 0-9 and _"),
      v.description("A ranking of its kind"),
    ),
    group: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.regex(/^[\w.:-]{1,64}$/, "must be the name of a group: 1 to 64 letters, digits, _, ., : and -"),
        v.description("A group of its term: needed where it has several"),
      ),
    ),
    offset: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.regex(/^(?:0|[1-9][0-9]{0,8})$/, "must be 0 to 999999999"),
        v.description("Places that are left out from the first on; without it none"),
      ),
    ),
    limit: v.optional(
      v.pipe(
        v.string(mustBeText),
        v.check((text) => /^[1-9][0-9]{0,2}$/.test(text) && Number(text) <= PLACES_MAX, `must be 1 to ${PLACES_MAX}`),
        v.metadata({ pattern: "^[1-9][0-9]{0,2}$", description: `Places of a page at most, 1 to ${PLACES_MAX}` }),
      ),
    ),
    owner: v.optional(NamedOwner),
  },
  unknownField,
);

export const AuditQuery = v.strictObject(
  { before: v.optional(EntryNumber), limit: v.optional(PageLimit) },
  unknownField,
);
export const ExplainQuery = v.strictObject({ from: NodeIdText, to: NodeIdText }, unknownField);

export const ShardOwnerQuery = v.strictObject({ owner: v.optional(KnowingOwner) }, unknownField);

const GroupRuleBody = v.pipe(groupRuleSchema, v.metadata({ ref: "GroupRule" }));

export const GroupsDryRunBody = v.pipe(
  v.strictObject(
    {
      rule: GroupRuleBody,
      at: v.exactOptional(
        v.pipe(instantSchema, v.description("Milliseconds since 1970-01-01 UTC: when ages count; without it now")),
      ),
    },
    unknownField,
  ),
  v.metadata({ ref: "GroupsDryRun" }),
);

const TimeMs = v.pipe(
  v.number("must be a number"),
  v.safeInteger("must be a whole number of milliseconds since 1970-01-01 UTC"),
  v.minValue(1, "must be at least 1"),
  v.maxValue(TIME_MAX_MS, `must be at most ${TIME_MAX_MS}`),
);
const EndsAt = v.pipe(TimeMs, v.description("Milliseconds since 1970-01-01 UTC; replicas close themselves then"));
const Length = v.pipe(
  v.number("must be a number"),
  v.safeInteger("must be a whole number of milliseconds"),
  v.minValue(0, "must be at least 0"),
  v.maxValue(TIMING_MAX_MS, `must be at most ${TIMING_MAX_MS}`),
  v.description("Milliseconds"),
);
const TimingBody = v.strictObject(
  { previewMs: v.exactOptional(Length), signupMs: v.exactOptional(Length), showMs: v.exactOptional(Length) },
  unknownField,
);
const verbFields = {
  key: v.exactOptional(
    v.pipe(
      v.string(mustBeText),
      v.regex(VERB_KEY, `must be ${VERB_KEY.source}`),
      v.description("The same request under the same key again is answered as it was, and nothing is done twice"),
    ),
  ),
  why: v.exactOptional(
    v.pipe(
      v.string(mustBeText),
      v.maxLength(AUDIT_TEXT_MAX, `must be at most ${AUDIT_TEXT_MAX} characters`),
      v.description("The reason, for the audit trail"),
    ),
  ),
  dryRun: v.exactOptional(
    v.pipe(v.boolean("must be true or false"), v.description("Says what would come of it, and changes nothing")),
  ),
};

export const VerbBody = v.pipe(v.strictObject(verbFields, unknownField), v.metadata({ ref: "Verb" }));
export const NextBody = v.pipe(
  v.strictObject(
    {
      ...verbFields,
      from: v.exactOptional(
        v.pipe(
          v.picklist(PHASES, `must be one of ${PHASES.join(", ")}`),
          v.description(
            "The phase that you see: of another one nothing changes. Default: what the node that serves sees",
          ),
        ),
      ),
    },
    unknownField,
  ),
  v.metadata({ ref: "Next" }),
);
export const ExtendBody = v.pipe(
  v.strictObject(
    { ...verbFields, closesAtMs: v.pipe(TimeMs, v.description("The new end of what is open")) },
    unknownField,
  ),
  v.metadata({ ref: "Extend" }),
);
export const EditBody = v.pipe(
  v.strictObject(
    {
      ...verbFields,
      config: v.exactOptional(ActivityConfig),
      endsAtMs: v.exactOptional(v.nullable(EndsAt)),
      schedule: v.exactOptional(scheduleSchema),
      timing: v.exactOptional(TimingBody),
      groups: v.exactOptional(GroupRuleBody),
    },
    unknownField,
  ),
  v.metadata({ ref: "Edit" }),
);

export const CreateActivityBody = v.pipe(
  v.strictObject(
    {
      id: ActivityId,
      kind: v.pipe(
        v.string(mustBeText),
        v.regex(NAME_FORM, nameMessage),
        v.description("A kind that a module declares"),
      ),
      config: v.optional(ActivityConfig, {}),
      owner: v.exactOptional(OwnerId),
      endsAtMs: v.exactOptional(EndsAt),
      schedule: v.exactOptional(scheduleSchema),
      timing: v.exactOptional(TimingBody),
      groups: v.exactOptional(GroupRuleBody),
      open: v.exactOptional(v.pipe(v.boolean("must be true or false"), v.description("Opens it in the same step"))),
    },
    unknownField,
  ),
  v.metadata({ ref: "CreateActivity" }),
);

/** Of a text that NodeIdText has let through. */
export function nodeIdOf(checked: string): NodeId {
  return checked as NodeId;
}

/** Of an id and an owner that have been let through. */
export function activityRefOf(id: string, owner: string | undefined): ActivityRef {
  return owner === undefined ? { id } : { id, owner: nodeIdOf(owner) };
}

/** "boss" or "cross_center:1/boss"; undefined for what is neither. */
export function placeOfActivity(text: string): ActivityPlace | undefined {
  const [id = "", owner, ...more] = text.split("/").toReversed();
  if (!NAME_FORM.test(id) || more.length > 0) return undefined;
  if (owner === undefined) return { id };
  return isNodeOf("cross_center", owner) ? { id, owner: nodeIdOf(owner) } : undefined;
}

function isUpTo(text: string, most: number): boolean {
  return /^[1-9][0-9]{0,2}$/.test(text) && Number(text) <= most;
}

function isNodeOf(role: Role, text: string): boolean {
  return parseNodeId(text)?.role === role;
}

export function pathOfKeys(keys: readonly string[]): { path?: [v.IssuePathItem, ...v.IssuePathItem[]] } {
  const [first, ...rest] = keys.map(
    (key) => ({ type: "unknown", origin: "value", input: null, key, value: null }) as const,
  );
  return first === undefined ? {} : { path: [first, ...rest] };
}

export function unknownField(issue: v.StrictObjectIssue): string {
  if (issue.expected === "never") return "is not known here";
  return issue.expected === "Object" ? "must be a JSON object" : "is missing";
}
