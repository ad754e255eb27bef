/**
 * What goes out: the JSON of every answer, as schemas for /openapi.json. answer.ts makes the compiler
 * prove that the answers of AdminPort have these shapes; nothing is validated on the way out.
 * A field that is undefined is left out of the JSON. Times are milliseconds: `…AtMs` and `sinceMs` since 1970.
 */

import { groupRuleSchema } from "#activity/groups/groups_rule.ts";
import { scheduleSchema } from "#activity/schedule/schedule.ts";
import { PHASES, TERM_PHASES } from "#activity/term.ts";
import * as v from "valibot";

const Text = v.string();
const Flag = v.boolean();
const Count = v.pipe(v.number(), v.integer());
const TimeMs = v.pipe(v.number(), v.description("Milliseconds since 1970-01-01 UTC"));
const DurationMs = v.pipe(v.number(), v.description("Milliseconds"));
const Version = v.pipe(Text, v.description("epoch.revision.hash"));

export const NodeRowShape = v.pipe(
  v.object({
    id: Text,
    role: Text,
    shard: Count,
    boot: Text,
    startedAtMs: TimeMs,
    gateway: v.pipe(Text, v.description("The gateway that it is attached to; its own id for a gateway")),
    current: v.pipe(Flag, v.description("It has applied all that its gateway has, and that one all of the owner's")),
    behindSinceMs: v.optional(TimeMs),
  }),
  v.metadata({ ref: "NodeRow" }),
);

const linkFields = {
  peer: Text,
  relation: v.picklist(["above", "below", "peer"]),
  address: Text,
  state: v.picklist(["dialing", "handshaking", "up", "backing_off", "closed"]),
  sinceMs: TimeMs,
  attempt: Count,
  lastError: v.optional(Text),
  nextRetryMs: v.optional(DurationMs),
  rttMs: v.optional(DurationMs),
  queuedSize: Count,
  boot: v.optional(Text),
};

export const LinkShape = v.pipe(v.object(linkFields), v.metadata({ ref: "Link" }));
export const NodeLinkShape = v.pipe(v.object({ node: Text, ...linkFields }), v.metadata({ ref: "NodeLink" }));

export const NodeDescriptionShape = v.pipe(
  v.object({
    id: Text,
    role: Text,
    shard: Count,
    boot: Text,
    release: Text,
    startedAtMs: TimeMs,
    uptimeMs: DurationMs,
    draining: Flag,
    policy: v.optional(v.pipe(Text, v.description("What it does when its gateway dies, with the bound"))),
    links: v.array(LinkShape),
    applied: v.array(v.object({ topic: Text, version: Version, appliedAtMs: TimeMs })),
    modules: v.array(Text),
    logins: Count,
    counters: v.record(v.string(), v.number()),
  }),
  v.metadata({ ref: "NodeDescription" }),
);

export const NodeHealthShape = v.pipe(
  v.object({
    id: Text,
    ok: Flag,
    problems: v.array(v.object({ name: Text, detail: Text, sinceMs: TimeMs })),
  }),
  v.metadata({ ref: "NodeHealth" }),
);

export const RouteRowShape = v.pipe(
  v.object({
    target: Text,
    shard: Count,
    via: v.pipe(v.array(Text), v.description("Next hops, best first")),
    distance: Count,
  }),
  v.metadata({ ref: "RouteRow" }),
);

export const AssignmentShape = v.pipe(
  v.object({
    shard: Count,
    crossCenter: v.optional(Text),
    crossMap: v.optional(Text),
    from: v.picklist(["config", "rendezvous"]),
  }),
  v.metadata({ ref: "Assignment" }),
);

const PlannedShape = v.object({ phase: v.picklist(TERM_PHASES), atMs: TimeMs });

