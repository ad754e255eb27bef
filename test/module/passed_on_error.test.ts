import * as v from "valibot";
import { describe, expect, test } from "#test";
import { module } from "#module/module.ts";
import { contract } from "#rpc/contract.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { World } from "../link/harness.ts";
import { settle } from "../mesh/harness.ts";
import { nodeOn } from "./node_on.ts";

const empty = v.strictObject({});
const Chain = contract("chain", {
  near: { id: 2000, request: empty, reply: empty },
  far: { id: 2001, request: empty, reply: empty },
  broken: { id: 2002, request: empty, reply: empty },
});

const chain = module("chain", {}, (node) => {
  node.serve(Chain, {
    near: () => node.call(Chain.far, {}, { to: "cross_center:9" as never }),
    broken: () => {
      throw new TypeError("a bug");
    },
  });
});

describe("ModuleHost: a handler that passes on how its own call ended", () => {
  test("fails its call and is no fault of the module; a bug is", async () => {
    const world = new World();
    const { node } = nodeOn(world, "cross_map:1", { modules: [chain] });
    await node.start();
    const to = { key: node.self.key };
    const codes: unknown[] = [];
    for (const method of [Chain.near, Chain.broken]) {
      node.endpoint.caller.call(method, {}, { to }).catch((error: unknown) => {
        codes.push(isCallError(error) ? [error.code, node.alarms.all().map((alarm) => alarm.name)] : error);
      });
      for (let turn = 0; turn < 4; turn += 1) {
        world.clock.run(1);
        await settle();
      }
    }
    expect(codes).toEqual([
      ["FAILED", []],
      ["FAILED", ["module_fault:chain"]],
    ]);
  });
});
