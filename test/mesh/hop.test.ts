import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import type { LinkStatus } from "#link/link_port.ts";
import type { HopAnswer } from "#mesh/hop.ts";
import { describeHop } from "#mesh/hop.ts";
import { Directory } from "#mesh/directory.ts";
import { Router } from "#mesh/router.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { FakeLink, node } from "./harness.ts";

class At {
  readonly self;
  readonly directory: Directory;
  readonly router: Router;
  readonly #links = new Map<NodeKey, FakeLink>();
  readonly rows: LinkStatus[] = [];

  constructor(self: string) {
    this.self = node(self);
    this.directory = new Directory({ self: this.self.key, emit: () => {} });
    this.router = new Router({
      self: this.self,
      directory: this.directory,
      counters: new Counters(),
      deliver: () => {},
    });
  }

  up(peer: string, relation: LinkStatus["relation"], ...attached: string[]): this {
    const link = new FakeLink(peer, relation);
    this.#links.set(link.peer.key, link);
    this.router.linkUp(link);
    this.directory.linkUp(link);
    this.word(peer, 0, peer, ...attached);
    this.rows.push(status(peer, { relation, state: "up" }));
    return this;
  }

  /** What a link says of a gateway. */
  word(peer: string, hops: number, ...ids: string[]): this {
    const link = this.#links.get(node(peer).key);
    if (link !== undefined) this.directory.word(link, `attached/${ids[0]}`, { hops, nodes: ids.map((id) => node(id)) });
    return this;
  }

  broken(peer: string, row: Partial<LinkStatus>): this {
    this.rows.push(status(peer, row));
    return this;
  }

  ask(to: string, options: { from?: string; previous?: string } = {}): HopAnswer {
    return describeHop(
      {
        self: this.self,
        directory: this.directory,
        router: this.router,
        links: (key) => this.#links.get(key),
        status: () => this.rows,
      },
      {
        from: (options.from ?? this.self.id) as NodeId,
        to: to as NodeId,
        previous: options.previous as NodeId | undefined,
      },
    );
  }
}

function status(peer: string, row: Partial<LinkStatus>): LinkStatus {
  return {
    peer: node(peer).id,
    relation: "above",
    address: "10.0.0.1:7000",
    state: "backing_off",
    sinceMs: 1,
    attempt: 0,
    lastError: undefined,
    nextRetryMs: undefined,
    rttMs: undefined,
    queuedSize: 0,
    boot: undefined,
    ...row,
  };
}

const REFUSED = { attempt: 4, lastError: "connection refused", nextRetryMs: 310.6 };