const activityFields = {
  id: Text,
  kind: Text,
  owner: Text,
  phase: v.picklist(PHASES),
  term: v.optional(Text),
  termNumber: Count,
  openedAtMs: v.optional(TimeMs),
  closedAtMs: v.optional(TimeMs),
  endsAtMs: v.optional(v.pipe(TimeMs, v.description("The planned end of what is open"))),
  phases: v.pipe(v.array(v.picklist(TERM_PHASES)), v.description("Those that its kind uses, in order")),
  schedule: v.pipe(scheduleSchema, v.description("When terms are to be open")),
  timing: v.object({ previewMs: DurationMs, signupMs: DurationMs, showMs: DurationMs }),
  groups: v.pipe(groupRuleSchema, v.description("How shards are divided when a term begins")),
  series: v.optional(v.pipe(Text, v.description("The series that it is one opening of"))),
  termGroups: v.optional(
    v.pipe(
      v.array(v.object({ name: Text, shards: v.array(Count) })),
      v.description("Pinned for the current term; left out: every shard meets every other"),
    ),
  ),
  ungrouped: v.optional(
    v.pipe(
      v.array(v.object({ shard: Count, reason: Text })),
      v.description("Shards without a group in the term under way, as its owner says"),
    ),
  ),
  plan: v.pipe(v.array(PlannedShape), v.description("When the phases of the current term begin")),
  next: v.optional(
    v.pipe(PlannedShape, v.description("What comes by itself; left out: nothing until it is asked for")),
  ),
  stopped: v.optional(v.pipe(Text, v.description("Why time does not move it on: its kind has failed"))),
  config: v.optional(v.unknown()),
  version: Version,
};

export const AppliedShape = v.pipe(
  v.object({
    node: Text,
    version: v.optional(v.pipe(Text, v.description("Left out: it has none; `unknown`: it did not answer"))),
    current: Flag,
    lag: v.optional(
      v.pipe(
        v.object({
          epochs: Count,
          revisions: v.optional(v.pipe(Count, v.description("Left out across epochs: they begin anew in each"))),
        }),
        v.description("What it lacks; left out: nothing, or it has none, or did not answer"),
      ),
    ),
    behindSinceMs: v.optional(TimeMs),
  }),
  v.metadata({ ref: "Applied" }),
);

const AppliedSummaryShape = v.pipe(
  v.object({
    current: v.pipe(Count, v.description("Nodes that have applied the newest version")),
    behind: v.pipe(Count, v.description("All others")),
    silent: v.pipe(Count, v.description("Of those that are behind, the ones that did not answer")),
    behindSinceMs: v.optional(v.pipe(TimeMs, v.description("Of the one that has been behind for longest"))),
  }),
  v.metadata({ ref: "AppliedSummary" }),
);

export const ActivityShape = v.pipe(v.object(activityFields), v.metadata({ ref: "Activity" }));
const summaryFields = {
  ...activityFields,
  applied: AppliedSummaryShape,
  nodesNext: v.optional(v.pipe(Text, v.description("`afterNode` of the next page of `nodes`; left out at the end"))),
};
export const ActivitySummaryShape = v.pipe(
  v.object({
    ...summaryFields,
    nodes: v.optional(v.pipe(v.array(AppliedShape), v.description("Only with `nodes=true`"))),
  }),
  v.metadata({ ref: "ActivitySummary" }),
);
export const ActivityDetailShape = v.pipe(
  v.object({ ...summaryFields, nodes: v.array(AppliedShape) }),
  v.metadata({ ref: "ActivityDetail" }),
);

export const ExplanationShape = v.pipe(
  v.object({
    from: Text,
    to: Text,
    reachable: Flag,
    hops: v.array(v.object({ at: Text, next: v.optional(Text), state: Text, link: v.optional(LinkShape) })),
    verdict: Text,
  }),
  v.metadata({ ref: "Explanation" }),
);

export const WhyShape = v.pipe(
  v.object({
    activity: Text,
    node: Text,
    wanted: Version,
    hops: v.array(v.object({ at: Text, version: v.optional(Version), current: Flag, reason: Text })),
    firstLacking: v.optional(Text),
    verdict: Text,
  }),
  v.metadata({ ref: "Why" }),
);

