/** Pages of activities and of the nodes of one: where each begins and ends, and what is summed up. */

import { describe, expect, test } from "#test";
import { NODES_PAGE, pageOfActivities, pageOfNodes, summaryOf } from "#admin/activity_pages.ts";
import type { AppliedRow } from "#admin/port_activities.ts";
import { nodeId } from "#wire/role.ts";

const ONE = nodeId("cross_center", 1);
const TWO = nodeId("cross_center", 2);
const TEN = nodeId("cross_center", 10);

const ROWS = [
  { id: "b", owner: TEN },
  { id: "c", owner: ONE },
  { id: "b", owner: TWO },
  { id: "a", owner: TWO },
  { id: "b", owner: ONE },
];

function applied(number: number, row: Partial<AppliedRow> = {}): AppliedRow {
  return {
    node: nodeId("center", number),
    version: "1.1.00000000000000aa",
    current: true,
    lag: undefined,
    behindSinceMs: undefined,
    ...row,
  };
}

describe("pageOfActivities()", () => {
  test("goes by id, then by the owner's number, and says where it ended while there are more", () => {
    expect(pageOfActivities(ROWS, { limit: 3, after: undefined })).toEqual({
      rows: [
        { id: "a", owner: TWO },
        { id: "b", owner: ONE },
        { id: "b", owner: TWO },
      ],
      next: `${TWO}/b`,
    });
    expect(pageOfActivities(ROWS, { limit: 3, after: { id: "b", owner: TWO } })).toEqual({
      rows: [
        { id: "b", owner: TEN },
        { id: "c", owner: ONE },
      ],
      next: undefined,
    });
  });

  test("a page that ends with the last one is the last page", () => {
    expect(pageOfActivities(ROWS, { limit: ROWS.length, after: undefined }).next).toBe(undefined);
    expect(pageOfActivities([], { limit: 1, after: undefined })).toEqual({ rows: [], next: undefined });
  });

  test("behind an id without an owner are the other ids, and what is gone leaves no gap", () => {
    expect(pageOfActivities(ROWS, { limit: 9, after: { id: "b" } }).rows).toEqual([{ id: "c", owner: ONE }]);
    expect(pageOfActivities(ROWS, { limit: 1, after: { id: "aa", owner: ONE } }).rows).toEqual([
      { id: "b", owner: ONE },
    ]);
  });
});

describe("pageOfNodes()", () => {
  const all = Array.from({ length: NODES_PAGE + 5 }, (_, index) => applied(index + 1, { current: index % 100 !== 0 }));

  test("takes NODES_PAGE by number, and says where it ended while there are more", () => {
    const first = pageOfNodes(all.toReversed(), { behind: false, after: undefined });
    expect([first.rows.length, first.rows[0]?.node, first.next]).toEqual([
      NODES_PAGE,
      nodeId("center", 1),
      nodeId("center", NODES_PAGE),
    ]);
    const second = pageOfNodes(all, { behind: false, after: first.next });
    expect([second.rows.map(({ node }) => node), second.next]).toEqual([
      [1, 2, 3, 4, 5].map((more) => nodeId("center", NODES_PAGE + more)),
      undefined,
    ]);
  });

  test("of those that are behind takes no other", () => {
    const { rows, next } = pageOfNodes(all, { behind: true, after: nodeId("center", 801) });
    expect([rows.map(({ node }) => node), next]).toEqual([[nodeId("center", 901), nodeId("center", 1001)], undefined]);
  });
});

describe("summaryOf()", () => {
  test("counts who has it and who does not, and knows the longest wait", () => {
    const rows = [
      applied(1),
      applied(2, { current: false, behindSinceMs: 900 }),
      applied(3, { current: false, behindSinceMs: 300, version: "unknown" }),
      applied(4, { current: false, version: undefined }),
    ];
    expect(summaryOf(rows)).toEqual({ current: 1, behind: 3, silent: 1, behindSinceMs: 300 });
  });

  test("of nobody is all zeros", () => {
    expect(summaryOf([])).toEqual({ current: 0, behind: 0, silent: 0, behindSinceMs: undefined });
  });
});
