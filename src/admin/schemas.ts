/**
 * What may come in: ids, queries and bodies. The same schemas validate and are shown in /openapi.json.
 * Every message is ours and says what is allowed: valibot's own would repeat the input.
 */

import { type NodeId, parseNodeId, type Role, ROLES } from "#wire/role.ts";
import * as v from "valibot";
import { faultOfJsonValue } from "./json_value.ts";

/** Milliseconds: the last day that a Date can say. */
const TIME_MAX_MS = 8_640_000_000_000_000;

/** Objects all over the cluster have names as keys: one key is not a name. */
const NAME_FORM = /^(?!__proto__$)[a-z0-9_-]{1,64}$/;
const NODE_ID_FORM = `^(${ROLES.join("|")}):[1-9][0-9]{0,9}$`;

const mustBeText = "must be a text";
const nameMessage = "must be 1 to 64 of a-z, 0-9, _ and -";
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

const ActivityConfig = v.pipe(
  v.unknown(),
  v.rawCheck(({ dataset, addIssue }) => {
    const fault = faultOfJsonValue(dataset.value);
    if (fault !== undefined) addIssue({ message: fault.message, ...placeOf(fault.path) });
  }),
  v.description("Any JSON value that its kind accepts"),
);

export const ActivityPath = v.strictObject({ id: ActivityId }, unknownField);
export const NodePath = v.strictObject({ id: NodeIdText }, unknownField);
export const NoQuery = v.strictObject({}, unknownField);
export const NodeQuery = v.strictObject({ node: NodeIdText }, unknownField);
export const OptionalNodeQuery = v.strictObject({ node: v.optional(NodeIdText) }, unknownField);
export const ExplainQuery = v.strictObject({ from: NodeIdText, to: NodeIdText }, unknownField);

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
      endsAtMs: v.exactOptional(
        v.pipe(
          v.number("must be a number"),
          v.safeInteger("must be a whole number of milliseconds since 1970-01-01 UTC"),
          v.minValue(1, "must be at least 1"),
          v.maxValue(TIME_MAX_MS, `must be at most ${TIME_MAX_MS}`),
          v.description("Milliseconds since 1970-01-01 UTC; replicas close themselves then"),
        ),
      ),
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

function isNodeOf(role: Role, text: string): boolean {
  return parseNodeId(text)?.role === role;
}

function placeOf(keys: readonly string[]): { path?: [v.IssuePathItem, ...v.IssuePathItem[]] } {
  const [first, ...rest] = keys.map(
    (key) => ({ type: "unknown", origin: "value", input: null, key, value: null }) as const,
  );
  return first === undefined ? {} : { path: [first, ...rest] };
}

function unknownField(issue: v.StrictObjectIssue): string {
  if (issue.expected === "never") return "is not known here";
  return issue.expected === "Object" ? "must be a JSON object" : "is missing";
}
