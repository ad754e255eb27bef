/**
 * A router and its directory on links that record what is sent, with frames put in by the test.
 */

import { expect } from "#test";
import { Counters } from "#base/counters.ts";
import type { LinkRelation } from "#link/link_port.ts";
import { Directory } from "#mesh/directory.ts";
import { Router } from "#mesh/router.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import type { FrameSpec, ReadFrame } from "./harness.ts";
import { FakeLink, frame, node, read } from "./harness.ts";

export class RouterSetup {
  readonly self: Identity;
  readonly directory: Directory;
  readonly router: Router;
  readonly counters = new Counters();
  readonly delivered: ReadFrame[] = [];

  constructor(self: string, shardOf?: (id: NodeId) => number | undefined) {
    this.self = node(self);
    this.directory = new Directory({ self: this.self.key, emit: () => {} });
    this.router = new Router({
      self: this.self,
      directory: this.directory,
      counters: this.counters,
      deliver: (buffer, offset) => this.delivered.push(read(buffer, offset)),
      ...(shardOf === undefined ? {} : { shardOf }),
    });
  }

  link(peer: string, relation: LinkRelation): FakeLink {
    const link = new FakeLink(peer, relation);
    this.router.linkUp(link);
    this.directory.linkUp(link);
    return link;
  }

  down(link: FakeLink): void {
    link.isUp = false;
    this.router.linkDown(link);
    this.directory.linkDown(link);
  }

  /** The gateway that is named first says that the others are attached to it. */
  word(link: FakeLink, hops: number, ...ids: string[]): void {
    this.directory.word(link, `attached/${ids[0]}`, { hops, nodes: ids.map((id) => node(id)) });
  }

  /** Comes in on the link, somewhere inside a buffer. */
  receive(from: FakeLink, spec: FrameSpec): void {
    const bytes = frame(spec);
    const buffer = new Uint8Array(bytes.length + 20).fill(0xee);
    buffer.set(bytes, 7);
    this.router.receive(from, buffer, 7);
    expect([...buffer.slice(0, 7), ...buffer.slice(7 + bytes.length)]).toEqual(Array.from({ length: 20 }, () => 0xee));
  }
}

/** Where a frame went, "peer: kind from>to". */
export function went(...links: FakeLink[]): string[] {
  return links.flatMap((link) => link.take().map((one) => `${link.peer.id}: ${one.kind} ${one.from}>${one.to}`));
}

/** A cross gateway with a peer, two shards of its own and one behind the peer. */
export function crossGateway(): RouterSetup & { g3: FakeLink; g4: FakeLink; peer: FakeLink; cc: FakeLink } {
  const setup = new RouterSetup("cross_gateway:1");
  const g3 = setup.link("gateway:3", "below");
  const g4 = setup.link("gateway:4", "below");
  const peer = setup.link("cross_gateway:2", "peer");
  const cc = setup.link("cross_center:1", "below");
  setup.word(g3, 0, "gateway:3", "center:3", "user:301");
  setup.word(g4, 0, "gateway:4", "center:4");
  setup.word(peer, 0, "cross_gateway:2", "cross_center:2");
  setup.word(peer, 1, "gateway:5", "center:5");
  return Object.assign(setup, { g3, g4, peer, cc });
}
