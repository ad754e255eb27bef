/**
 * A small static network: directories, routers and route news of many nodes, wired together by links that
 * deliver in order when `run` is called. No time, no faults: only who gets what.
 */

import { Counters } from "#base/counters.ts";
import { Directory } from "#mesh/directory.ts";
import { Router } from "#mesh/router.ts";
import { decodeAttached, encodeAttached } from "#sync/attached.ts";
import { RouteTopics } from "#sync/route_topics.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";
import { acceptsLinks } from "#wire/role.ts";
import type { ReadFrame } from "./harness.ts";
import { FakeLink, node, read, sendWhole } from "./harness.ts";

const STEPS_MAX = 100_000;

export class NetworkNode {
  readonly self: Identity;
  readonly counters = new Counters();
  readonly directory: Directory;
  readonly router: Router;
  readonly routes: RouteTopics;
  readonly links = new Map<number, FakeLink>();
  readonly delivered: ReadFrame[] = [];
  /** Who takes the frames for this node instead of `delivered`. */
  onDeliver: ((buffer: Uint8Array, offset: number) => void) | undefined;
  onLinkDown: ((link: FakeLink) => void) | undefined;
  onUnreachable: ((key: NodeKey) => void) | undefined;
  readonly events: string[] = [];

  constructor(self: Identity, work: (() => void)[], other: (link: FakeLink) => [NetworkNode, FakeLink] | undefined) {
    this.self = self;
    this.directory = new Directory({
      self: self.key,
      emit: (event) => {
        this.events.push(`${event.kind} ${event.identity.id}`);
        if (event.kind === "unreachable") this.onUnreachable?.(event.identity.key);
      },
    });
    this.router = new Router({
      self,
      directory: this.directory,
      counters: this.counters,
      deliver: (buffer, offset) => {
        if (this.onDeliver === undefined) this.delivered.push(read(buffer, offset));
        else this.onDeliver(buffer, offset);
      },
    });
    this.routes = new RouteTopics({
      self,
      effects: {
        ready: (serial) => work.push(() => this.#say(serial, other)),
        changed: ({ serial, topic, word }) => {
          const link = this.links.get(serial);
          if (link === undefined) return;
          const nodes = word === undefined ? undefined : decodeAttached(word.bytes);
          this.directory.word(link, topic, nodes && { hops: word?.hops ?? 0, nodes });
        },
        refused: (reason) => this.events.push(`refused ${reason}`),
      },
    });
  }

  up(link: FakeLink): void {
    this.links.set(link.serial, link);
    this.router.linkUp(link);
    this.directory.linkUp(link);
    this.routes.linkUp(link);
    this.#attached();
  }

  down(link: FakeLink): void {
    link.isUp = false;
    this.links.delete(link.serial);
    this.router.linkDown(link);
    this.routes.linkDown(link.serial);
    this.onLinkDown?.(link);
    this.directory.linkDown(link);
    this.#attached();
  }

  #attached(): void {
    if (!acceptsLinks(this.self.role)) return;
    const below = [...this.links.values()].filter((link) => link.relation === "below" && !acceptsLinks(link.peer.role));
    const nodes = below.map((link) => link.peer).toSorted((a, b) => a.key - b.key);
    this.routes.say(`attached/${this.self.id}`, encodeAttached([this.self, ...nodes]));
  }

  #say(serial: number, other: (link: FakeLink) => [NetworkNode, FakeLink] | undefined): void {
    const link = this.links.get(serial);
    if (link === undefined) return;
    for (let message = this.routes.next(serial); message !== undefined; message = this.routes.next(serial)) {
      const there = other(link);
      there?.[0].routes.receive(there[1].serial, message);
    }
  }
}

export class Network {
  readonly nodes = new Map<string, NetworkNode>();
  readonly #work: (() => void)[] = [];
  readonly #ends = new Map<FakeLink, [NetworkNode, FakeLink]>();

  /** Each line: a node, then those above it or, for two cross gateways, beside it. */
  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [id = "", ...others] = line.split(/[ ,]+/);
      this.add(id);
      for (const other of others) this.link(id, other);
    }
    this.run();
  }

  add(id: string): NetworkNode {
    const known = this.nodes.get(id);
    if (known !== undefined) return known;
    const added = new NetworkNode(node(id), this.#work, (link) => this.#ends.get(link));
    this.nodes.set(id, added);
    return added;
  }

  at(id: string): NetworkNode {
    const found = this.nodes.get(id);
    if (found === undefined) throw new TypeError(`no node ${id}`);
    return found;
  }

  /** `a` dials `b`. */
  link(a: string, b: string): [FakeLink, FakeLink] {
    const [below, above] = [this.add(a), this.add(b)];
    const peers = below.self.role === above.self.role;
    const up = new FakeLink(above.self, peers ? "peer" : "above");
    const down = new FakeLink(below.self, peers ? "peer" : "below");
    this.#ends.set(up, [above, down]);
    this.#ends.set(down, [below, up]);
    up.onSend = (bytes) => this.#carry(up, bytes);
    down.onSend = (bytes) => this.#carry(down, bytes);
    above.up(down);
    below.up(up);
    return [up, down];
  }

  cut(a: string, b: string): void {
    for (const link of [...this.at(a).links.values()]) {
      if ((link.peer.id as string) !== b) continue;
      const end = this.#ends.get(link);
      this.at(a).down(link);
      if (end !== undefined) end[0].down(end[1]);
    }
  }

  /** Sends from a node and runs until nothing is under way. */
  send(from: string, bytes: Uint8Array): void {
    sendWhole(this.at(from).router, bytes);
    this.run();
  }

  run(): void {
    for (let step = 0; this.#work.length > 0; step += 1) {
      if (step > STEPS_MAX) throw new RangeError("the network never comes to rest");
      this.#work.shift()?.();
    }
  }

  /** Who was delivered how many frames since the last time. */
  deliveries(): Record<string, number> {
    const out: Record<string, number> = {};
    for (const [id, one] of this.nodes) {
      if (one.delivered.length > 0) out[id] = one.delivered.length;
      one.delivered.length = 0;
    }
    return out;
  }

  #carry(link: FakeLink, bytes: Uint8Array): void {
    this.#work.push(() => {
      const end = this.#ends.get(link);
      if (!link.isUp || end === undefined || !end[1].isUp) return;
      link.flush();
      end[0].router.receive(end[1], bytes, 0);
    });
  }
}
