import { describe, expect, test } from "#test";
import { key } from "../mesh/harness.ts";
import { ScriptedCaller, Shop } from "./harness.ts";

/** What a call of center:3 to `target` says of errors from these gateways: which of them ends it. */
function ending(target: string, from: readonly string[]): (string | undefined)[] {
  return from.map((gateway) => {
    const at = new ScriptedCaller();
    at.caller.call(Shop.buy, { item: "sword" }, { to: { key: key(target) } }).catch(() => {});
    at.answer(at.frames[0], { from: gateway, error: "NO_ROUTE" });
    return at.caller.pendingCount === 0 ? gateway : undefined;
  });
}

describe("Caller: an error of a gateway that cannot be on the way", () => {
  test("is foreign: of another shard's gateway about a call to the cross tier", () => {
    expect(ending("cross_center:5", ["gateway:3", "cross_gateway:1", "cross_gateway:2", "gateway:4"])).toEqual([
      "gateway:3",
      "cross_gateway:1",
      "cross_gateway:2",
      undefined,
    ]);
  });

  test("is believed of the gateway that the target may be behind", () => {
    expect(ending("center:4", ["gateway:3", "cross_gateway:1", "gateway:4"])).not.toContain(undefined);
  });

  test("is counted, and the call goes on", () => {
    const at = new ScriptedCaller();
    at.caller.call(Shop.buy, { item: "sword" }, { to: { key: key("cross_center:5") } }).catch(() => {});
    at.answer(at.frames[0], { from: "gateway:4", error: "NO_ROUTE" });
    expect([at.caller.pendingCount, at.counters.get("rpc.foreign_reply")]).toEqual([1, 1]);
  });
});
