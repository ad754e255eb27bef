import { describe, expect, test } from "#test";
import type { LinkRelation } from "#link/link_port.ts";
import type { RouteMessage } from "#sync/route_topics.ts";
import { ROUTE_TOPICS_MAX, RouteTopics } from "#sync/route_topics.ts";
import type { Identity } from "#wire/identity.ts";
import { bytesOf, node } from "./kit.ts";

const A = node("cross_gateway", 1);
const B = node("cross_gateway", 2);
const C = node("cross_gateway", 3);
const G = node("gateway", 3);
const LEAF = node("center", 3);
const CENTER = node("cross_center", 1);
const OF_G = "attached/gateway:3";

class Rig {
  readonly routes: RouteTopics;
  readonly told: string[] = [];
  readonly ready = new Set<number>();

  constructor(self: Identity, links: readonly (readonly [Identity, LinkRelation])[]) {
    this.routes = new RouteTopics({
      self,
      effects: {
        ready: (serial) => this.ready.add(serial),
        changed: ({ serial, topic, word }) =>
          this.told.push(`${serial} ${topic} ${word === undefined ? "none" : word.hops}`),
        refused: (reason) => this.told.push(reason),
      },
    });
    for (const [index, [peer, relation]] of links.entries()) this.up(index + 1, peer, relation);
  }

  up(serial: number, peer: Identity, relation: LinkRelation): void {
    this.routes.linkUp({ serial, peer, relation });
  }

  /** Short texts of all that a link has to write. Fails when it was not said to be ready. */
  written(serial: number): string[] {
    const out: string[] = [];
    for (let next = this.routes.next(serial); next !== undefined; next = this.routes.next(serial))
      out.push(short(next));
    if (out.length > 0 && !this.ready.has(serial)) throw new Error(`link ${serial} was not said to be ready`);
    this.ready.delete(serial);
    return out;
  }

  hear(serial: number, topic: string, hops: number, text: string): void {
    this.routes.receive(serial, { kind: "route", topic, hops, bytes: bytesOf(text) });
  }
  forget(serial: number, topic: string): void {
    this.routes.receive(serial, { kind: "withdraw", topic });
  }
}

function short(message: RouteMessage): string {
  return message.kind === "withdraw"
    ? `withdraw ${message.topic}`
    : `${message.topic} ${message.hops} ${new TextDecoder().decode(message.bytes)}`;
}

/** A cross gateway: shard gateway (1), peers (2, 3), cross center (4). */
function relay(): Rig {
  return new Rig(A, [
    [G, "below"],
    [B, "peer"],
    [C, "peer"],
    [CENTER, "below"],
  ]);
}

