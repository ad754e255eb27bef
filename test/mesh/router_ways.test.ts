import { describe, expect, test } from "#test";
import { nodeKey, wireKey } from "#wire/role.ts";
import { FakeLink, errorOf, every, frame, key, node, sendWhole } from "./harness.ts";
import { RouterSetup, crossGateway, went } from "./router_setup.ts";

describe("Router: upwards", () => {
  test("a shard gateway sends up what it does not know", () => {
    const at = new RouterSetup("gateway:3");
    const up = at.link("cross_gateway:1", "above");
    const center = at.link("center:3", "below");
    at.receive(center, { from: "center:3", to: "center:9" });
    at.receive(center, { from: "center:3", to: "cross_map:4" });
    expect(went(up)).toEqual(["cross_gateway:1: call center:3>center:9", "cross_gateway:1: call center:3>cross_map:4"]);
  });

  test("but never an id of its own shard, linked before or only ever named by the convention", () => {
    const at = new RouterSetup("gateway:3");
    const up = at.link("cross_gateway:1", "above");
    const center = at.link("center:3", "below");
    const odd = new FakeLink(node("map:7", { shard: 3 }), "below");
    at.router.linkUp(odd);
    at.router.linkDown(odd);
    for (const to of ["user:301", "map:7"]) {
      at.receive(center, { from: "center:3", to });
      expect(errorOf(center.take()[0])).toEqual({ code: "NO_ROUTE", at: at.self.key, detail: `no path to ${to}` });
    }
    expect(went(up)).toEqual([]);
  });

  test("the config knows better than the convention whose an id is", () => {
    const shards: Record<string, number> = { "user:301": 5, "map:7": 3 };
    const at = new RouterSetup("gateway:3", (id) => shards[id]);
    const up = at.link("cross_gateway:1", "above");
    const center = at.link("center:3", "below");
    for (const to of ["user:301", "map:7", "user:302"]) at.receive(center, { from: "center:3", to });
    expect(went(up)).toEqual(["cross_gateway:1: call center:3>user:301"]);
    expect(center.take().map((one) => errorOf(one)?.detail)).toEqual(["no path to map:7", "no path to user:302"]);
  });

  test("a shard node sends everything that it does not know to its gateway", () => {
    const at = new RouterSetup("center:3");
    const up = at.link("gateway:3", "above");
    const sent = ["user:301", "center:9", "cross_center:1"].map(
      (to) => sendWhole(at.router, frame({ from: "center:3", to })).kind,
    );
    expect(sent).toEqual(["sent", "sent", "sent"]);
    expect(went(up)).toEqual([
      "gateway:3: call center:3>user:301",
      "gateway:3: call center:3>center:9",
      "gateway:3: call center:3>cross_center:1",
    ]);
  });

  test("nobody else sends what it does not know anywhere", () => {
    for (const self of ["cross_center:1", "admin:1", "statistic:1"]) {
      const at = new RouterSetup(self);
      const up = at.link("cross_gateway:1", "above");
      expect(sendWhole(at.router, frame({ from: self, to: "center:9" }))).toEqual({
        kind: "no_route",
        detail: "no path to center:9",
      });
      expect(went(up)).toEqual([]);
    }
  });

  test("one pair keeps its uplink while the uplinks stand, whatever came between", () => {
    const at = new RouterSetup("gateway:3");
    const ups = ["cross_gateway:1", "cross_gateway:2", "cross_gateway:3"].map((peer) => at.link(peer, "above"));
    const center = at.link("center:3", "below");
    const used = (to: string): string => {
      at.receive(center, { from: "center:3", to });
      return went(...ups).join();
    };
    const targets = Array.from({ length: 60 }, (_, index) => `center:${index + 10}`);
    const first = targets.map(used);
    const second = targets.toReversed().map(used).toReversed();
    expect(second).toEqual(first);
    const counts = ups.map((up) => first.filter((text) => text.startsWith(up.peer.id)).length);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(10);
  });

  test("when an uplink goes only its own pairs move, and they come back with it", () => {
    const at = new RouterSetup("gateway:3");
    const up1 = at.link("cross_gateway:1", "above");
    const up2 = at.link("cross_gateway:2", "above");
    const up3 = at.link("cross_gateway:3", "above");
    const pick = (to: number): string | undefined =>
      at.router.nextHop(key("center:3"), nodeKey("center", to), undefined)?.peer.id;
    const targets = Array.from({ length: 100 }, (_, index) => index + 10);
    const before = targets.map(pick);
    at.down(up2);
    const between = targets.map(pick);
    expect(between.filter((via, index) => via !== before[index] && before[index] !== up2.peer.id)).toEqual([]);
    expect(new Set(between)).toEqual(new Set([up1.peer.id, up3.peer.id]));
    at.link("cross_gateway:2", "above");
    expect(targets.map(pick)).toEqual(before);
  });

  test("among known ways only the nearest ones share", () => {
    const at = new RouterSetup("gateway:3");
    const up1 = at.link("cross_gateway:1", "above");
    const up2 = at.link("cross_gateway:2", "above");
    at.word(up1, 0, "cross_gateway:1", "cross_center:1");
    at.word(up2, 1, "cross_gateway:1", "cross_center:1");
    at.word(up2, 0, "cross_gateway:2");
    const via = Array.from(
      { length: 50 },
      (_, index) => at.router.nextHop(nodeKey("user", 301 + index), key("cross_center:1"), undefined)?.peer.id,
    );
    expect(new Set(via)).toEqual(new Set([up1.peer.id]));
    at.word(up2, 0, "cross_gateway:2", "cross_center:1");
    const shared = Array.from(
      { length: 50 },
      (_, index) => at.router.nextHop(nodeKey("user", 301 + index), key("cross_center:1"), undefined)?.peer.id,
    );
    expect(new Set(shared)).toEqual(new Set([up1.peer.id, up2.peer.id]));
  });
});

