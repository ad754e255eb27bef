import { describe, expect, test } from "#test";
import type { AssignmentConfig } from "#mesh/assignment.ts";
import { Assignment, NO_ASSIGNMENT } from "#mesh/assignment.ts";
import { Directory } from "#mesh/directory.ts";
import type { Target } from "#module/module_node.ts";
import { TargetResolver } from "#module/target.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import { idOfKey } from "#wire/role.ts";
import { FakeLink, node } from "../mesh/harness.ts";

/** Resolves at a node that can reach the others. */
function resolver(
  self: Identity,
  options: { readonly reach?: readonly Identity[]; readonly assignment?: AssignmentConfig } = {},
): (target: Target) => string {
  const directory = new Directory({ self: self.key, emit: () => {} });
  for (const other of options.reach ?? []) directory.linkUp(new FakeLink(other, "above"));
  const assignment = new Assignment(options.assignment ?? NO_ASSIGNMENT);
  const made = new TargetResolver({ self, directory, assignment });
  return (target) => {
    try {
      return idOfKey(made.resolve(target));
    } catch (error) {
      if (!isCallError(error)) throw error;
      return `${error.code} ${error.sent}: ${error.message}`;
    }
  };
}

describe("TargetResolver", () => {
  test("a node id is that node, reachable or not", () => {
    const resolve = resolver(node("center:3"));
    expect(resolve("cross_center:9" as NodeId)).toEqual("cross_center:9");
    expect(resolve("nobody" as NodeId)).toEqual(
      "NO_ROUTE false: Cannot call nobody: NO_ROUTE at center:3, that is no node id: allowed is role:number",
    );
  });

  test("a role that a shard has once is the shard's, by the convention where it is not known", () => {
    const resolve = resolver(node("user:301"), { reach: [node("center:3"), node("center:77", { shard: 8 })] });
    expect(resolve({ role: "center" })).toEqual("center:3");
    expect(resolve({ role: "gateway", shard: 5 })).toEqual("gateway:5");
    expect(resolve({ role: "center", shard: 8 })).toEqual("center:77");
  });

  test("a node is the one of its own role and shard, whatever its number", () => {
    const resolve = resolver(node("center:77", { shard: 3 }), { reach: [node("center:4")] });
    expect(resolve({ role: "center" })).toEqual("center:77");
    expect(resolve({ role: "center", shard: 3 })).toEqual("center:77");
    expect(resolve({ role: "center", shard: 4 })).toEqual("center:4");
  });

  test("a role that a shard has several of is one that is reachable, always the same, this node among them", () => {
    const reach = ["user:301", "user:302", "user:401"].map((id) => node(id));
    const from = (id: string): string =>
      resolver(node(id), { reach: reach.filter((one) => one.id !== id) })({ role: "user" });
    const chosen = new Set(Array.from({ length: 20 }, (_, index) => from(`map:${301 + index}`)));
    expect(chosen).toEqual(new Set(["user:301", "user:302"]));
    expect(from("map:301")).toEqual(from("map:301"));
    expect(resolver(node("user:301"))({ role: "user" })).toEqual("user:301");
    expect(resolver(node("statistic:1"))({ role: "statistic" })).toEqual("statistic:1");
  });

  test("a cross center or map is the assigned one of the caller's shard, or of the shard that is named", () => {
    const assignment = {
      known: { cross_center: [], cross_map: [] },
      named: new Map([
        [3, { cross_center: 8 }],
        [4, { cross_center: 9 }],
      ]),
    };
    const resolve = resolver(node("center:3"), { reach: [node("cross_map:6")], assignment });
    expect(resolve({ role: "cross_center" })).toEqual("cross_center:8");
    expect(resolve({ role: "cross_center", shard: 4 })).toEqual("cross_center:9");
    expect(resolve({ role: "cross_map" })).toEqual("cross_map:6");
    expect(resolver(node("cross_map:2"))({ role: "cross_map" })).toEqual("cross_map:2");
  });

  test("without anybody it is NO_ROUTE, unsent", () => {
    const resolve = resolver(node("cross_center:1"));
    for (const role of ["center", "user", "cross_map", "statistic"] as const) {
      expect(resolve({ role })).toEqual(
        `NO_ROUTE false: Cannot call ${role} of shard 0: NO_ROUTE at cross_center:1, no such node is reachable`,
      );
    }
  });
});
