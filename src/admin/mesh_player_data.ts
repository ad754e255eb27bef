/**
 * Players' data for the admin API. What is read is asked of any `user` node of a shard, since all of them see the same
 * store; a change is asked of the player's own one, so that no other node takes the player over for it.
 */

import type { Node } from "#module/node.ts";
import type { ChangeOutcome, PlayerChange } from "#player/player_change.ts";
import { PlayerDataContract } from "#player/player_data_contract.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { userOf } from "#session/session_table.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import { CHANGE_TIMEOUT_MS } from "./mesh_owners.ts";
import { ASK_TIMEOUT_MS, readRegistry } from "./mesh_registry.ts";
import type { AdminResult, NodeRow, PlayerDataPort } from "./port.ts";
import type {
  PlayerChanged,
  PlayerChangeRequest,
  PlayerDataFound,
  PlayerDataQuery,
  PlayerDataRow,
  PlayerLedger,
  PlayerLedgerQuery,
  UnreadableShard,
} from "./port_player_data.ts";
import { ADMIN_KEY_PREFIX, ADMIN_REASON } from "./port_player_data.ts";

/** User nodes of a shard that are asked, one after the other, before it is unreadable. */
export const USERS_ASKED_MAX = 2;
/** Reasons that one answer repeats. */
const REASONS_TOLD_MAX = 3;

interface User {
  readonly id: NodeId;
  readonly key: NodeKey;
}

interface Unavailable {
  readonly kind: "unavailable";
  readonly detail: string;
}

type Read<T> =
  | { readonly kind: "read"; readonly reply: Exclude<T, Unavailable> }
  | ({ readonly kind: "unreadable" } & UnreadableShard);
type Refusal = Exclude<AdminResult<never>, { readonly kind: "ok" }>;

export class MeshPlayerData implements PlayerDataPort {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  async look({ player, shard }: PlayerDataQuery): Promise<AdminResult<PlayerDataFound>> {
    const { rows } = await readRegistry(this.#node);
    const value = await this.#find(player, shard === undefined ? shardsOf(rows) : [shard], rows);
    return { kind: "ok", changed: false, value };
  }

  async ledger({ player, shard, before, limit }: PlayerLedgerQuery): Promise<AdminResult<PlayerLedger>> {
    const { caller } = this.#node.endpoint;
    const { rows } = await readRegistry(this.#node);
    const chosen = shard ?? (await this.#onlyShardOf(player, rows));
    if (typeof chosen !== "number") return chosen;
    const read = await this.#read(chosen, rows, (key) =>
      caller.call(PlayerDataContract.ledger, { player, before, limit }, { to: { key }, timeoutMs: ASK_TIMEOUT_MS }),
    );
    if (read.kind === "unreadable") return unreadable([read]);
    return { kind: "ok", changed: false, value: { shard: chosen, ...read.reply.page } };
  }

  async change({ player, shard, ...of }: PlayerChangeRequest): Promise<AdminResult<PlayerChanged>> {
    const { caller } = this.#node.endpoint;
    const { rows } = await readRegistry(this.#node);
    const users = usersOf(rows, shard);
    const user = userOf(player, users);
    // A slip in the name of a player, or of the shard, is not to make a new one.
    const { data, unreadable: missed } = await this.#find(player, [shard], rows);
    if (user === undefined || missed.length > 0) return unreadable(missed);
    if (data.length === 0)
      return { kind: "not_found", detail: `Cannot change ${player}: shard ${shard} has no such player` };
    const change: PlayerChange = { ...of, key: ADMIN_KEY_PREFIX + of.key, reason: ADMIN_REASON };
    const outcome = await caller.call(
      PlayerDataContract.change,
      { player, change: { ...change, items: [...of.items] } },
      { to: { key: user.key }, timeoutMs: CHANGE_TIMEOUT_MS },
    );
    if (outcome.kind === "unavailable")
      return { kind: "unavailable", detail: `Cannot change ${player}: ${user.id}: ${outcome.detail}` };
    if (outcome.kind === "invalid") {
      return {
        kind: "invalid",
        detail: "Cannot accept body: 1 fault",
        issues: [{ path: "items", message: outcome.detail }],
      };
    }
    if (outcome.kind !== "ok") {
      return { kind: "conflict", detail: `Cannot change ${player}: ${wordsOf(outcome)}`, allowed: [] };
    }
    const { version, items, made } = outcome;
    return { kind: "ok", changed: !outcome.repeated, value: { shard, node: user.id, version, items, made } };
  }

  async #onlyShardOf(player: string, rows: readonly NodeRow[]): Promise<number | Refusal> {
    const { data, unreadable: missed } = await this.#find(player, shardsOf(rows), rows);
    const [first, ...more] = data.map(({ shard }) => shard);
    if (first === undefined) {
      if (missed.length > 0) return unreadable(missed);
      return { kind: "not_found", detail: `no shard that is reachable knows the player ${player}` };
    }
    if (more.length === 0) return first;
    const message = `is needed: the player is known to shards ${[first, ...more].join(", ")}`;
    return {
      kind: "invalid",
      detail: `Cannot choose between ${more.length + 1} shards that know ${player}`,
      issues: [{ path: "?shard", message }],
    };
  }

  async #find(player: string, shards: readonly number[], rows: readonly NodeRow[]): Promise<PlayerDataFound> {
    const { caller } = this.#node.endpoint;
    const looked = await fanOut(shards, async (shard) => ({
      shard,
      read: await this.#read(shard, rows, (key) =>
        caller.call(PlayerDataContract.look, { player }, { to: { key }, timeoutMs: ASK_TIMEOUT_MS }),
      ),
    }));
    return {
      data: looked.flatMap(({ shard, read }): PlayerDataRow[] => {
        if (read.kind === "unreadable" || read.reply.known === undefined) return [];
        const { version, profile, bag } = read.reply.view;
        return [{ shard, ...read.reply.known, version, profile, bag }];
      }),
      unreadable: looked.flatMap(({ shard, read }) =>
        read.kind === "unreadable" ? [{ shard, reason: read.reason }] : [],
      ),
    };
  }