export const OrphanShape = v.pipe(
  v.object({
    owner: v.pipe(Text, v.description("In whose name nodes hold it; it has lost it")),
    id: Text,
    topic: Text,
    version: v.pipe(Version, v.description("The highest that was reported")),
    reporter: v.pipe(Text, v.description("A node that holds it")),
  }),
  v.metadata({ ref: "Orphan" }),
);

export const ShardShape = v.pipe(
  v.object({
    shard: Count,
    openedAtMs: v.optional(v.pipe(TimeMs, v.description("Left out: its config does not say"))),
    timeZone: v.optional(v.pipe(Text, v.description("Left out: its days are those of UTC"))),
    mergedInto: v.optional(Count),
    mergedAtMs: v.optional(v.pipe(TimeMs, v.description("When others were last merged into it, or it into another"))),
    source: v.optional(
      v.pipe(Text, v.description("Who says so; left out: not heard yet; the owner itself: only its own file does")),
    ),
    sinceMs: v.optional(v.pipe(TimeMs, v.description("When these facts were first heard"))),
    heardAtMs: v.optional(v.pipe(TimeMs, v.description("When they were last heard"))),
    reachable: v.pipe(Flag, v.description("Its gateway is in the cluster now")),
    conflict: v.optional(v.pipe(Text, v.description("Another gateway, and what it says instead"))),
  }),
  v.metadata({ ref: "Shard" }),
);

export const GroupsPreviewShape = v.pipe(
  v.object({
    owner: v.pipe(Text, v.description("Whose knowledge of the shards it is")),
    atMs: v.pipe(TimeMs, v.description("When ages were counted")),
    groups: v.array(v.object({ name: Text, shards: v.array(Count) })),
    ungrouped: v.pipe(
      v.array(v.object({ shard: Count, reason: Text })),
      v.description("Shards that meet nobody, each with the reason in words"),
    ),
    merged: v.pipe(
      v.array(v.object({ shard: Count, into: Count })),
      v.description("Shards that are no more, and the one that lives for each"),
    ),
  }),
  v.metadata({ ref: "GroupsPreview" }),
);

const ShardsOfWindow = v.pipe(
  v.union([v.literal("all"), v.array(Count)]),
  v.description("The shards that it is for, by number, or all"),
);

export const CalendarRowShape = v.pipe(
  v.object({
    activity: Text,
    kind: Text,
    owner: Text,
    term: v.optional(v.pipe(Text, v.description("The term that runs; left out: it is to come"))),
    opensAtMs: v.optional(v.pipe(TimeMs, v.description("Left out: it runs, and waits for somebody to open it"))),
    closesAtMs: v.optional(v.pipe(TimeMs, v.description("Left out: it lasts until somebody closes it"))),
    phases: v.pipe(v.array(PlannedShape), v.description("When its phases begin, those that have passed included")),
    shards: ShardsOfWindow,
  }),
  v.metadata({ ref: "CalendarRow" }),
);

export const SchedulePreviewShape = v.pipe(
  v.object({
    fromMs: v.pipe(TimeMs, v.description("Now")),
    untilMs: TimeMs,
    windows: v.array(v.object({ opensAtMs: TimeMs, closesAtMs: TimeMs, shards: ShardsOfWindow })),
    truncated: v.pipe(Flag, v.description("There are more windows than are listed")),
    without: v.pipe(
      v.array(v.object({ shard: Count, reason: Text })),
      v.description("Shards that have no window, each with the reason in words"),
    ),
  }),
  v.metadata({ ref: "SchedulePreview" }),
);

export const AuditEntryShape = v.pipe(
  v.object({
    number: v.pipe(Count, v.description("Grows with every entry of a node's trail")),
    atMs: TimeMs,
    who: v.pipe(Text, v.description("Name of the token")),
    remote: Text,
    verb: Text,
    subject: Text,
    outcome: Text,
    why: v.pipe(Text, v.description("What the caller gave as the reason; empty when nothing")),
  }),
  v.metadata({ ref: "AuditEntry" }),
);

