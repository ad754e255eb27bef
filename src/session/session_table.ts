/**
 * Sessions that a shard's gateway holds: pure. One per player, the newest wins. Which of the shard's nodes are
 * told of a player: `center`, and the `user` node that rendezvous hashing gives them.
 */

import type { Random } from "#base/random.ts";
import { toHex } from "#base/digest.ts";
import { rendezvous } from "#mesh/rendezvous.ts";
import type { Identity } from "#wire/identity.ts";

/** Players of one shard that may be present at once. */
export const SESSIONS_MAX = 50_000;

export interface Binding {
  readonly player: string;
  readonly session: string;
}

export class SessionTable {
  readonly #random: Random;
  readonly #sessions = new Map<string, string>();

  constructor(random: Random) {
    this.#random = random;
  }

  get count(): number {
    return this.#sessions.size;
  }

  has(binding: Binding): boolean {
    return this.#sessions.get(binding.player) === binding.session;
  }

  /** The new session, and the one that it replaced. "full" beyond SESSIONS_MAX. */
  open(player: string): { readonly opened: Binding; readonly replaced: Binding | undefined } | "full" {
    const old = this.#sessions.get(player);
    if (old === undefined && this.#sessions.size >= SESSIONS_MAX) return "full";
    const session = toHex(this.#random.bytes(16));
    this.#sessions.set(player, session);
    return { opened: { player, session }, replaced: old === undefined ? undefined : { player, session: old } };
  }

  /** False when the player has another session or none. */
  close(binding: Binding): boolean {
    if (!this.has(binding)) return false;
    this.#sessions.delete(binding.player);
    return true;
  }

  /** What `node` has to believe, given the shard's nodes that are linked now. */
  bindingsOf(node: Identity, nodes: readonly Identity[]): Binding[] {
    const out: Binding[] = [];
    for (const [player, session] of this.#sessions) {
      if (nodesOf(player, nodes).some((other) => other.key === node.key)) out.push({ player, session });
    }
    return out;
  }
}

/** The nodes of a shard that are told of a player. */
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
