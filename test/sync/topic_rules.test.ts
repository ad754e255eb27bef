import { describe, expect, test } from "#test";
import {
  hearScope,
  mayHearRoute,
  mayHearState,
  mayOfferState,
  maySayRoute,
  offerScope,
  parseTopic,
  stateOwner,
} from "#sync/topic_rules.ts";
import type { Topic } from "#sync/topic_rules.ts";
import type { LinkRelation } from "#link/link_port.ts";
import type { Role } from "#wire/role.ts";
import { node } from "./kit.ts";

const OWNER = node("cross_center", 1);
const OTHER = node("cross_center", 2);
const A = node("cross_gateway", 1);
const B = node("cross_gateway", 2);
const C = node("cross_gateway", 3);
const G = node("gateway", 3);
const H = node("gateway", 4);
const LEAF = node("center", 3);
const CROSS_MAP = node("cross_map", 1);
const ADMIN = node("admin", 1);

function topic(name: string): Topic {
  const parsed = parseTopic(name);
  if (parsed === undefined) throw new Error(`no topic ${name}`);
  return parsed;
}

describe("parseTopic", () => {
  test("reads the three kinds", () => {
    expect(parseTopic("activity/cross_center:1/world_boss")).toEqual({
      kind: "activity",
      owner: OWNER.key,
      id: "world_boss",
    });
    expect(parseTopic("attached/gateway:3")).toEqual({ kind: "attached", gateway: { key: G.key, role: "gateway" } });
    expect(parseTopic("applied/cross_gateway:1")).toEqual({
      kind: "applied",
      gateway: { key: A.key, role: "cross_gateway" },
    });
  });

  test.each([
    "",
    "activity/cross_center:1/",
    "activity/cross_center:1",
    "activity/center:1/boss",
    "activity/cross_center:0/boss",
    "activity/cross_center:01/boss",
    "activity/cross_center:1/a/b",
    "activity/cross_center:1/a b",
    `activity/cross_center:1/${"x".repeat(65)}`,
    "attached/center:3",
    "attached/gateway:3/x",
    "applied/",
    "removed/gateway:3",
  ])("refuses %p", (name) => {
    expect(parseTopic(name)).toBeUndefined();
  });

  test("stateOwner knows the owner of state topics only", () => {
    expect(stateOwner("activity/cross_center:1/boss")).toBe(OWNER.key);
    expect(stateOwner("attached/gateway:3")).toBeUndefined();
  });
});

describe("mayOfferState", () => {
  const rows: [string, typeof OWNER, typeof OWNER, LinkRelation, boolean][] = [
    ["the owner to a cross gateway", OWNER, A, "above", true],
    ["another cross center to a cross gateway", OTHER, A, "above", false],
    ["a cross gateway to its owner", A, OWNER, "below", false],
    ["a cross gateway to another owner", A, OTHER, "below", true],
    ["a cross gateway to a peer", A, B, "peer", true],
    ["a cross gateway to a shard gateway", A, G, "below", true],
    ["a cross gateway to a cross map", A, CROSS_MAP, "below", true],
    ["a cross gateway to an admin node", A, ADMIN, "below", true],
    ["a shard gateway to a cross gateway", G, A, "above", false],
    ["a shard gateway to its node", G, LEAF, "below", true],
    ["a node to its gateway", LEAF, G, "above", false],
    ["a cross map to a cross gateway", CROSS_MAP, A, "above", false],
  ];
  for (const [name, self, peer, relation, allowed] of rows) {
    test(`${name}: ${allowed ? "yes" : "no"}`, () => {
      expect(mayOfferState(self, { ...peer, relation }, OWNER.key)).toBe(allowed);
      const back: LinkRelation = relation === "peer" ? "peer" : relation === "above" ? "below" : "above";
      expect(mayHearState(peer, { ...self, relation: back }, OWNER.key)).toBe(allowed);
    });
  }

  test("hearing mirrors offering in every pair of roles and relations", () => {
    const roles: Role[] = [
      "gateway",
      "user",
      "center",
      "map",
      "cross_gateway",
      "cross_center",
      "cross_map",
      "statistic",
      "admin",
    ];
    for (const one of roles) {
      for (const two of roles) {
        for (const [there, back] of [
          ["above", "below"],
          ["below", "above"],
          ["peer", "peer"],
        ] as const) {
          expect(hearScope(node(two, 2), node(one, 1), back)).toEqual(offerScope(node(one, 1), node(two, 2), there));
        }
      }
    }
  });
});

