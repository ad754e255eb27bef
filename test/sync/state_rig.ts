/**
 * One StateTopics machine on a bench: its effects written down, its links named by serials, its messages built and
 * read with few words.
 */

import { expect } from "#test";
import type { LinkRelation } from "#link/link_port.ts";
import { StateTopics } from "#sync/state_topics.ts";
import type { StateMessage } from "#sync/state_types.ts";
import type { Identity } from "#wire/identity.ts";
import type { ListEntry, Snapshot, Version } from "#wire/sync_message.ts";
import { digest, node } from "./kit.ts";

export const TOPIC = "activity/cross_center:1/boss";
export const WAR = "activity/cross_center:1/war";
export const OWNER = node("cross_center", 1);
export const A = node("cross_gateway", 1);
export const B = node("cross_gateway", 2);
export const G = node("gateway", 3);
export const LEAF = node("center", 3);

/** A machine with its effects written down, and links that are named by their serials. */
export class Rig {
  readonly self: Identity;
  readonly state: StateTopics;
  readonly told: string[] = [];
  readonly ready = new Set<number>();
  nowMs = 1000;

  constructor(self: Identity, links: readonly (readonly [Identity, LinkRelation])[] = []) {
    this.self = self;
    this.state = new StateTopics({
      self,
      digest,
      wallMs: () => this.nowMs,
      effects: {
        ready: (serial) => this.ready.add(serial),
        accepted: ({ topic, version: of }) => this.told.push(`accepted ${topic} ${of.epoch}.${of.revision}`),
        dropped: (topic) => this.told.push(`dropped ${topic}`),
        reported: ({ topic, claims }) =>
          this.told.push(`reported ${topic} ${claims.map((of) => `${of.epoch}.${of.revision}`).join(" ")}`),
        refused: (reason) => this.told.push(`refused ${reason}`),
      },
    });
    for (const [index, [peer, relation]] of links.entries()) this.state.linkUp({ serial: index + 1, peer, relation });
  }

  /** All that a link has to write. Fails when it was not said to be ready. */
  written(serial: number): StateMessage[] {
    const out: StateMessage[] = [];
    for (let next = this.state.next(serial); next !== undefined; next = this.state.next(serial)) out.push(next);
    if (out.length > 0 && !this.ready.has(serial)) throw new Error(`link ${serial} was not said to be ready`);
    this.ready.delete(serial);
    return out;
  }

  list(serial: number, ...entries: readonly ListEntry[]): void {
    this.state.receive(serial, {
      kind: "list",
      entries: entries.map(({ topic, version: of }) => ({ topic, version: of })),
    });
  }
  snapshot(serial: number, of: Snapshot): void {
    this.state.receive(serial, { kind: "snapshot", snapshot: of });
  }
  report(serial: number, topic: string, ...claims: readonly Version[]): void {
    this.state.receive(serial, { kind: "report", reports: [{ topic, reporter: LEAF.key, claims }] });
  }
  tick(serial: number, count = 1): void {
    for (let tick = 0; tick < count; tick += 1) this.state.tick(serial);
  }
}

export const empty: StateMessage = { kind: "list", entries: [] };
export const want = (...topics: readonly string[]): StateMessage => ({ kind: "want", topics });
export const pushed = (of: Snapshot): StateMessage => ({
  kind: "snapshot",
  snapshot: expect.objectContaining({ ...of }) as unknown as Snapshot,
});
export const reported = (self: Identity, topic: string, ...claims: readonly Version[]): StateMessage => ({
  kind: "report",
  reports: [{ topic, reporter: self.key, claims }],
});

/** A shard gateway with two uplinks (1, 2) and a leaf (3), all lists said. */
export function shardGateway(): Rig {
  const rig = new Rig(G, [
    [A, "above"],
    [B, "above"],
    [LEAF, "below"],
  ]);
  rig.written(3);
  return rig;
}

/** A cross gateway: owner (1), peer (2), shard gateway (3), all lists said. */
export function relay(): Rig {
  const rig = new Rig(A, [
    [OWNER, "below"],
    [B, "peer"],
    [G, "below"],
  ]);
  for (const serial of [1, 2, 3]) rig.written(serial);
  return rig;
}
