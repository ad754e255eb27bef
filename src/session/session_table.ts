/**
 * Sessions that a shard's gateway holds: pure. One per player, the newest wins. Which of the shard's nodes are
 * told of a player: `center`, the `user` node that rendezvous hashing gives them, and the `map` that the player is in.
 *
 *   what happens                        the session's tie to a map
 *   ----------------------------------  --------------------------------------------------------------
 *   the session is opened               none, whatever the player's older session had
 *   it enters a map that is linked      that process of it, in place of the one before
 *   it leaves                           none
 *   the map's link ends                 rests: the player is in no map
 *   the same boot is linked again       counts as before
 *   another boot is linked              rests: that process has never heard of the player
 *   the session ends or is replaced     goes with it
 */

import type { Random } from "#base/random.ts";
import { toHex } from "#base/digest.ts";
import { rendezvous } from "#mesh/rendezvous.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";

/** Players of one shard that may be present at once. */
export const SESSIONS_MAX = 50_000;

export interface Binding {
  readonly player: string;
  readonly session: string;
}

/** A player, or only this session of one. */
export interface PlayerOf {
  readonly player: string;
  readonly session?: string | undefined;
}

/** Of a session to one process of a map node. Each time that it enters makes another one. */
export interface MapTie {
  readonly binding: Binding;
  readonly node: Identity;
}

interface Held {
  readonly binding: Binding;
  tie: MapTie | undefined;
}

export class SessionTable {
  readonly #random: Random;
  readonly #sessions = new Map<string, Held>();

  constructor(random: Random) {
    this.#random = random;
  }

  get count(): number {
    return this.#sessions.size;
  }

  has(binding: Binding): boolean {
    return this.#of(binding) !== undefined;
  }

  find(of: PlayerOf): Binding | undefined {
    return this.#of(of)?.binding;
  }

  /** The new session, and the one that it replaced. "full" beyond SESSIONS_MAX. */
  open(player: string): { readonly opened: Binding; readonly replaced: Binding | undefined } | "full" {
    const old = this.#sessions.get(player);
    if (old === undefined && this.#sessions.size >= SESSIONS_MAX) return "full";
    const opened = { player, session: toHex(this.#random.bytes(16)) };
    this.#sessions.set(player, { binding: opened, tie: undefined });
    return { opened, replaced: old?.binding };
  }

  /** False when the player has another session or none. */
  close(binding: Binding): boolean {
    if (!this.has(binding)) return false;
    this.#sessions.delete(binding.player);
    return true;
  }

  /** Undefined: no such session. */
  enterMap(of: PlayerOf, node: Identity): MapTie | undefined {
    const held = this.#of(of);
    if (held === undefined) return undefined;
    held.tie = { binding: held.binding, node };
    return held.tie;
  }

  /** The tie that was, or undefined. With `from`: only one to this node. */
  leaveMap(of: PlayerOf, from?: NodeId): MapTie | undefined {
    const held = this.#of(of);
    if (held?.tie === undefined || (from !== undefined && held.tie.node.id !== from)) return undefined;
    const { tie } = held;
    held.tie = undefined;
    return tie;
  }

  /** Takes back that one enter, unless something came after it. */
  untie(tie: MapTie): void {
    const held = this.#of(tie.binding);
    if (held?.tie === tie) held.tie = undefined;
  }

  /** The map that the player is in, given the shard's nodes that are linked now. */
  mapOf(of: PlayerOf, nodes: readonly Identity[]): Identity | undefined {
    const tied = this.#of(of)?.tie?.node;
    return nodes.find((node) => node.key === tied?.key && node.boot === tied.boot);
  }

  /** What `node` has to believe, given the shard's nodes that are linked now. */
  bindingsOf(node: Identity, nodes: readonly Identity[]): Binding[] {
    const out: Binding[] = [];
    const users = nodes.filter(({ role }) => role === "user");
    for (const { binding } of this.#sessions.values()) {
      if (this.#isTold(node, binding, { nodes, users })) out.push(binding);
    }
    return out;
  }

  #isTold(
    { role, key }: Identity,
    binding: Binding,
    { nodes, users }: { readonly nodes: readonly Identity[]; readonly users: readonly Identity[] },
  ): boolean {
    if (role === "center") return true;
    if (role === "map") return this.mapOf(binding, nodes)?.key === key;
    return role === "user" && userOf(binding.player, users)?.key === key;
  }

  #of({ player, session }: PlayerOf): Held | undefined {
    const held = this.#sessions.get(player);
    return session === undefined || held?.binding.session === session ? held : undefined;
  }
}

/** The nodes of a shard that are told of a player, wherever the player is. */
export function nodesOf(player: string, nodes: readonly Identity[]): Identity[] {
  const chosen = userOf(
    player,
    nodes.filter((node) => node.role === "user"),
  );
  return nodes.filter((node) => node.role === "center" || node === chosen);
}

/** Of a shard's `user` nodes the one that owns a player's data. Undefined when there is none. */
export function userOf<T extends { readonly key: number }>(player: string, users: readonly T[]): T | undefined {
  const chosen = rendezvous(
    playerHash(player),
    0,
    users.map((node) => node.key),
  );
  return users.find((node) => node.key === chosen);
}

/** FNV-1a over UTF-16 units: only spreads, proves nothing. */
function playerHash(player: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < player.length; index += 1) {
    hash = Math.imul(hash ^ player.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}
