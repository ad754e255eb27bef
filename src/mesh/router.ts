/**
 * Router: takes a frame from a link or from this node and hands it to the next hop or to `deliver`.
 * Holds no routes of its own: they are the directory's. Nothing is allocated per forwarded frame.
 *
 * Rules (docs/protocol.md, "Routing"): a frame from above never goes up, one from a peer never to a peer, none
 * back out of its link; hops fall by one per forward and 0 is refused; a frame whose source cannot be behind
 * its link is dropped; a call that cannot go on is answered with NO_ROUTE or OVERLOADED, a cast is counted.
 */

import type { Counters } from "#base/counters.ts";
import type { PeerLink, SendClass } from "#link/link_port.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import { encodeCallError } from "#wire/call_error.ts";
import {
  Kind,
  Offset,
  encodeFrame,
  frameKind,
  joinParts,
  readU32,
  sourceKey,
  targetKey,
  writeU32,
} from "#wire/header.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { NUMBER_EVERY, acceptsLinks, idOfKey, numberOfKey, tierOf } from "#wire/role.ts";
import type { Directory } from "./directory.ts";
import type { GroupCopy } from "./group_route.ts";
import { groupCopies } from "./group_route.ts";
import { weight } from "./rendezvous.ts";
import { conventionalShard } from "./shard_of.ts";

export type SendOutcome =
  | { readonly kind: "sent"; readonly link: PeerLink; readonly position: number }
  | { readonly kind: "local" }
  | { readonly kind: "no_route"; readonly detail: string }
  | { readonly kind: "overloaded"; readonly detail: string };

/** Ids whose shard a gateway remembers, so that it never asks above for one of its own. */
const SHARD_IDS_MAX = 4096;

export interface RouterOptions {
  readonly self: Identity;
  readonly directory: Directory;
  readonly counters: Counters;
  /** A frame for this node. The view is valid until it returns. */
  readonly deliver: (buffer: Uint8Array, offset: number) => void;
  /** What the config says of a node that it names; for the others the numbering convention holds. */
  readonly shardOf?: ((id: NodeId) => number | undefined) | undefined;
}

export class Router {
  readonly #self: Identity;
  readonly #directory: Directory;
  readonly #counters: Counters;
  readonly #deliver: (buffer: Uint8Array, offset: number) => void;
  readonly #configShardOf: ((id: NodeId) => number | undefined) | undefined;
  /** What the config and the convention say, so that a frame that goes up builds no name. */
  readonly #shards = new Map<NodeKey, number>();
  readonly #links = new Map<NodeKey, PeerLink>();
  readonly #shardIds = new Set<NodeKey>();
  #above: PeerLink[] = [];

  constructor(options: RouterOptions) {
    this.#self = options.self;
    this.#directory = options.directory;
    this.#counters = options.counters;
    this.#deliver = options.deliver;
    this.#configShardOf = options.shardOf;
  }

  linkUp(link: PeerLink): void {
    this.#links.set(link.peer.key, link);
    if (link.relation === "above") this.#above = [...this.#above, link];
    if (link.relation === "below" && link.peer.shard === this.#self.shard && this.#shardIds.size < SHARD_IDS_MAX) {
      this.#shardIds.add(link.peer.key);
    }
  }