describe("describeHop", () => {
  test("at the target", () => {
    const at = new At("center:3").up("gateway:3", "above");
    expect(at.ask("center:3", { from: "center:5", previous: "gateway:3" })).toEqual({
      at: node("center:3").id,
      next: undefined,
      state: "this is the target",
      link: undefined,
    });
  });

  test("where there is a way: the next node and the state of the link to it", () => {
    const at = new At("gateway:3").up("cross_gateway:1", "above");
    at.broken("center:3", { state: "closed" }).up("center:3", "below");
    expect(at.ask("center:5")).toEqual({
      at: node("gateway:3").id,
      next: node("cross_gateway:1").id,
      state: "up",
      link: at.rows[0],
    });
    expect(at.ask("center:3", { from: "center:5", previous: "cross_gateway:1" })).toEqual({
      at: node("gateway:3").id,
      next: node("center:3").id,
      state: "up",
      link: at.rows[2],
    });
  });

  test("a shard node whose gateway is gone", () => {
    const at = new At("center:3").broken("gateway:3", { ...REFUSED });
    expect(at.ask("cross_center:1")).toEqual({
      at: node("center:3").id,
      next: undefined,
      state: "link to gateway:3 is backing_off, last error: connection refused, next try in 311 ms",
      link: at.rows[0],
    });
    expect(at.ask("center:9").state).toEqual(
      "link to gateway:3 is backing_off, last error: connection refused, next try in 311 ms",
    );
  });

  test("a shard gateway without any uplink", () => {
    const at = new At("gateway:3").up("center:3", "below").broken("cross_gateway:1", { state: "dialing" });
    expect(at.ask("center:5", { from: "center:3", previous: "center:3" }).state).toEqual(
      "link to cross_gateway:1 is dialing",
    );
  });

  test("a node of the own shard that is not there is not blamed on an uplink", () => {
    const at = new At("gateway:3").up("center:3", "below");
    expect(at.ask("user:301").state).toEqual("user:301 is not attached to this gateway");
    at.broken("cross_gateway:1", { state: "dialing" });
    expect(at.ask("user:301")).toEqual({
      at: node("gateway:3").id,
      next: undefined,
      state: "user:301 is not attached to this gateway",
      link: undefined,
    });
  });

  test("a node of the own shard whose link has ended", () => {
    const at = new At("gateway:3").broken("user:301", { relation: "below", state: "closed", lastError: "silent" });
    expect(at.ask("user:301")).toEqual({
      at: node("gateway:3").id,
      next: undefined,
      state: "link to user:301 is closed, last error: silent",
      link: at.rows[0],
    });
  });

  test("a cross gateway that the target's gateway is linked to, but not the target to it", () => {
    const at = new At("cross_gateway:1").up("gateway:5", "below", "user:501");
    expect(at.ask("center:5")).toEqual({
      at: node("cross_gateway:1").id,
      next: undefined,
      state: "gateway:5 is there, but center:5 is not attached to it",
      link: at.rows[0],
    });
  });

  test("a cross gateway whose link to the target's gateway has ended", () => {
    const at = new At("cross_gateway:1").broken("gateway:5", {
      relation: "below",
      state: "closed",
      lastError: "silent",
    });
    expect(at.ask("center:5").state).toEqual("link to gateway:5 is closed, last error: silent");
  });

  test("a cross gateway that has never seen the target's gateway", () => {
    const at = new At("cross_gateway:1").up("gateway:3", "below");
    expect(at.ask("center:5").state).toEqual("gateway:5 is not linked to any gateway that is known here");
    expect(at.ask("gateway:5").state).toEqual("gateway:5 is not linked to any gateway that is known here");
  });

  test("a cross node that nobody has seen", () => {
    const at = new At("cross_gateway:1").up("gateway:3", "below");
    expect(at.ask("cross_center:1").state).toEqual("cross_center:1 is not in the directory");
  });

  test("a way that the rules forbid: from a peer to a peer, from above up, back where it came from", () => {
    const cross = new At("cross_gateway:1").up("cross_gateway:2", "peer").up("cross_gateway:3", "peer");
    cross.word("cross_gateway:3", 1, "gateway:5", "center:5");
    expect(cross.ask("center:5", { from: "center:6", previous: "cross_gateway:2" })).toEqual({
      at: node("cross_gateway:1").id,
      next: undefined,
      state: "center:5 is known here only by ways that a frame from cross_gateway:2 may not take",
      link: undefined,
    });
    const shard = new At("gateway:3").up("cross_gateway:1", "above", "cross_center:1").up("cross_gateway:2", "above");
    expect(shard.ask("cross_center:1", { from: "center:6", previous: "cross_gateway:2" }).state).toEqual(
      "cross_center:1 is known here only by ways that a frame from cross_gateway:2 may not take",
    );
    const back = new At("cross_gateway:1").up("gateway:5", "below", "center:5");
    expect(back.ask("center:5", { from: "user:501", previous: "gateway:5" }).state).toEqual(
      "center:5 is known here only by ways that a frame from gateway:5 may not take",
    );
  });

  test("what came from above and is unknown here", () => {
    const at = new At("gateway:3").up("cross_gateway:1", "above").up("cross_gateway:2", "above");
    expect(at.ask("center:9", { from: "center:6", previous: "cross_gateway:2" }).state).toEqual(
      "gateway:9 is not linked to any gateway that is known here",
    );
  });

  test("an admin whose cross gateway is gone", () => {
    const at = new At("admin:1").broken("cross_gateway:1", { ...REFUSED, lastError: undefined });
    expect(at.ask("center:9").state).toEqual("link to cross_gateway:1 is backing_off, next try in 311 ms");
  });
});
