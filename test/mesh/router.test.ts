import { describe, expect, test } from "#test";
import { HOPS_START } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import { wireKey } from "#wire/role.ts";
import type { FrameSpec, ReadFrame } from "./harness.ts";
import { FakeLink, errorOf, frame, node, read, sendWhole } from "./harness.ts";
import { RouterSetup, crossGateway, went } from "./router_setup.ts";

describe("Router: forwarding", () => {
  test("changes nothing of a frame but its hops", () => {
    const at = crossGateway();
    const spec = {
      from: "center:3",
      to: "center:4",
      targetShard: 4,
      callerTag: 0xdeadbeef,
      callId: 0xcafebabe,
      deadlineMs: 4_000_000_000,
      method: 2000,
      flags: 0x0f,
      hops: 5,
      body: Uint8Array.of(1, 2, 3),
    } as const;
    at.receive(at.g3, spec);
    expect(at.g4.take()).toEqual([read(frame({ ...spec, hops: 4 }))]);
    expect(at.counters.all()).toEqual({});
  });

  test("delivers what is for this node, with its hops as they came", () => {
    const at = crossGateway();
    at.receive(at.g3, { from: "center:3", to: "cross_gateway:1", hops: 1 });
    expect(at.delivered).toEqual([read(frame({ from: "center:3", to: "cross_gateway:1", hops: 1 }))]);
  });

  test("goes down to the gateway that has the target attached", () => {
    const at = crossGateway();
    at.receive(at.cc, { from: "cross_center:1", to: "user:301" });
    at.receive(at.g4, { kind: "reply", from: "center:4", to: "cross_center:1" });
    expect(went(at.g3, at.cc)).toEqual([
      "gateway:3: call cross_center:1>user:301",
      "cross_center:1: reply center:4>cross_center:1",
    ]);
  });

  test("goes over a peer to what is behind it", () => {
    const at = crossGateway();
    at.receive(at.g3, { from: "center:3", to: "center:5" });
    at.receive(at.g3, { from: "center:3", to: "cross_center:2" });
    expect(went(at.peer)).toEqual([
      "cross_gateway:2: call center:3>center:5",
      "cross_gateway:2: call center:3>cross_center:2",
    ]);
  });

  test("calls and casts may be refused by a full queue, replies and errors are pressed in", () => {
    const at = crossGateway();
    for (const kind of ["call", "cast", "reply", "error"] as const) {
      at.receive(at.g3, { kind, from: "center:3", to: "center:4" });
    }
    expect(at.g4.sent.map(({ as }) => as)).toEqual(["may", "may", "must", "must"]);
  });
});

