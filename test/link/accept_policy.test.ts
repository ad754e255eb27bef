/** Who may dial whom: every pair of roles, then shards and numbers. */

import { describe, expect, test } from "#test";
import { objectionTo } from "#link/accept_policy.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import type { Role } from "#wire/role.ts";
import { NUMBER_MAX, ROLES, tierOf } from "#wire/role.ts";

function node(role: Role, number = 1, shard = tierOf(role) === "shard" ? 1 : 0): Identity {
  return identity({ role, number, shard, boot: "00".repeat(16), startedAtMs: 1 });
}

function reason(dialer: Identity, acceptor: Identity, expected?: Record<string, number>): string {
  const expectedShard = expected === undefined ? undefined : (id: string): number | undefined => expected[id];
  return objectionTo({ acceptor, dialer, expectedShard })?.reason ?? "welcome";
}

describe("Accept policy", () => {
  test("lets exactly the roles of the process table dial", () => {
    const welcome: string[] = [];
    for (const dialer of ROLES) {
      for (const acceptor of ROLES) {
        // The dialer has the lower number, so that peers are judged by their role alone.
        if (reason(node(dialer, 1), node(acceptor, 2)) === "welcome") welcome.push(`${dialer} > ${acceptor}`);
      }
    }
    expect(welcome).toEqual([
      "gateway > cross_gateway",
      "user > gateway",
      "center > gateway",
      "map > gateway",
      "cross_gateway > cross_gateway",
      "cross_center > cross_gateway",
      "cross_map > cross_gateway",
      "statistic > cross_gateway",
      "admin > cross_gateway",
    ]);
  });

  test("lets the lower cross gateway dial the higher one and not the other way round", () => {
    expect(reason(node("cross_gateway", 1), node("cross_gateway", 2))).toBe("welcome");
    expect(reason(node("cross_gateway", 2), node("cross_gateway", 1))).toBe("role_not_allowed");
    expect(reason(node("cross_gateway", 1), node("cross_gateway", 1))).toBe("role_not_allowed");
  });

  test("judges shards and numbers", () => {
    const gateway = node("gateway", 1, 1);
    const above = node("cross_gateway", 1);
    const table: readonly (readonly [Identity, Identity, string])[] = [
      [node("user", 101, 1), gateway, "welcome"],
      [node("user", 201, 2), gateway, "shard_mismatch"],
      [node("user", 101, 0), gateway, "shard_mismatch"],
      [node("user", 101, 1), node("gateway", 1, 0), "shard_mismatch"],
      [node("gateway", 3, 3), above, "welcome"],
      [node("gateway", 3, 0), above, "shard_mismatch"],
      [node("cross_center", 1, 1), above, "shard_mismatch"],
      [node("admin", 1, 1), above, "shard_mismatch"],
      [node("admin", 0, 0), above, "bad_hello"],
      [node("cross_map", 0, 0), gateway, "role_not_allowed"],
      [node("user", 0, 0), gateway, "bad_hello"],
      [node("admin", NUMBER_MAX, 0), above, "welcome"],
      [node("admin", NUMBER_MAX + 1, 0), above, "bad_hello"],
      [node("gateway", 1, NUMBER_MAX + 1), above, "bad_hello"],
    ];
    for (const [dialer, acceptor, wish] of table) {
      expect({ dialer: dialer.id, shard: dialer.shard, found: reason(dialer, acceptor) }).toEqual({
        dialer: dialer.id,
        shard: dialer.shard,
        found: wish,
      });
    }
  });

  test("holds a node to the shard that the config gives it, and lets through whom it does not name", () => {
    const above = node("cross_gateway", 1);
    expect(reason(node("gateway", 3, 3), above, { "gateway:3": 3 })).toBe("welcome");
    expect(reason(node("gateway", 3, 4), above, { "gateway:3": 3 })).toBe("shard_mismatch");
    expect(reason(node("gateway", 9, 9), above, { "gateway:3": 3 })).toBe("welcome");
  });
});