describe("RouteTopics", () => {
  test("says its own word where it may, and its last word at link-up", () => {
    const rig = new Rig(G, [[A, "above"]]);
    rig.routes.say(OF_G, bytesOf("one"));
    rig.routes.say("applied/gateway:3", bytesOf("digest"));
    expect(rig.written(1)).toEqual([`${OF_G} 0 one`, "applied/gateway:3 0 digest"]);
    rig.routes.say(OF_G, bytesOf("two"));
    rig.up(2, B, "above");
    rig.up(3, LEAF, "below");
    expect(rig.written(2)).toEqual(["applied/gateway:3 0 digest", `${OF_G} 0 two`]);
    expect(rig.written(3)).toEqual([`${OF_G} 0 two`]);
    expect(rig.written(1)).toEqual([`${OF_G} 0 two`]);
  });

  test("writes the last of many words once, and an unchanged one not at all", () => {
    const rig = new Rig(G, [[A, "above"]]);
    for (const text of ["one", "two", "three"]) rig.routes.say(OF_G, bytesOf(text));
    expect(rig.written(1)).toEqual([`${OF_G} 0 three`]);
    rig.routes.say(OF_G, bytesOf("three"));
    expect(rig.written(1)).toEqual([]);
    rig.routes.say(OF_G, bytesOf("four"));
    rig.routes.say(OF_G, bytesOf("three"));
    expect(rig.written(1)).toEqual([]);
  });

  test("passes a gateway's word to peers and cross nodes, and one that came over a peer to cross nodes alone", () => {
    const rig = relay();
    rig.hear(1, OF_G, 0, "direct");
    expect([1, 2, 3, 4].map((serial) => rig.written(serial))).toEqual([
      [],
      [`${OF_G} 1 direct`],
      [`${OF_G} 1 direct`],
      [`${OF_G} 1 direct`],
    ]);
    rig.hear(2, "attached/gateway:4", 1, "peers");
    expect([1, 2, 3, 4].map((serial) => rig.written(serial))).toEqual([[], [], [], ["attached/gateway:4 2 peers"]]);
  });

  test("passes a peer's word of itself to everything below", () => {
    const rig = relay();
    rig.hear(2, "attached/cross_gateway:2", 0, "peer");
    expect([1, 2, 3, 4].map((serial) => rig.written(serial))).toEqual([
      ["attached/cross_gateway:2 1 peer"],
      [],
      [],
      ["attached/cross_gateway:2 1 peer"],
    ]);
  });

  test("prefers the shortest way, then the lowest node, and falls back when it goes", () => {
    const rig = relay();
    rig.hear(3, OF_G, 1, "over c");
    expect(rig.written(4)).toEqual([`${OF_G} 2 over c`]);
    rig.hear(2, OF_G, 1, "over b");
    expect(rig.written(4)).toEqual([`${OF_G} 2 over b`]);
    rig.hear(1, OF_G, 0, "direct");
    expect([rig.written(4), rig.written(2)]).toEqual([[`${OF_G} 1 direct`], [`${OF_G} 1 direct`]]);
    rig.routes.linkDown(1);
    expect([rig.written(4), rig.written(2)]).toEqual([[`${OF_G} 2 over b`], [`withdraw ${OF_G}`]]);
    rig.forget(2, OF_G);
    expect(rig.written(4)).toEqual([`${OF_G} 2 over c`]);
    rig.routes.linkDown(3);
    expect(rig.written(4)).toEqual([`withdraw ${OF_G}`]);
    expect(rig.routes.words()).toEqual([]);
  });

  test("says nothing of a word that came and went before it was written", () => {
    const rig = relay();
    rig.hear(1, OF_G, 0, "direct");
    rig.forget(1, OF_G);
    expect(rig.written(4)).toEqual([]);
  });

  test("keeps the last word of each link, and tells of changes only", () => {
    const rig = relay();
    rig.hear(1, OF_G, 0, "one");
    rig.hear(1, OF_G, 0, "one");
    rig.hear(2, OF_G, 1, "one");
    rig.hear(1, OF_G, 0, "two");
    rig.forget(2, OF_G);
    rig.forget(2, OF_G);
    expect(rig.told).toEqual([`1 ${OF_G} 0`, `2 ${OF_G} 1`, `1 ${OF_G} 0`, `2 ${OF_G} none`]);
    expect(rig.routes.words()).toEqual([{ topic: OF_G, serial: 1, hops: 0, bytes: bytesOf("two") }]);
  });

  test("withdraws its own word", () => {
    const rig = new Rig(G, [[A, "above"]]);
    rig.routes.say(OF_G, bytesOf("one"));
    rig.written(1);
    rig.routes.withdraw(OF_G);
    expect(rig.written(1)).toEqual([`withdraw ${OF_G}`]);
  });

  test("refuses what the other end may not say", () => {
    const rig = relay();
    rig.hear(1, "attached/gateway:4", 0, "not its own");
    rig.hear(1, OF_G, 1, "its own, from afar");
    rig.hear(2, OF_G, 0, "a peer that plays the gateway");
    rig.hear(2, "attached/cross_gateway:1", 0, "our own");
    rig.hear(4, OF_G, 1, "from a cross node");
    rig.hear(1, "activity/cross_center:1/boss", 0, "state");
    expect(rig.told).toEqual(Array.from({ length: 6 }, () => "route_not_offered"));
    expect(rig.routes.words()).toEqual([]);
  });

  test("has room for ROUTE_TOPICS_MAX words of a link", () => {
    const rig = relay();
    for (let number = 1; number <= ROUTE_TOPICS_MAX + 1; number += 1)
      rig.hear(2, `attached/gateway:${number + 10}`, 1, "x");
    expect(rig.routes.words().length).toBe(ROUTE_TOPICS_MAX);
    expect(rig.told.at(-1)).toBe("too_many_routes");
  });

  test("takes a word on somebody else's topic for a bug", () => {
    const rig = relay();
    expect(() => rig.routes.say(OF_G, bytesOf("x"))).toThrow();
  });
});