describe("Router: ways that are closed", () => {
  function refused(at: RouterSetup, link: FakeLink, spec: FrameSpec): { error: unknown; counters: unknown } {
    at.receive(link, { callerTag: 7, callId: 9, ...spec });
    const answers = link.take();
    expect(answers.length).toEqual(1);
    const { body, ...header } = answers[0] as ReadFrame;
    expect(header).toEqual({
      kind: "error",
      from: at.self.id,
      to: typeof spec.from === "string" ? node(spec.from).id : "",
      shard: 0,
      callerTag: 7,
      callId: 9,
      deadlineMs: 0,
      method: 0,
      hops: HOPS_START,
      flags: 0,
    });
    return { error: errorOf({ ...header, body }), counters: at.counters.all() };
  }

  test("a frame from above never goes up", () => {
    const at = new RouterSetup("gateway:3");
    const up1 = at.link("cross_gateway:1", "above");
    const up2 = at.link("cross_gateway:2", "above");
    at.link("center:3", "below");
    for (const to of ["center:9", "cross_gateway:2", "cross_center:1"]) {
      expect(refused(at, up1, { from: "center:5", to })).toEqual({
        error: { code: "NO_ROUTE", at: at.self.key, detail: `no path to ${to}` },
        counters: { "mesh.no_route": expect.any(Number) },
      });
    }
    expect(went(up1, up2)).toEqual([]);
  });

  test("one from above does not go up even when the directory knows the way", () => {
    const at = new RouterSetup("gateway:3");
    const up1 = at.link("cross_gateway:1", "above");
    const up2 = at.link("cross_gateway:2", "above");
    at.word(up2, 0, "cross_gateway:2", "cross_center:1");
    expect(refused(at, up1, { from: "center:5", to: "cross_center:1" }).error).toEqual({
      code: "NO_ROUTE",
      at: at.self.key,
      detail: "no path to cross_center:1",
    });
    expect(went(up2)).toEqual([]);
  });

  test("one from a peer never goes to a peer", () => {
    const at = crossGateway();
    const other = at.link("cross_gateway:3", "peer");
    at.word(other, 1, "gateway:6", "center:6");
    for (const to of ["center:6", "cross_gateway:3"]) {
      expect(refused(at, at.peer, { from: "center:5", to }).error).toEqual({
        code: "NO_ROUTE",
        at: at.self.key,
        detail: `no path to ${to}`,
      });
    }
    expect(went(other)).toEqual([]);
  });

  test("one from a peer goes down", () => {
    const at = crossGateway();
    at.receive(at.peer, { from: "center:5", to: "center:3" });
    expect(went(at.g3)).toEqual(["gateway:3: call center:5>center:3"]);
  });

  test("none goes back out of its link", () => {
    const at = crossGateway();
    for (const to of ["user:301", "gateway:3"]) {
      expect(refused(at, at.g3, { from: "center:3", to }).error).toEqual({
        code: "NO_ROUTE",
        at: at.self.key,
        detail: `no path to ${to}`,
      });
    }
  });

  test("one whose nearest way is the link that it came on takes another one", () => {
    const at = crossGateway();
    const g3 = at.peer;
    at.word(g3, 1, "gateway:3", "center:3", "user:301");
    at.receive(at.g3, { from: "center:3", to: "user:301" });
    expect(went(at.g3, at.peer)).toEqual(["cross_gateway:2: call center:3>user:301"]);
  });

  test("a frame without hops is refused, even by its target", () => {
    const at = crossGateway();
    for (const to of ["center:4", "cross_gateway:1"]) {
      expect(refused(at, at.g3, { from: "center:3", to, hops: 0 }).error).toEqual({
        code: "NO_ROUTE",
        at: at.self.key,
        detail: "no hops left",
      });
    }
    expect(at.delivered).toEqual([]);
    expect(at.counters.all()).toEqual({ "mesh.hops_exhausted": 2 });
  });

  test("the last hop is still made", () => {
    const at = crossGateway();
    at.receive(at.g3, { from: "center:3", to: "center:4", hops: 1 });
    expect(at.g4.take().map((one) => one.hops)).toEqual([0]);
  });

  test("only a caller is told; casts, replies and errors are counted", () => {
    const at = crossGateway();
    for (const kind of ["cast", "reply", "error"] as const)
      at.receive(at.g3, { kind, from: "center:3", to: "center:9" });
    expect(went(at.g3)).toEqual([]);
    expect(at.counters.all()).toEqual({ "mesh.cast_dropped": 1, "mesh.no_route": 3, "mesh.reply_dropped": 2 });
  });

  test("a full queue is OVERLOADED, a closed one NO_ROUTE", () => {
    const at = crossGateway();
    at.g4.may = "overloaded";
    expect(refused(at, at.g3, { from: "center:3", to: "center:4" })).toEqual({
      error: { code: "OVERLOADED", at: at.self.key, detail: "link to gateway:4 is overloaded" },
      counters: { "mesh.overloaded": 1 },
    });
    at.g4.may = "closed";
    expect(refused(at, at.g3, { from: "center:3", to: "center:4" })).toEqual({
      error: { code: "NO_ROUTE", at: at.self.key, detail: "link to gateway:4 is closed" },
      counters: { "mesh.overloaded": 1, "mesh.no_route": 1 },
    });
  });

  test("an id of a role that this release does not know has no path", () => {
    const at = crossGateway();
    at.receive(at.g3, { from: "center:3", to: wireKey(200, 7) });
    expect(errorOf(at.g3.take()[0])?.detail).toEqual("no path to role_200:7");
  });
});