describe("maySayRoute", () => {
  const rows: [string, string, typeof OWNER, typeof OWNER, LinkRelation, number, boolean][] = [
    ["a shard gateway of itself, upwards", "attached/gateway:3", G, A, "above", 0, true],
    ["a shard gateway of itself, to its node", "attached/gateway:3", G, LEAF, "below", 0, true],
    ["a shard gateway of another one, upwards", "attached/gateway:4", G, A, "above", 1, false],
    ["a shard gateway of another one, to its node", "attached/gateway:4", G, LEAF, "below", 1, false],
    ["a cross gateway of a shard gateway on its own link, to a peer", "attached/gateway:3", A, B, "peer", 1, true],
    ["a cross gateway of a shard gateway behind a peer, to a peer", "attached/gateway:3", A, B, "peer", 2, false],
    ["a cross gateway of a shard gateway, to a cross node", "attached/gateway:3", A, CROSS_MAP, "below", 1, true],
    [
      "a cross gateway of a shard gateway behind a peer, to a cross node",
      "attached/gateway:3",
      A,
      OWNER,
      "below",
      2,
      true,
    ],
    ["a cross gateway of a shard gateway, to an admin node", "attached/gateway:3", A, ADMIN, "below", 1, true],
    ["a cross gateway of a shard gateway, to another one", "attached/gateway:3", A, H, "below", 1, false],
    ["a cross gateway of a shard gateway, back to it", "attached/gateway:3", A, G, "below", 1, false],
    ["a cross gateway of a shard gateway, as if it were its own", "attached/gateway:3", A, OWNER, "below", 0, false],
    ["a cross gateway of itself, to a peer", "attached/cross_gateway:1", A, B, "peer", 0, true],
    ["a cross gateway of itself, to a shard gateway", "attached/cross_gateway:1", A, G, "below", 0, true],
    ["a cross gateway of itself, to a cross node", "attached/cross_gateway:1", A, OWNER, "below", 0, true],
    ["a cross gateway of a peer, to a shard gateway", "attached/cross_gateway:2", A, G, "below", 1, true],
    ["a cross gateway of a peer, to a cross node", "attached/cross_gateway:2", A, OWNER, "below", 1, true],
    ["a cross gateway of a peer, to another peer", "attached/cross_gateway:2", A, C, "peer", 1, false],
    ["a cross gateway of a peer's peer, to a shard gateway", "attached/cross_gateway:2", A, G, "below", 2, false],
    ["a shard gateway of a cross gateway, to its node", "attached/cross_gateway:1", G, LEAF, "below", 1, true],
    [
      "a shard gateway of a cross gateway behind another, to its node",
      "attached/cross_gateway:1",
      G,
      LEAF,
      "below",
      2,
      true,
    ],
    [
      "a shard gateway of a cross gateway, to another cross gateway",
      "attached/cross_gateway:1",
      G,
      B,
      "above",
      1,
      false,
    ],
    ["a shard gateway's applied, upwards", "applied/gateway:3", G, A, "above", 0, true],
    ["a shard gateway's applied, to its node", "applied/gateway:3", G, LEAF, "below", 0, false],
    ["a shard gateway's applied, to a peer", "applied/gateway:3", A, B, "peer", 1, true],
    ["a shard gateway's applied, to a cross node", "applied/gateway:3", A, OWNER, "below", 1, true],
    ["a shard gateway's applied, to another one", "applied/gateway:3", A, H, "below", 1, false],
    ["a cross gateway's applied, to a peer", "applied/cross_gateway:1", A, B, "peer", 0, true],
    ["a cross gateway's applied, to a cross node", "applied/cross_gateway:1", A, OWNER, "below", 0, true],
    ["a cross gateway's applied, to a shard gateway", "applied/cross_gateway:1", A, G, "below", 0, false],
    ["a peer's applied, to a cross node", "applied/cross_gateway:2", A, OWNER, "below", 1, true],
    ["a peer's applied, to a shard gateway", "applied/cross_gateway:2", A, G, "below", 1, false],
    ["a node, anything", "attached/gateway:3", LEAF, G, "above", 1, false],
    ["a cross node, anything", "attached/cross_gateway:1", OWNER, B, "above", 1, false],
    ["a state topic, by nobody", "activity/cross_center:1/boss", OWNER, A, "above", 0, false],
  ];
  for (const [name, of, self, peer, relation, hops, allowed] of rows) {
    test(`${name}: ${allowed ? "yes" : "no"}`, () => {
      const news = { topic: topic(of), hops };
      expect(maySayRoute(self, { ...peer, relation }, news)).toBe(allowed);
      const back: LinkRelation = relation === "peer" ? "peer" : relation === "above" ? "below" : "above";
      expect(mayHearRoute(peer, { ...self, relation: back }, news)).toBe(allowed);
    });
  }

  test("nothing goes further than two links before the last", () => {
    expect(maySayRoute(A, { ...OWNER, relation: "below" }, { topic: topic("attached/gateway:3"), hops: 3 })).toBe(
      false,
    );
  });
});
