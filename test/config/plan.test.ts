import { describe, expect, test } from "#test";
import { faultText } from "../../src/config/fault.ts";
import { nodePlan } from "../../src/config/plan.ts";
import { configOf, planOf, WHOLE } from "./parsed.ts";

describe("nodePlan", () => {
  test("gives a shard node its gateway's address, its policy and its own data folder", () => {
    const plan = planOf(WHOLE, "user:301");
    expect(plan.self as unknown).toEqual({ id: "user:301", role: "user", number: 301, shard: 3 });
    expect(plan.dials as unknown).toEqual([{ id: "gateway:3", address: { host: "127.0.0.1", port: 7002 }, shard: 3 }]);
    expect(plan.policy as unknown).toEqual({ gateway: "gateway:3", onDeath: "exit" });
    expect(plan.dataDir).toBe("data/user-301");
    expect(plan.listen).toBe(undefined);
    expect(plan.admin).toBe(undefined);
    expect(plan.heartbeatMs).toBe(1000);
  });

  test("gives cross nodes no policy, and gateways what they listen on", () => {
    expect(planOf(WHOLE, "cross_center:5").policy).toBe(undefined);
    expect(planOf(WHOLE, "cross_center:5").admin).toEqual({ host: "127.0.0.1", port: 8900 });
    expect(planOf(WHOLE, "gateway:3").listen).toEqual({ host: "127.0.0.1", port: 7002 });
  });

  test("names what an acceptor and an owner must know of the file", () => {
    const plan = planOf(WHOLE, "gateway:3");
    expect([...plan.shardOf] as unknown).toEqual([
      ["cross_gateway:1", 0],
      ["gateway:3", 3],
      ["center:3", 3],
      ["user:301", 3],
      ["cross_center:5", 0],
    ]);
    expect(plan.gateways as unknown).toEqual(["cross_gateway:1", "gateway:3"]);
    expect(plan.crossCenters as unknown).toEqual(["cross_center:5"]);
  });

  test("puts modules of the cluster, the node and the command line together, and --data before the file's", () => {
    const text = WHOLE.replace("admin_token_file", 'modules = ["a.ts"]\nadmin_token_file') + 'modules = ["b.ts"]\n';
    const node = { role: "cross_center", number: 5 } as const;
    const result = nodePlan(configOf(text), node, { modules: ["c.ts"], dataDir: "/var/lib/kuafu/" });
    expect(result.kind === "ok" && [result.plan.modules, result.plan.dataDir]).toEqual([
      ["a.ts", "b.ts", "c.ts"],
      "/var/lib/kuafu/cross_center-5",
    ]);
  });

  test("refuses a role or an id that is not in the file", () => {
    const refusal = (role: "center" | "map", number: number): string[] => {
      const result = nodePlan(configOf(WHOLE), { role, number });
      return result.kind === "ok" ? [] : result.faults.map(faultText);
    };
    expect(refusal("center", 9)).toEqual([
      "cluster.toml: node: found no center:9 (asked for by --role and --id); allowed: center:3",
    ]);
    expect(refusal("map", 301)).toEqual([
      "cluster.toml: node: found no node with the role map (asked for by --role and --id); allowed: cross_gateway:1, gateway:3, center:3, user:301 or cross_center:5",
    ]);
  });
});
