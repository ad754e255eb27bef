import { describe, expect, test } from "#test";
import type { DirectoryEvent } from "#mesh/directory.ts";
import { Directory } from "#mesh/directory.ts";
import type { Identity } from "#wire/identity.ts";
import { FakeLink, key, node } from "./harness.ts";

function directoryOf(self: string): { directory: Directory; events: string[] } {
  const events: string[] = [];
  const emit = (event: DirectoryEvent): void => {
    events.push(`${event.kind} ${event.identity.id} ${event.identity.startedAtMs}`);
  };
  return { directory: new Directory({ self: key(self), emit }), events };
}

/** Paths of a node as "peer@distance". */
function paths(directory: Directory, id: string): string[] {
  return directory.get(key(id))?.paths.map((path) => `${path.link.peer.id}@${path.distance}`) ?? [];
}

function said(hops: number, ...nodes: (string | Identity)[]): { hops: number; nodes: Identity[] } {
  return { hops, nodes: nodes.map((one) => (typeof one === "string" ? node(one) : one)) };
}

const TOPIC = "attached/gateway:3";

describe("Directory", () => {
  test("a link's peer is reachable at distance 1, and is its own gateway", () => {
    const { directory, events } = directoryOf("gateway:3");
    const link = new FakeLink("center:3", "below");
    directory.linkUp(link);
    expect(directory.get(key("center:3"))).toEqual({
      identity: link.peer,
      gateway: link.peer,
      paths: [{ link, distance: 1 }],
    });
    expect(events).toEqual(["reachable center:3 1000"]);
  });

  test("news of h hops puts the gateway at h + 1 and its nodes at h + 2", () => {
    const { directory, events } = directoryOf("cross_center:1");
    const link = new FakeLink("cross_gateway:1", "above");
    directory.linkUp(link);
    directory.word(link, TOPIC, said(1, "gateway:3", "center:3", "user:301"));
    expect(paths(directory, "cross_gateway:1")).toEqual(["cross_gateway:1@1"]);
    expect(paths(directory, "gateway:3")).toEqual(["cross_gateway:1@2"]);
    expect(paths(directory, "center:3")).toEqual(["cross_gateway:1@3"]);
    expect(directory.get(key("user:301"))?.gateway).toEqual(node("gateway:3"));
    expect(events).toEqual([
      "reachable cross_gateway:1 1000",
      "reachable gateway:3 1000",
      "reachable user:301 1000",
      "reachable center:3 1000",
    ]);
  });

  test("paths are nearest first, then by the peer's key, one per link", () => {
    const { directory } = directoryOf("cross_gateway:1");
    const far = new FakeLink("cross_gateway:2", "peer");
    const alsoFar = new FakeLink("cross_gateway:3", "peer");
    const near = new FakeLink("gateway:3", "below");
    for (const link of [alsoFar, near, far]) directory.linkUp(link);
    directory.word(alsoFar, TOPIC, said(1, "gateway:3", "center:3"));
    directory.word(far, TOPIC, said(1, "gateway:3", "center:3"));
    directory.word(near, TOPIC, said(0, "gateway:3", "center:3"));
    expect(paths(directory, "gateway:3")).toEqual(["gateway:3@1", "cross_gateway:2@2", "cross_gateway:3@2"]);
    expect(paths(directory, "center:3")).toEqual(["gateway:3@2", "cross_gateway:2@3", "cross_gateway:3@3"]);
  });

  test("a node that is linked and in a gateway's news keeps the shorter path of one link", () => {
    const { directory } = directoryOf("cross_gateway:1");
    const link = new FakeLink("gateway:3", "below");
    directory.linkUp(link);
    directory.word(link, TOPIC, said(0, "gateway:3"));
    expect(paths(directory, "gateway:3")).toEqual(["gateway:3@1"]);
    expect(directory.get(key("gateway:3"))?.gateway.id).toEqual(node("gateway:3").id);
  });

  test("a gateway is the gateway of the nodes that are linked below it, but not of other gateways", () => {
    const self = node("cross_gateway:1");
    const directory = new Directory({ self: self.key, identity: self, emit: () => {} });
    const peer = new FakeLink("cross_gateway:2", "peer");
    directory.linkUp(peer);
    directory.linkUp(new FakeLink("cross_center:1", "below"));
    directory.linkUp(new FakeLink("gateway:3", "below"));
    directory.word(peer, "attached/cross_gateway:2", said(0, "cross_gateway:2", "cross_center:1", "cross_map:1"));
    const gateways = directory.entries().map((entry) => `${entry.identity.id} at ${entry.gateway.id}`);
    expect(gateways).toEqual([
      "gateway:3 at gateway:3",
      "cross_gateway:2 at cross_gateway:2",
      "cross_center:1 at cross_gateway:1",
      "cross_map:1 at cross_gateway:2",
    ]);
  });

  test("a gateway that speaks for a node wins over our own link to it", () => {
    const { directory } = directoryOf("cross_gateway:1");
    const own = new FakeLink("cross_center:1", "below");
    const peer = new FakeLink("cross_gateway:2", "peer");
    directory.linkUp(own);
    expect(directory.get(key("cross_center:1"))?.gateway.id).toEqual(node("cross_center:1").id);
    directory.linkUp(peer);
    directory.word(peer, "attached/cross_gateway:2", said(0, "cross_gateway:2", "cross_center:1"));
    expect(directory.get(key("cross_center:1"))?.gateway.id).toEqual(node("cross_gateway:2").id);
    expect(paths(directory, "cross_center:1")).toEqual(["cross_center:1@1", "cross_gateway:2@2"]);
  });

  test("the last word of a link replaces its earlier one", () => {
    const { directory, events } = directoryOf("cross_gateway:1");
    const link = new FakeLink("gateway:3", "below");
    directory.linkUp(link);
    directory.word(link, TOPIC, said(0, "gateway:3", "center:3", "map:301"));
    events.length = 0;
    directory.word(link, TOPIC, said(0, "gateway:3", "center:3", "user:301"));
    expect(events).toEqual(["reachable user:301 1000", "unreachable map:301 1000"]);
    expect(directory.entries().map((entry) => entry.identity.id as string)).toEqual([
      "gateway:3",
      "user:301",
      "center:3",
    ]);
  });

  test("a withdrawn word takes with it what nobody else says", () => {
    const { directory, events } = directoryOf("cross_center:1");
    const first = new FakeLink("cross_gateway:1", "above");
    const second = new FakeLink("cross_gateway:2", "above");
    directory.linkUp(first);
    directory.linkUp(second);
    directory.word(first, TOPIC, said(1, "gateway:3", "center:3"));
    directory.word(second, TOPIC, said(1, "gateway:3"));
    events.length = 0;
    directory.word(first, TOPIC, undefined);
    expect(events).toEqual(["unreachable center:3 1000"]);
    expect(paths(directory, "gateway:3")).toEqual(["cross_gateway:2@2"]);
  });

  test("a word of no nodes is a withdrawn one", () => {
    const { directory } = directoryOf("cross_center:1");
    const link = new FakeLink("cross_gateway:1", "above");
    directory.linkUp(link);
    directory.word(link, TOPIC, said(1, "gateway:3"));
    directory.word(link, TOPIC, said(1));
    expect(directory.get(key("gateway:3"))).toEqual(undefined);
  });

  test("a link that goes takes all its words, its own peer first", () => {
    const { directory, events } = directoryOf("cross_center:1");
    const link = new FakeLink("cross_gateway:1", "above");
    directory.linkUp(link);
    directory.word(link, TOPIC, said(1, "gateway:3", "center:3"));
    directory.word(link, "attached/gateway:4", said(1, "gateway:4"));
    events.length = 0;
    directory.linkDown(link);
    expect(events).toEqual([
      "unreachable cross_gateway:1 1000",
      "unreachable gateway:3 1000",
      "unreachable center:3 1000",
      "unreachable gateway:4 1000",
    ]);
    expect(directory.entries()).toEqual([]);
    directory.linkDown(link);
    expect(events.length).toEqual(4);
  });

  test("nothing that a link says after its end counts", () => {
    const { directory, events } = directoryOf("cross_center:1");
    const link = new FakeLink("cross_gateway:1", "above");
    directory.linkUp(link);
    directory.linkDown(link);
    directory.word(link, TOPIC, said(1, "gateway:3"));
    expect(directory.get(key("gateway:3"))).toEqual(undefined);
    expect(events).toEqual(["reachable cross_gateway:1 1000", "unreachable cross_gateway:1 1000"]);
  });

  test("a path that comes or goes beside another one is no event", () => {
    const { directory, events } = directoryOf("cross_center:1");
    const first = new FakeLink("cross_gateway:1", "above");
    const second = new FakeLink("cross_gateway:2", "above");
    directory.linkUp(first);
    directory.linkUp(second);
    directory.word(first, TOPIC, said(1, "gateway:3"));
    events.length = 0;
    directory.word(second, TOPIC, said(1, "gateway:3"));
    directory.word(first, TOPIC, undefined);
    expect(events).toEqual([]);
    directory.word(second, TOPIC, undefined);
    expect(events).toEqual(["unreachable gateway:3 1000"]);
  });

  test("another boot of a node is unreachable, then reachable", () => {
    const { directory, events } = directoryOf("cross_gateway:1");
    const link = new FakeLink("gateway:3", "below");
    directory.linkUp(link);
    directory.word(link, TOPIC, said(0, "gateway:3", node("center:3", { boot: "a", startedAtMs: 1 })));
    events.length = 0;
    directory.word(link, TOPIC, said(0, "gateway:3", node("center:3", { boot: "b", startedAtMs: 2 })));
    expect(events).toEqual(["unreachable center:3 1", "reachable center:3 2"]);
  });

  test("of two boots the one that started earlier counts, whichever path is nearer, until it has no path", () => {
    const { directory, events } = directoryOf("cross_gateway:1");
    const late = node("cross_center:1", { boot: "late", startedAtMs: 2 });
    const early = node("cross_center:1", { boot: "early", startedAtMs: 1 });
    const near = new FakeLink(late, "below");
    const peer = new FakeLink("cross_gateway:2", "peer");
    directory.linkUp(near);
    directory.linkUp(peer);
    directory.word(peer, "attached/cross_gateway:2", said(0, "cross_gateway:2", early));
    expect(paths(directory, "cross_center:1")).toEqual(["cross_gateway:2@2"]);
    expect(directory.get(key("cross_center:1"))?.identity).toEqual(early);
    expect([directory.isTwin(late), directory.isTwin(early)]).toEqual([true, false]);
    directory.word(peer, "attached/cross_gateway:2", said(0, "cross_gateway:2"));
    expect(paths(directory, "cross_center:1")).toEqual(["cross_center:1@1"]);
    expect([directory.isTwin(late), directory.isTwin(early)]).toEqual([false, false]);
    expect(events).toEqual([
      "reachable cross_center:1 2",
      "reachable cross_gateway:2 1000",
      "unreachable cross_center:1 2",
      "reachable cross_center:1 1",
      "unreachable cross_center:1 1",
      "reachable cross_center:1 2",
    ]);
  });

  test("of two that started in one millisecond every node takes the same one, however it heard of them", () => {
    const both = ["a", "b"].map((boot) => node("cross_center:1", { boot, startedAtMs: 1 }));
    const chosen = [both, both.toReversed()].map((order) => {
      const { directory } = directoryOf("cross_gateway:3");
      for (const [index, one] of order.entries()) {
        const peer = new FakeLink(`cross_gateway:${index + 1}`, "peer");
        directory.linkUp(peer);
        directory.word(peer, `attached/cross_gateway:${index + 1}`, said(0, `cross_gateway:${index + 1}`, one));
      }
      return directory.get(key("cross_center:1"))?.identity.boot;
    });
    expect(chosen).toEqual([both[0]?.boot, both[0]?.boot]);
  });

  test("this node itself is never in it", () => {
    const { directory } = directoryOf("center:3");
    const link = new FakeLink("gateway:3", "above");
    directory.linkUp(link);
    directory.word(link, TOPIC, said(0, "gateway:3", "center:3", "user:301"));
    expect(directory.entries().map((entry) => entry.identity.id as string)).toEqual(["gateway:3", "user:301"]);
  });

  test("nodes of a role are in order of their numbers, of one shard or of all", () => {
    const { directory } = directoryOf("cross_center:1");
    const link = new FakeLink("cross_gateway:1", "above");
    directory.linkUp(link);
    directory.word(link, "attached/gateway:10", said(1, "gateway:10", "user:1002", "user:1001"));
    directory.word(link, TOPIC, said(1, "gateway:3", "user:301"));
    const ids = (shard?: number): string[] => directory.ofRole("user", shard).map((one) => one.id);
    expect(ids()).toEqual(["user:301", "user:1001", "user:1002"]);
    expect(ids(10)).toEqual(["user:1001", "user:1002"]);
    expect(ids(4)).toEqual([]);
  });

  test("a source is behind the links that claim it and no others", () => {
    const { directory } = directoryOf("cross_gateway:1");
    const own = new FakeLink("gateway:3", "below");
    const peer = new FakeLink("cross_gateway:2", "peer");
    directory.linkUp(own);
    directory.linkUp(peer);
    directory.word(own, TOPIC, said(0, "gateway:3", "center:3"));
    expect([own, peer].map((link) => directory.isBehind(link, key("center:3")))).toEqual([true, false]);
    directory.word(peer, TOPIC, said(1, "gateway:3", "center:3"));
    directory.word(own, TOPIC, undefined);
    expect([own, peer].map((link) => directory.isBehind(link, key("center:3")))).toEqual([false, true]);
    expect(directory.isBehind(own, key("center:9"))).toEqual(false);
  });

  test("a new link of the same process keeps the node when the old one goes", () => {
    const { directory, events } = directoryOf("gateway:3");
    const old = new FakeLink("center:3", "below");
    const next = new FakeLink("center:3", "below");
    directory.linkUp(old);
    directory.linkUp(next);
    directory.linkDown(old);
    expect(events).toEqual(["reachable center:3 1000"]);
    expect(directory.get(key("center:3"))?.paths).toEqual([{ link: next, distance: 1 }]);
  });

  test("a listener that changes the directory again sees and leaves it consistent", () => {
    const events: string[] = [];
    const second = new FakeLink("cross_gateway:2", "above");
    const directory: Directory = new Directory({
      self: key("cross_center:1"),
      emit: (event) => {
        events.push(`${event.kind} ${event.identity.id}`);
        if (event.kind === "unreachable" && event.identity.id === node("cross_gateway:1").id)
          directory.linkDown(second);
      },
    });
    const first = new FakeLink("cross_gateway:1", "above");
    directory.linkUp(first);
    directory.linkUp(second);
    directory.word(first, TOPIC, said(1, "gateway:3"));
    directory.word(second, TOPIC, said(1, "gateway:3"));
    events.length = 0;
    directory.linkDown(first);
    expect(events).toEqual(["unreachable cross_gateway:1", "unreachable cross_gateway:2", "unreachable gateway:3"]);
    expect(directory.entries()).toEqual([]);
  });
});