describe("Router: source check", () => {
  function refusedSource(at: RouterSetup, link: FakeLink, from: string | NodeKey, to = "cross_gateway:1"): boolean {
    const before = at.counters.get("mesh.source_refused");
    const seen = at.delivered.length;
    at.receive(link, { from, to, callerTag: 1, callId: 2 });
    const refused = at.counters.get("mesh.source_refused") > before;
    expect(at.delivered.length).toEqual(refused ? seen : seen + 1);
    const error = errorOf(link.take()[0]);
    expect(error).toEqual(
      refused
        ? { code: "NO_ROUTE", at: at.self.key, detail: "source is not behind the link that it came on" }
        : undefined,
    );
    return refused;
  }

  test("below: the peer, and what its news has attached to it", () => {
    const at = crossGateway();
    expect(refusedSource(at, at.g3, "gateway:3")).toEqual(false);
    expect(refusedSource(at, at.g3, "center:3")).toEqual(false);
    expect(refusedSource(at, at.g3, "center:4")).toEqual(true);
    expect(refusedSource(at, at.g3, "gateway:4")).toEqual(true);
    expect(refusedSource(at, at.g3, "map:301")).toEqual(true);
    expect(refusedSource(at, at.g3, "cross_gateway:2")).toEqual(true);
  });

  test("below: a node that is no gateway speaks for itself alone", () => {
    const at = crossGateway();
    expect(refusedSource(at, at.cc, "cross_center:1")).toEqual(false);
    at.word(at.cc, 0, "gateway:8", "center:8");
    expect(refusedSource(at, at.cc, "center:8")).toEqual(true);
  });

  test("a peer speaks for what its news has behind it", () => {
    const at = crossGateway();
    expect(refusedSource(at, at.peer, "center:5")).toEqual(false);
    expect(refusedSource(at, at.peer, "cross_center:2")).toEqual(false);
    expect(refusedSource(at, at.peer, "center:3")).toEqual(true);
    expect(refusedSource(at, at.peer, "cross_center:1")).toEqual(true);
  });

  test("what a withdrawn word attached is behind the link no more", () => {
    const at = crossGateway();
    at.directory.word(at.g3, "attached/gateway:3", undefined);
    expect(refusedSource(at, at.g3, "gateway:3")).toEqual(false);
    expect(refusedSource(at, at.g3, "center:3")).toEqual(true);
  });

  test("above: anybody but this node and those of its own shard, gone or not", () => {
    const at = new RouterSetup("gateway:3");
    const up = at.link("cross_gateway:1", "above");
    const center = at.link("center:3", "below");
    const gone = at.link("user:301", "below");
    at.down(gone);
    expect(refusedSource(at, up, "center:5", "gateway:3")).toEqual(false);
    expect(refusedSource(at, up, "gateway:3", "gateway:3")).toEqual(true);
    expect(refusedSource(at, up, "center:3", "gateway:3")).toEqual(true);
    expect(refusedSource(at, up, "user:301", "gateway:3")).toEqual(true);
    expect(went(center)).toEqual([]);
  });

  test("nobody may speak as this node", () => {
    const at = crossGateway();
    expect(refusedSource(at, at.g3, "cross_gateway:1")).toEqual(true);
    expect(refusedSource(at, at.peer, "cross_gateway:1")).toEqual(true);
    const leaf = new RouterSetup("center:3");
    expect(refusedSource(leaf, leaf.link("gateway:3", "above"), "center:3", "center:3")).toEqual(true);
  });

  test("the link of a refused source stays, and the error goes to whoever it says it is", () => {
    const at = crossGateway();
    at.receive(at.g3, { from: "map:301", to: "center:4", callerTag: 3, callId: 4 });
    expect(at.g3.closedFor).toEqual(undefined);
    expect(went(at.g3, at.g4)).toEqual(["gateway:3: error cross_gateway:1>map:301"]);
  });

  test("a refused source that wants no answer gets none", () => {
    const at = crossGateway();
    at.receive(at.g3, { kind: "cast", from: "map:301", to: "center:4" });
    at.receive(at.g3, { kind: "reply", from: "map:301", to: "center:4" });
    expect(went(at.g3, at.g4)).toEqual([]);
    expect(at.counters.all()).toEqual({ "mesh.cast_dropped": 1, "mesh.reply_dropped": 1, "mesh.source_refused": 2 });
  });
});

describe("Router: frames that begin here", () => {
  test("to itself are local and go nowhere", () => {
    const at = crossGateway();
    expect(sendWhole(at.router, frame({ from: "cross_gateway:1", to: "cross_gateway:1" }))).toEqual({ kind: "local" });
    expect(at.delivered).toEqual([]);
  });

  test("say on which link they went and where in its queue they begin", () => {
    const at = crossGateway();
    const bytes = frame({ from: "cross_gateway:1", to: "center:4" });
    expect(sendWhole(at.router, bytes)).toEqual({ kind: "sent", link: at.g4, position: 0 });
    expect(sendWhole(at.router, bytes)).toEqual({ kind: "sent", link: at.g4, position: 40 });
    expect(at.g4.take().map((one) => one.hops)).toEqual([HOPS_START, HOPS_START]);
  });

  test("may go to a peer and up", () => {
    const at = crossGateway();
    expect(sendWhole(at.router, frame({ from: "cross_gateway:1", to: "cross_center:2" })).kind).toEqual("sent");
    expect(went(at.peer)).toEqual(["cross_gateway:2: call cross_gateway:1>cross_center:2"]);
  });

  test("tell a full queue from a closed link and from no way", () => {
    const at = crossGateway();
    at.g4.may = "overloaded";
    expect(sendWhole(at.router, frame({ from: "cross_gateway:1", to: "center:4" }))).toEqual({
      kind: "overloaded",
      detail: "send queue to gateway:4 is full",
    });
    at.g4.may = "closed";
    expect(sendWhole(at.router, frame({ from: "cross_gateway:1", to: "center:4" }))).toEqual({
      kind: "no_route",
      detail: "link to gateway:4 is closed",
    });
    expect(sendWhole(at.router, frame({ from: "cross_gateway:1", to: "center:9" }))).toEqual({
      kind: "no_route",
      detail: "no path to center:9",
    });
  });

  test("a reply is pressed into a full queue", () => {
    const at = crossGateway();
    at.g4.may = "overloaded";
    expect(sendWhole(at.router, frame({ kind: "reply", from: "cross_gateway:1", to: "center:4" })).kind).toEqual(
      "sent",
    );
  });
});