describe("Router: links", () => {
  test("a link that was replaced does not take its successor's routes along", () => {
    const at = new RouterSetup("gateway:3");
    const old = at.link("center:3", "below");
    const next = at.link("center:3", "below");
    at.down(old);
    sendWhole(at.router, frame({ from: "gateway:3", to: "center:3" }));
    expect(went(old, next)).toEqual(["center:3: call gateway:3>center:3"]);
    expect(next.sent).toEqual([]);
  });

  test("nor does it when the directory does not know it yet", () => {
    const at = new RouterSetup("gateway:3");
    const [old, next] = [new FakeLink("map:301", "below"), new FakeLink("map:301", "below")];
    at.router.linkUp(old);
    at.router.linkUp(next);
    at.router.linkDown(old);
    expect(at.router.nextHop(at.self.key, next.peer.key, undefined)).toBe(next);
  });

  test("a link that is down carries nothing", () => {
    const at = new RouterSetup("gateway:3");
    const up = at.link("cross_gateway:1", "above");
    at.down(up);
    expect(sendWhole(at.router, frame({ from: "gateway:3", to: "center:9" }))).toEqual({
      kind: "no_route",
      detail: "no path to center:9",
    });
  });
});

describe("Router: groups", () => {
  test("only a cast may go to every node of a role", () => {
    const at = crossGateway();
    at.receive(at.g3, { from: "center:3", to: every("center"), callerTag: 1, callId: 2 });
    expect(errorOf(at.g3.take()[0])).toEqual({
      code: "INVALID",
      at: at.self.key,
      detail: "only a cast may go to every node of a role",
    });
    at.receive(at.g3, { kind: "reply", from: "center:3", to: every("center") });
    expect(went(at.g3, at.g4, at.peer)).toEqual([]);
    expect(at.counters.all()).toEqual({ "mesh.reply_dropped": 1 });
    expect(sendWhole(at.router, frame({ from: "cross_gateway:1", to: every("center") })).kind).toEqual("no_route");
  });

  test("each copy has its own shard, one hop less, and the same body", () => {
    const at = crossGateway();
    const body = Uint8Array.of(9, 9);
    at.receive(at.cc, { kind: "cast", from: "cross_center:1", to: every("center"), hops: 6, method: 77, body });
    const copies = [at.g3, at.g4, at.peer].flatMap((link) => link.take());
    expect(copies.map(({ to, shard, hops, method, body: bytes }) => ({ to, shard, hops, method, bytes }))).toEqual([
      { to: "center:every", shard: 3, hops: 5, method: 77, bytes: body },
      { to: "center:every", shard: 4, hops: 5, method: 77, bytes: body },
      { to: "center:every", shard: 5, hops: 5, method: 77, bytes: body },
    ]);
  });

  test("a copy that a full queue refuses is counted and the others still go", () => {
    const at = crossGateway();
    at.g3.may = "overloaded";
    at.receive(at.cc, { kind: "cast", from: "cross_center:1", to: every("center") });
    expect(went(at.g3, at.g4, at.peer)).toEqual([
      "gateway:4: cast cross_center:1>center:every",
      "cross_gateway:2: cast cross_center:1>center:every",
    ]);
    expect(at.counters.all()).toEqual({ "mesh.cast_dropped": 1 });
  });

  test("a group that nobody is in is counted", () => {
    const at = new RouterSetup("cross_gateway:1");
    const cc = at.link("cross_center:1", "below");
    at.receive(cc, { kind: "cast", from: "cross_center:1", to: every("center") });
    at.receive(cc, { kind: "cast", from: "cross_center:1", to: wireKey(200, 0xffff_ffff) });
    expect(at.counters.all()).toEqual({ "mesh.cast_dropped": 2 });
    expect(went(cc)).toEqual([]);
  });

  test("a node that is in the group is delivered a copy, but not its own", () => {
    const at = new RouterSetup("center:3");
    const up = at.link("gateway:3", "above");
    at.receive(up, { kind: "cast", from: "center:5", to: every("center"), targetShard: 3 });
    expect(at.delivered.map(({ from, to }) => ({ from, to: to as string }))).toEqual([
      { from: node("center:5").id, to: "center:every" },
    ]);
    expect(sendWhole(at.router, frame({ kind: "cast", from: "center:3", to: every("center") })).kind).toEqual("sent");
    expect(at.delivered.length).toEqual(1);
  });

  test("a node of another shard or role is delivered nothing", () => {
    const at = new RouterSetup("center:3");
    const up = at.link("gateway:3", "above");
    at.receive(up, { kind: "cast", from: "center:5", to: every("center"), targetShard: 4 });
    at.receive(up, { kind: "cast", from: "center:5", to: every("user"), targetShard: 3 });
    expect(at.delivered).toEqual([]);
    expect(at.counters.all()).toEqual({ "mesh.cast_dropped": 2 });
  });

  test("without a link nothing of a group is sent, and it says so", () => {
    const at = new RouterSetup("center:3");
    expect(sendWhole(at.router, frame({ kind: "cast", from: "center:3", to: every("center") }))).toEqual({
      kind: "no_route",
      detail: "no path to center:4294967295",
    });
  });
});