  /** Of the first user node of a shard that can say. */
  async #read<T extends { readonly kind: string }>(
    shard: number,
    rows: readonly NodeRow[],
    ask: (key: NodeKey) => Promise<T | Unavailable>,
  ): Promise<Read<T>> {
    let reason = `no user of shard ${shard} is reachable`;
    for (const { id, key } of usersOf(rows, shard).slice(0, USERS_ASKED_MAX)) {
      try {
        const reply = await ask(key);
        if (reply.kind !== "unavailable") return { kind: "read", reply: reply as Exclude<T, Unavailable> };
        reason = `${id}: ${(reply as Unavailable).detail}`;
      } catch (error) {
        if (!isCallError(error)) throw error;
        reason = `${id} does not answer: ${error.code} at ${error.at}, ${error.detail}`;
      }
    }
    return { kind: "unreadable", shard, reason };
  }
}

function shardsOf(rows: readonly NodeRow[]): number[] {
  const shards = new Set(rows.map(({ shard }) => shard).filter((shard) => shard > 0));
  return [...shards].toSorted((a, b) => a - b);
}

function usersOf(rows: readonly NodeRow[], shard: number): User[] {
  return rows.filter((row) => row.role === "user" && row.shard === shard).map(({ id }) => ({ id, key: keyOfId(id) }));
}

function unreadable(missed: readonly UnreadableShard[]): Refusal {
  const told = missed.slice(0, REASONS_TOLD_MAX).map(({ shard, reason }) => `shard ${shard}: ${reason}`);
  const more = missed.length > told.length ? `; and ${missed.length - told.length} more shards` : "";
  return { kind: "unavailable", detail: `Cannot read data of players: ${told.join("; ")}${more}` };
}

function wordsOf(refused: Exclude<ChangeOutcome, { readonly kind: "ok" }>): string {
  switch (refused.kind) {
    case "short":
      return `it has ${refused.found} of ${refused.item}, wanted are ${refused.wanted}`;
    case "no_item":
      return `it has no unique item ${refused.id}`;
    case "full":
      return `its bag would need ${refused.places} places, it has ${refused.capacity}`;
    case "stale":
      return `its version is ${refused.version} by now`;
    case "too_much":
    case "conflict":
      return refused.detail;
  }
}