export const ProblemShape = v.pipe(
  v.object({
    type: v.pipe(Text, v.description("urn:kuafu:problem: and a name that does not change")),
    title: Text,
    status: Count,
    detail: Text,
    issues: v.optional(v.array(v.object({ path: Text, message: Text }))),
    allowed: v.optional(v.array(Text)),
    code: v.optional(Text),
    at: v.optional(Text),
  }),
  v.metadata({ ref: "Problem" }),
);

export const NodesAnswer = v.object({ nodes: v.array(NodeRowShape) });
export const NodeAnswer = v.object({ node: NodeDescriptionShape });
export const LinksAnswer = v.object({
  links: v.array(NodeLinkShape),
  silent: v.pipe(v.array(Text), v.description("Nodes that did not answer: their links are not in the list")),
});
export const RoutesAnswer = v.object({ routes: v.array(RouteRowShape), assignments: v.array(AssignmentShape) });
export const CalendarAnswer = v.object({
  fromMs: v.pipe(TimeMs, v.description("Now")),
  untilMs: TimeMs,
  rows: v.pipe(v.array(CalendarRowShape), v.description("By time of opening")),
  truncated: v.pipe(Flag, v.description("There is more than is listed: ask for fewer days")),
  unreadable: v.pipe(
    v.array(v.object({ activity: Text, owner: Text, reason: Text })),
    v.description("Activities whose schedule this node can't read: no windows of theirs are listed"),
  ),
});
export const ActivitiesAnswer = v.object({
  activities: v.array(ActivitySummaryShape),
  next: v.optional(v.pipe(Text, v.description("`after` of the next page; left out at the end"))),
});
export const ActivityAnswer = v.object({ activity: ActivityDetailShape });
export const ChangeAnswer = v.object({
  activity: ActivityShape,
  changed: v.pipe(Flag, v.description("False: it was so already, and nothing was done")),
});
export const TopicChangeAnswer = v.object({
  topic: Text,
  version: Version,
  activity: v.optional(v.pipe(ActivityShape, v.description("Left out: what is left is a tombstone"))),
  changed: v.pipe(Flag, v.description("False: it was so already, and nothing was done")),
});
export const OrphansAnswer = v.object({
  orphans: v.array(OrphanShape),
  silent: v.pipe(v.array(Text), v.description("Owners that did not answer: what they miss is not in the list")),
});
export const RankingShape = v.pipe(
  v.object({
    owner: Text,
    term: Text,
    group: Text,
    groups: v.pipe(v.array(Text), v.description("All groups of the term")),
    count: v.pipe(Count, v.description("Subjects in the ranking")),
    settled: v.optional(
      v.pipe(Text, v.description("SHA-256 of what it was frozen as, hex; left out while it may change")),
    ),
    places: v.array(
      v.object({
        place: v.pipe(Count, v.description("1 is the first")),
        subject: v.pipe(Text, v.description("A player, or whatever the kind ranks")),
        score: v.number(),
        atMs: TimeMs,
        shard: v.pipe(Count, v.description("Where the last report came from that changed the score; 0: none did")),
      }),
    ),
  }),
  v.metadata({ ref: "Ranking" }),
);

export const ShardsAnswer = v.object({
  owner: v.pipe(Text, v.description("Whose knowledge it is")),
  shards: v.array(ShardShape),
});
export const AuditAnswer = v.object({
  node: v.pipe(Text, v.description("The node whose trail it is: the one that serves")),
  entries: v.array(AuditEntryShape),
  next: v.optional(v.pipe(Count, v.description("`before` of the next page; left out at the end"))),
});
export const HealthAnswer = v.object({ ok: Flag, nodes: v.array(NodeHealthShape) });
export const LiveAnswer = v.object({ ok: Flag });
export const ReadyAnswer = v.object({ ready: Flag, waitingFor: v.array(Text) });
