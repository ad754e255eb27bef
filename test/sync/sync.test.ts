import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import type { LinkRelation, PeerLink } from "#link/link_port.ts";
import { Sync } from "#sync/sync.ts";
import type { Identity } from "#wire/identity.ts";
import { bytesOf, digest, node, snapshot } from "./kit.ts";

const TOPIC = "activity/cross_center:1/boss";
const A = node("cross_gateway", 1);
const G = node("gateway", 3);

class FakeLink implements PeerLink {
  readonly serial: number;
  readonly peer: Identity;
  readonly relation: LinkRelation;
  readonly upSinceMs = 0;
  readonly isUp = true;
  readonly heartbeatMs = 1000;
  readonly receivedSize = 0;
  readonly rttMs = undefined;
  readonly clusterOffsetMs = undefined;
  readonly dataQueuedSize = 0;
  readonly dataWrittenSize = 0;
  readyCount = 0;

  constructor(serial: number, peer: Identity, relation: LinkRelation) {
    this.serial = serial;
    this.peer = peer;
    this.relation = relation;
  }
  send(): "closed" {
    return "closed";
  }
  sendParts(): "closed" {
    return "closed";
  }
  syncReady(): void {
    this.readyCount += 1;
  }
  close(): void {}
}

function make(self: Identity): { readonly sync: Sync; readonly told: string[]; readonly counters: Counters } {
  const told: string[] = [];
  const counters = new Counters();
  const sync = new Sync({
    self,
    digest,
    wallMs: () => 0,
    counters,
    events: {
      accepted: ({ topic }) => told.push(`accepted ${topic}`),
      dropped: (topic) => told.push(`dropped ${topic}`),
      reported: ({ topic }) => told.push(`reported ${topic}`),
      routeChanged: ({ topic, serial }) => told.push(`route ${topic} ${serial}`),
    },
  });
  return { sync, told, counters };
}

describe("Sync", () => {
  test("writes route news first, then what steers, then contents", () => {
    const { sync } = make(G);
    const up = new FakeLink(1, A, "above");
    const below = new FakeLink(2, node("center", 3), "below");
    sync.linkUp(up);
    sync.linkUp(below);
    sync.receive(up, { kind: "snapshot", snapshot: snapshot(TOPIC, 1, 1) });
    sync.routes.say("attached/gateway:3", bytesOf("nodes"));
    const kinds = [sync.next(below), sync.next(below), sync.next(below), sync.next(below)].map(
      (message) => message?.kind,
    );
    expect(kinds).toEqual(["route", "list", "snapshot", undefined]);
    expect(below.readyCount).toBeGreaterThan(0);
  });

  test("hands messages to the half they are for and tells what changed", () => {
    const { sync, told, counters } = make(G);
    const up = new FakeLink(1, A, "above");
    sync.linkUp(up);
    sync.receive(up, { kind: "snapshot", snapshot: snapshot(TOPIC, 1, 1) });
    sync.receive(up, { kind: "route", topic: "attached/cross_gateway:1", hops: 0, bytes: bytesOf("x") });
    sync.receive(up, { kind: "route", topic: "attached/cross_gateway:2", hops: 0, bytes: bytesOf("x") });
    sync.receive(up, { kind: "snapshot", snapshot: snapshot("nonsense", 1, 1) });
    expect(told).toEqual([`accepted ${TOPIC}`, "route attached/cross_gateway:1 1"]);
    expect(counters.all()).toEqual({ "sync.refused:not_offered": 1, "sync.refused:route_not_offered": 1 });
  });

  test("disputes a digest at a heartbeat and compares at a tick", () => {
    const { sync } = make(G);
    const up = new FakeLink(1, A, "above");
    sync.linkUp(up);
    sync.heartbeat(up, { sequence: 1, clusterMs: 0, echoMs: 0, saidDigest: 5n, appliedDigest: 0n });
    expect(sync.next(up)).toEqual({ kind: "relist" });
    sync.receive(up, { kind: "list", entries: [{ topic: TOPIC, version: snapshot(TOPIC, 1, 1).version }] });
    expect(sync.next(up)).toEqual({ kind: "want", topics: [TOPIC] });
    sync.tick(up);
    expect(sync.next(up)).toBeUndefined();
    sync.tick(up);
    expect(sync.next(up)).toEqual({ kind: "want", topics: [TOPIC] });
  });

  test("has nothing for a link that is down, and its words go with it", () => {
    const { sync } = make(A);
    const below = new FakeLink(1, G, "below");
    sync.linkUp(below);
    sync.receive(below, { kind: "route", topic: "attached/gateway:3", hops: 0, bytes: bytesOf("x") });
    expect(sync.routes.words().length).toBe(1);
    sync.linkDown(below);
    sync.receive(below, { kind: "relist" });
    sync.tick(below);
    expect([sync.next(below), sync.saidDigest(below), sync.routes.words()]).toEqual([undefined, 0n, []]);
  });
});
