/**
 * Directory: which nodes there are and over which links they can be reached, from links that are up and the
 * route news (`attached/<gateway>`) heard on them. Pure: no sending, no timers.
 *
 * A path is (link, distance): a link's peer is at distance 1; of news that came over h links before this one
 * the gateway is at h + 1 and its nodes at h + 2. A node is reachable while it has a path.
 *
 * Two paths may show one node id with different boots. The one that started earlier counts, everywhere, also
 * where the other one is linked directly; the other is a twin, and twins.ts tells an operator when it stays:
 *
 *   the earlier process        | seen as                    | so
 *   ---------------------------+----------------------------+--------------------------------------------------
 *   ended, was killed          | its links end at once      | the later one counts at once
 *   lost power, is cut off     | its links end as silent    | the later one counts after 2 to 3 silent intervals
 *   meets the later one at one | pinged by that gateway     | the later one is refused, or counts in one interval
 *   lives, behind another one  | both stay                  | the earlier one counts as before; alarm
 */

import type { PeerLink } from "#link/link_port.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeKey, Role } from "#wire/role.ts";
import { acceptsLinks } from "#wire/role.ts";

export interface Path {
  readonly link: PeerLink;
  readonly distance: number;
}

export interface DirectoryEntry {
  readonly identity: Identity;
  /** The gateway that it is attached to, the nearest of several; of a gateway it is itself. */
  readonly gateway: Identity;
  /** Nearest first; among equals by the peer's key. */
  readonly paths: readonly Path[];
}

export type DirectoryEvent =
  | { readonly kind: "reachable"; readonly identity: Identity }
  | { readonly kind: "unreachable"; readonly identity: Identity };

/** A process that claims a node id, and the gateway that it is attached to. */
export interface Claimant {
  readonly identity: Identity;
  readonly gateway: Identity;
}

interface Claim {
  readonly link: PeerLink;
  readonly topic: string;
  readonly distance: number;
  readonly identity: Identity;
  readonly gateway: Identity;
}

/** The topic under which a link's own peer is noted. */
const OWN_LINK = "";

export class Directory {
  readonly #claims = new Map<NodeKey, Claim[]>();
  readonly #entries = new Map<NodeKey, DirectoryEntry>();
  /** Per link serial and topic: the keys that it claimed. */
  readonly #said = new Map<number, Map<string, readonly NodeKey[]>>();
  readonly #emit: (event: DirectoryEvent) => void;
  readonly #twinsChanged: (key: NodeKey) => void;
  /** Ids that several processes claim. */
  readonly #twins = new Set<NodeKey>();
  readonly #untold: DirectoryEvent[] = [];
  #isTelling = false;
  readonly #self: NodeKey;
  readonly #identity: Identity | undefined;

  constructor(options: {
    readonly self: NodeKey;
    /** For a gateway: nodes that are linked below it are its own. */
    readonly identity?: Identity;
    readonly emit: (event: DirectoryEvent) => void;
    /** Other processes claim this id now than before, and there are or were several. */
    readonly twinsChanged?: (key: NodeKey) => void;
  }) {
    this.#self = options.self;
    this.#identity = options.identity;
    this.#emit = options.emit;
    this.#twinsChanged = options.twinsChanged ?? (() => {});
  }

