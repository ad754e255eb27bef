import { describe, expect, test } from "#test";
import { AppliedView } from "#mesh/applied_view.ts";
import { Directory } from "#mesh/directory.ts";
import { FakeLink, key, node } from "./harness.ts";

const OWN = 77n;
const CURRENT = { current: true, behindSinceMs: undefined };

/** cross_center:1 below a cross gateway that knows shards 3 and 4. */
function setup(): { view: AppliedView; directory: Directory; link: FakeLink; own: { digest: bigint } } {
  const directory = new Directory({ self: key("cross_center:1"), emit: () => {} });
  const link = new FakeLink("cross_gateway:1", "above");
  directory.linkUp(link);
  directory.word(link, "attached/cross_gateway:1", { hops: 0, nodes: [node("cross_gateway:1"), node("cross_map:1")] });
  directory.word(link, "attached/gateway:3", {
    hops: 1,
    nodes: [node("gateway:3"), node("center:3"), node("user:301")],
  });
  directory.word(link, "attached/gateway:4", { hops: 1, nodes: [node("gateway:4"), node("center:4")] });
  const own = { digest: OWN };
  return { view: new AppliedView({ directory, ownDigest: () => own.digest }), directory, link, own };
}

describe("AppliedView", () => {
  test("a gateway that has what this node has answers for all its nodes", () => {
    const { view } = setup();
    view.word(key("gateway:3"), { digest: OWN, exceptions: [] });
    view.refresh(100);
    for (const id of ["gateway:3", "center:3", "user:301"]) expect(view.stateOf(key(id))).toEqual(CURRENT);
    expect(view.stateOf(key("center:4"))).toEqual({ current: false, behindSinceMs: 100 });
  });

  test("an exception speaks for itself alone, with the time that its gateway has seen", () => {
    const { view } = setup();
    view.word(key("gateway:3"), { digest: OWN, exceptions: [{ node: key("user:301"), digest: 5n, sinceMs: 60 }] });
    view.refresh(100);
    expect(view.stateOf(key("user:301"))).toEqual({ current: false, behindSinceMs: 60 });
    expect(view.stateOf(key("center:3"))).toEqual(CURRENT);
  });

  test("an exception may be the one that is current", () => {
    const { view } = setup();
    view.word(key("gateway:3"), { digest: 5n, exceptions: [{ node: key("user:301"), digest: OWN, sinceMs: 60 }] });
    view.refresh(100);
    expect(view.stateOf(key("user:301"))).toEqual(CURRENT);
    expect(view.stateOf(key("gateway:3"))).toEqual({ current: false, behindSinceMs: 100 });
  });

  test("the time since when is kept until the node has caught up, and begins anew afterwards", () => {
    const { view, own } = setup();
    view.word(key("gateway:3"), { digest: OWN, exceptions: [] });
    view.refresh(100);
    own.digest = 78n;
    view.refresh(200);
    view.refresh(300);
    expect(view.stateOf(key("center:3"))).toEqual({ current: false, behindSinceMs: 200 });
    view.word(key("gateway:3"), { digest: 78n, exceptions: [] });
    view.refresh(400);
    expect(view.stateOf(key("center:3"))).toEqual(CURRENT);
    own.digest = 79n;
    view.refresh(500);
    expect(view.stateOf(key("center:3"))).toEqual({ current: false, behindSinceMs: 500 });
  });

  test("a gateway that is heard no more is not current, nor is a node that is not there", () => {
    const { view } = setup();
    view.word(key("gateway:3"), { digest: OWN, exceptions: [] });
    view.word(key("gateway:3"), undefined);
    view.refresh(100);
    expect(view.stateOf(key("center:3"))).toEqual({ current: false, behindSinceMs: 100 });
    expect(view.stateOf(key("center:9"))).toEqual({ current: false, behindSinceMs: undefined });
  });

  test("what another link says of the same gateway stays when one is heard no more", () => {
    const { view } = setup();
    const state = (): unknown => {
      view.refresh(100);
      return view.stateOf(key("center:3"));
    };
    view.word(key("gateway:3"), { digest: 5n, exceptions: [] }, 1);
    view.word(key("gateway:3"), { digest: OWN, exceptions: [] }, 2);
    expect(state()).toEqual(CURRENT);
    view.word(key("gateway:3"), undefined, 2);
    expect(state()).toEqual({ current: false, behindSinceMs: 100 });
    view.word(key("gateway:3"), { digest: OWN, exceptions: [] }, 1);
    expect(state()).toEqual(CURRENT);
    view.word(key("gateway:3"), { digest: OWN, exceptions: [] }, 2);
    view.linkDown(2);
    expect(state()).toEqual(CURRENT);
    view.linkDown(1);
    expect(state()).toEqual({ current: false, behindSinceMs: 100 });
  });

  test("a gateway's own nodes are judged by what they have said to it", () => {
    const self = node("cross_gateway:1");
    const directory = new Directory({ self: self.key, identity: self, emit: () => {} });
    for (const id of ["cross_center:1", "cross_map:1"]) directory.linkUp(new FakeLink(id, "below"));
    directory.linkUp(new FakeLink("gateway:3", "below"));
    const exceptions = [{ node: key("cross_map:1"), digest: 5n, sinceMs: 60 }];
    const view = new AppliedView({
      directory,
      ownDigest: () => OWN,
      own: () => ({ gateway: self.key, word: { digest: OWN, exceptions } }),
    });
    view.refresh(100);
    expect(view.stateOf(key("cross_center:1"))).toEqual(CURRENT);
    expect(view.stateOf(key("cross_map:1"))).toEqual({ current: false, behindSinceMs: 60 });
    expect(view.stateOf(key("gateway:3"))).toEqual({ current: false, behindSinceMs: 100 });
  });

  test("all are current only when each gateway and all its nodes are", () => {
    const { view } = setup();
    const both = [key("gateway:3"), key("gateway:4")];
    expect(view.allCurrent(both)).toEqual(false);
    view.word(key("gateway:3"), { digest: OWN, exceptions: [] });
    expect(view.allCurrent(both)).toEqual(false);
    view.word(key("gateway:4"), { digest: OWN, exceptions: [{ node: key("center:4"), digest: 5n, sinceMs: 1 }] });
    expect(view.allCurrent(both)).toEqual(false);
    view.word(key("gateway:4"), { digest: OWN, exceptions: [] });
    expect(view.allCurrent(both)).toEqual(true);
    expect(view.allCurrent([])).toEqual(true);
  });
});