  linkDown(link: PeerLink): void {
    if (this.#links.get(link.peer.key) === link) this.#links.delete(link.peer.key);
    this.#above = this.#above.filter((other) => other !== link);
  }

  /** A routed frame that came over a link. */
  receive(from: PeerLink, buffer: Uint8Array, offset: number): void {
    const source = sourceKey(buffer, offset);
    if (source !== from.peer.key && !this.#maySend(from, source)) {
      this.#refuse(from, buffer, offset, "NO_ROUTE", "source is not behind the link that it came on");
      this.#counters.add("mesh.source_refused");
      return;
    }
    const hops = buffer[offset + Offset.hops] as number;
    if (hops === 0) {
      this.#refuse(from, buffer, offset, "NO_ROUTE", "no hops left");
      this.#counters.add("mesh.hops_exhausted");
      return;
    }
    const target = targetKey(buffer, offset);
    if (target === this.#self.key) {
      this.#deliver(buffer, offset);
      return;
    }
    if (numberOfKey(target) === NUMBER_EVERY) {
      buffer[offset + Offset.hops] = hops - 1;
      this.#spread(from, buffer, offset);
      return;
    }
    const next = this.nextHop(source, target, from);
    if (next === undefined) {
      this.#refuse(from, buffer, offset, "NO_ROUTE", `no path to ${idOfKey(target)}`);
      this.#counters.add("mesh.no_route");
      return;
    }
    buffer[offset + Offset.hops] = hops - 1;
    const result = next.send(buffer, offset, sendClass(buffer, offset));
    if (result === "ok") return;
    const code = result === "overloaded" ? "OVERLOADED" : "NO_ROUTE";
    this.#refuse(from, buffer, offset, code, `link to ${next.peer.id} is ${result}`);
    this.#counters.add(result === "overloaded" ? "mesh.overloaded" : "mesh.no_route");
  }

  /**
   * A frame that begins at this node: its header, alone in a buffer, and its body. A group cast goes to all it can
   * reach and is "sent" or "local" then.
   */
  send(header: Uint8Array, body: Uint8Array): SendOutcome {
    const target = targetKey(header, 0);
    if (numberOfKey(target) === NUMBER_EVERY) return this.#spread(undefined, joinParts(header, body), 0);
    if (target === this.#self.key) return { kind: "local" };
    const next = this.nextHop(this.#self.key, target, undefined);
    if (next === undefined) return { kind: "no_route", detail: `no path to ${idOfKey(target)}` };
    const position = next.dataQueuedSize;
    const result = next.sendParts(header, body, sendClass(header, 0));
    if (result === "ok") return { kind: "sent", link: next, position };
    if (result === "overloaded") return { kind: "overloaded", detail: `send queue to ${next.peer.id} is full` };
    return { kind: "no_route", detail: `link to ${next.peer.id} is closed` };
  }

  /** Where a frame of this pair goes next; undefined is NO_ROUTE. */
  nextHop(source: NodeKey, target: NodeKey, from: PeerLink | undefined): PeerLink | undefined {
    const direct = this.#links.get(target);
    // A twin that is linked here gets nothing while the process that was there first has a path.
    if (direct !== undefined && !this.#directory.isTwin(direct.peer))
      return direct === from || !mayForward(from, direct) ? undefined : direct;
    const paths = this.#directory.get(target)?.paths;
    if (paths === undefined) return this.#upwards(source, target, from);
    let best: PeerLink | undefined;
    let bestDistance = 0;
    let bestWeight = -1;
    for (const path of paths) {
      if (best !== undefined && path.distance > bestDistance) break;
      if (path.link === from || !mayForward(from, path.link)) continue;
      const own = paths.length === 1 ? 0 : weight(source, target, path.link.peer.key);
      if (own > bestWeight) {
        best = path.link;
        bestDistance = path.distance;
        bestWeight = own;
      }
    }
    return best;
  }

  /** What a shard does not know it sends up, unless the id is of that shard itself. */
  #upwards(source: NodeKey, target: NodeKey, from: PeerLink | undefined): PeerLink | undefined {
    if (tierOf(this.#self.role) !== "shard" || from?.relation === "above") return undefined;
    if (this.#self.role === "gateway" && this.#isOfOwnShard(target)) return undefined;
    return this.#uplink(source, target);
  }

  #uplink(source: NodeKey, target: NodeKey): PeerLink | undefined {
    let best: PeerLink | undefined;
    let bestWeight = -1;
    for (const link of this.#above) {
      const own = weight(source, target, link.peer.key);
      if (own > bestWeight) {
        best = link;
        bestWeight = own;
      }
    }
    return best;
  }

  /** The shard that a node belongs to, as far as that can be told without having met it; 0 for none. */
  shardOf(key: NodeKey): number {
    if (this.#configShardOf === undefined) return conventionalShard(key);
    const known = this.#shards.get(key);
    if (known !== undefined) return known;
    const shard = this.#configShardOf(idOfKey(key)) ?? conventionalShard(key);
    if (this.#shards.size < SHARD_IDS_MAX) this.#shards.set(key, shard);
    return shard;
  }

  #isOfOwnShard(key: NodeKey): boolean {
    return this.#shardIds.has(key) || this.shardOf(key) === this.#self.shard;
  }

  /** Can this source be behind that link? Its peer itself was checked already. */
  #maySend(from: PeerLink, source: NodeKey): boolean {
    if (source === this.#self.key) return false;
    if (from.relation !== "above") return acceptsLinks(from.peer.role) && this.#directory.isBehind(from, source);
    return this.#links.get(source)?.relation !== "below" && !this.#shardIds.has(source);
  }

  #spread(from: PeerLink | undefined, buffer: Uint8Array, offset: number): SendOutcome {
    if (frameKind(buffer, offset) !== Kind.cast) {
      if (from !== undefined)
        this.#refuse(from, buffer, offset, "INVALID", "only a cast may go to every node of a role");
      return { kind: "no_route", detail: "only a cast may go to every node of a role" };
    }
    const source = sourceKey(buffer, offset);
    const target = targetKey(buffer, offset);
    const shard = readU32(buffer, offset + Offset.targetShard);
    const plan = groupCopies({
      self: this.#self,
      from,
      source,
      target,
      shard,
      links: this.#links,
      directory: this.#directory,
      uplink: this.#uplink(source, target),
      nextHop: (key) => this.nextHop(source, key, from),
    });
    let last: SendOutcome = plan.local
      ? { kind: "local" }
      : { kind: "no_route", detail: `no path to ${idOfKey(target)}` };
    for (const copy of plan.copies) {
      patch(buffer, offset, copy);
      const position = copy.link.dataQueuedSize;
      if (copy.link.send(buffer, offset, "may") === "ok") last = { kind: "sent", link: copy.link, position };
      else this.#counters.add("mesh.cast_dropped");
    }
    if (plan.copies.length === 0 && !plan.local) this.#counters.add("mesh.cast_dropped");
    if (plan.local && from !== undefined) this.#deliver(buffer, offset);
    return plan.local ? { kind: "local" } : last;
  }

  /** Tells a caller at once; everything else is only counted. */
  #refuse(from: PeerLink, buffer: Uint8Array, offset: number, code: CallErrorCode, detail: string): void {
    const kind = frameKind(buffer, offset);
    if (kind !== Kind.call) {
      this.#counters.add(kind === Kind.cast ? "mesh.cast_dropped" : "mesh.reply_dropped");
      return;
    }
    const header = {
      kind: Kind.error,
      source: this.#self.key,
      target: sourceKey(buffer, offset),
      callerTag: readU32(buffer, offset + Offset.callerTag),
      callId: readU32(buffer, offset + Offset.callId),
    };
    from.send(encodeFrame(header, encodeCallError({ code, at: this.#self.key, detail })), 0, "must");
  }
}

/** A frame from above never goes up, one from a peer never to a peer. */
function mayForward(from: PeerLink | undefined, to: PeerLink): boolean {
  return from === undefined || from.relation === "below" || from.relation !== to.relation;
}

function sendClass(buffer: Uint8Array, offset: number): SendClass {
  const kind = frameKind(buffer, offset);
  return kind === Kind.call || kind === Kind.cast ? "may" : "must";
}

function patch(buffer: Uint8Array, offset: number, copy: GroupCopy): void {
  writeU32(buffer, offset + Offset.targetNumber, copy.number);
  writeU32(buffer, offset + Offset.targetShard, copy.shard);
}