  linkUp(link: PeerLink): void {
    this.#said.set(link.serial, new Map());
    const isOurs = link.relation === "below" && !acceptsLinks(link.peer.role);
    const gateway = isOurs ? (this.#identity ?? link.peer) : link.peer;
    this.#replace(link, OWN_LINK, [{ link, topic: OWN_LINK, distance: 1, identity: link.peer, gateway }]);
  }

  linkDown(link: PeerLink): void {
    const topics = this.#said.get(link.serial);
    if (topics === undefined) return;
    for (const topic of [...topics.keys()]) this.#replace(link, topic, []);
    this.#said.delete(link.serial);
  }

  /** The link's last word on a topic: the gateway and the nodes attached to it. Undefined: withdrawn. */
  word(
    link: PeerLink,
    topic: string,
    said: { readonly hops: number; readonly nodes: readonly Identity[] } | undefined,
  ): void {
    if (!this.#said.has(link.serial)) return;
    const gateway = said?.nodes[0];
    if (said === undefined || gateway === undefined) {
      this.#replace(link, topic, []);
      return;
    }
    const claims = said.nodes
      .filter((identity) => identity.key !== this.#self)
      .map((identity) => ({
        link,
        topic,
        distance: said.hops + (identity.key === gateway.key ? 1 : 2),
        identity,
        gateway,
      }));
    this.#replace(link, topic, claims);
  }

  get(key: NodeKey): DirectoryEntry | undefined {
    return this.#entries.get(key);
  }

  /** All but this node itself, by key. */
  entries(): DirectoryEntry[] {
    return [...this.#entries.values()].toSorted((a, b) => a.identity.key - b.identity.key);
  }

  /** Nodes of a role, of one shard unless `shard` is undefined, by number. */
  ofRole(role: Role, shard?: number): Identity[] {
    const out: Identity[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.identity.role === role && (shard === undefined || entry.identity.shard === shard))
        out.push(entry.identity);
    }
    return out.toSorted((a, b) => a.number - b.number);
  }

  /** May a frame of this source come over this link, as far as we have heard? */
  isBehind(link: PeerLink, key: NodeKey): boolean {
    const claims = this.#claims.get(key);
    if (claims === undefined) return false;
    for (const claim of claims) if (claim.link === link) return true;
    return false;
  }

  /** Is another process of that id the one that counts? */
  isTwin(peer: Identity): boolean {
    return this.#twins.has(peer.key) && this.#entries.get(peer.key)?.identity.boot !== peer.boot;
  }

  /** Those that claim this id, by boot, the one that counts first. One or none: there are no twins. */
  claimants(key: NodeKey): readonly Claimant[] {
    const found = new Map<string, Claimant>();
    for (const claim of (this.#claims.get(key) ?? []).toSorted(byAge)) {
      const { identity, gateway } = claim;
      // Where it is attached says more than that it is linked.
      if (!found.has(identity.boot) || gateway.key !== key) found.set(identity.boot, { identity, gateway });
    }
    return [...found.values()];
  }

  #replace(link: PeerLink, topic: string, claims: readonly Claim[]): void {
    const topics = this.#said.get(link.serial);
    if (topics === undefined) return;
    const touched = new Set<NodeKey>(topics.get(topic));
    for (const key of touched) {
      const rest = (this.#claims.get(key) ?? []).filter((claim) => claim.link !== link || claim.topic !== topic);
      if (rest.length === 0) this.#claims.delete(key);
      else this.#claims.set(key, rest);
    }
    for (const claim of claims) {
      touched.add(claim.identity.key);
      const known = this.#claims.get(claim.identity.key);
      if (known === undefined) this.#claims.set(claim.identity.key, [claim]);
      else known.push(claim);
    }
    if (claims.length === 0) topics.delete(topic);
    else
      topics.set(
        topic,
        claims.map((claim) => claim.identity.key),
      );
    for (const key of [...touched].toSorted((a, b) => a - b)) this.#refresh(key);
  }

  /** Computes one entry anew and says what has changed about it. */
  #refresh(key: NodeKey): void {
    const before = this.#entries.get(key);
    const claims = this.#claims.get(key);
    this.#noteTwins(key, claims ?? []);
    if (claims === undefined) {
      this.#entries.delete(key);
      if (before !== undefined) this.#tell({ kind: "unreachable", identity: before.identity });
      return;
    }
    const oldest = claims.reduce((a, b) => (byAge(b, a) < 0 ? b : a));
    const valid = claims
      .filter((claim) => claim.identity.boot === oldest.identity.boot)
      .toSorted(
        (a, b) => a.distance - b.distance || a.link.peer.key - b.link.peer.key || a.link.serial - b.link.serial,
      );
    const paths: Path[] = [];
    for (const claim of valid) {
      if (!paths.some((path) => path.link === claim.link)) paths.push({ link: claim.link, distance: claim.distance });
    }
    // Our own link to a node may say no more than that it is there; a gateway's word names where.
    const gateway = (valid.find((claim) => claim.gateway.key !== key) ?? valid[0] ?? oldest).gateway;
    const entry: DirectoryEntry = { identity: oldest.identity, gateway, paths };
    this.#entries.set(key, entry);
    if (before !== undefined && before.identity.boot === entry.identity.boot) return;
    if (before !== undefined) this.#untold.push({ kind: "unreachable", identity: before.identity });
    this.#tell({ kind: "reachable", identity: entry.identity });
  }

  #noteTwins(key: NodeKey, claims: readonly Claim[]): void {
    const first = claims[0]?.identity.boot;
    const areTwins = claims.some((claim) => claim.identity.boot !== first);
    if (areTwins) this.#twins.add(key);
    else if (!this.#twins.delete(key)) return;
    this.#twinsChanged(key);
  }

  /** In the order of the changes, also of those that a listener makes. */
  #tell(event: DirectoryEvent): void {
    this.#untold.push(event);
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) this.#emit(next);
    } finally {
      this.#isTelling = false;
    }
  }
}

/** The earlier process first; by its boot where two started in one millisecond. */
function byAge(a: Claim, b: Claim): number {
  const { identity: one } = a;
  const { identity: other } = b;
  if (one.startedAtMs !== other.startedAtMs) return one.startedAtMs - other.startedAtMs;
  if (one.boot === other.boot) return 0;
  return one.boot < other.boot ? -1 : 1;
}
