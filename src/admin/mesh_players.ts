/**
 * Players for the admin API: the doors of gateways, of one shard or of all that are reachable. A gateway that takes no
 * players does not know what it is asked, and is left out.
 */

import type { Node } from "#module/node.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { DoorContract } from "#session/door_contract.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import { CHANGE_TIMEOUT_MS } from "./mesh_owners.ts";
import { ASK_TIMEOUT_MS, readRegistry } from "./mesh_registry.ts";
import type { AdminResult } from "./port.ts";
import type {
  DoorsChange,
  KickRequest,
  MaintenanceRequest,
  PlayerAt,
  PlayerWhereabouts,
  SessionsOverview,
} from "./port_players.ts";

type Asked<T> =
  | { readonly kind: "answered"; readonly gateway: NodeId; readonly shard: number; readonly reply: T }
  | { readonly kind: "silent"; readonly gateway: NodeId; readonly error: Error }
  | { readonly kind: "no_door" };

export class MeshPlayers {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  async sessions(): Promise<AdminResult<SessionsOverview>> {
    const { caller } = this.#node.endpoint;
    const asked = await this.#ask(undefined, (key) =>
      caller.call(DoorContract.status, {}, { to: { key }, timeoutMs: ASK_TIMEOUT_MS }),
    );
    const doors = asked.flatMap((one) =>
      one.kind === "answered" ? [{ gateway: one.gateway, shard: one.shard, ...one.reply }] : [],
    );
    return { kind: "ok", changed: false, value: { doors, silent: silentOf(asked) } };
  }

  async find(player: string, shard?: number): Promise<AdminResult<PlayerWhereabouts>> {
    const { caller } = this.#node.endpoint;
    const asked = await this.#ask(shard, (key) =>
      caller.call(DoorContract.find, { player }, { to: { key }, timeoutMs: ASK_TIMEOUT_MS }),
    );
    const at = asked.flatMap((one): PlayerAt[] => {
      if (one.kind !== "answered") return [];
      const { session, place } = one.reply;
      if (session === undefined && place === undefined) return [];
      const { id, sinceMs, lostSinceMs, map } = session ?? {};
      return [{ gateway: one.gateway, shard: one.shard, session: id, sinceMs, lostSinceMs, map, place }];
    });
    return { kind: "ok", changed: false, value: { at, silent: silentOf(asked) } };
  }

  async kick({ player, shard, detail }: KickRequest): Promise<AdminResult<DoorsChange>> {
    const { caller } = this.#node.endpoint;
    const options = { timeoutMs: CHANGE_TIMEOUT_MS };
    const asked = await this.#ask(shard, (key) =>
      caller.call(DoorContract.kick, { player, detail }, { ...options, to: { key } }),
    );
    return changeOf(asked, ({ kicked }) => kicked);
  }

  async maintenance({ isOn, shard, whiteList }: MaintenanceRequest): Promise<AdminResult<DoorsChange>> {
    const { caller } = this.#node.endpoint;
    const request = whiteList === undefined ? { isOn } : { isOn, whiteList: [...whiteList] };
    const asked = await this.#ask(shard, (key) =>
      caller.call(DoorContract.maintenance, request, { to: { key }, timeoutMs: CHANGE_TIMEOUT_MS }),
    );
    return changeOf(asked, ({ changed }) => changed);
  }

  async #ask<T>(shard: number | undefined, ask: (key: NodeKey) => Promise<T>): Promise<readonly Asked<T>[]> {
    const { rows } = await readRegistry(this.#node);
    const gateways = rows.filter((row) => row.role === "gateway" && (shard === undefined || row.shard === shard));
    return fanOut(gateways, async (row): Promise<Asked<T>> => {
      try {
        return { kind: "answered", gateway: row.id, shard: row.shard, reply: await ask(keyOfId(row.id)) };
      } catch (error) {
        if (!isCallError(error)) throw error;
        return error.code === "UNKNOWN_METHOD" ? { kind: "no_door" } : { kind: "silent", gateway: row.id, error };
      }
    });
  }
}

function silentOf(asked: readonly Asked<unknown>[]): NodeId[] {
  return asked.flatMap((one) => (one.kind === "silent" ? [one.gateway] : []));
}

function changeOf<T>(asked: readonly Asked<T>[], isChanged: (reply: T) => boolean): AdminResult<DoorsChange> {
  const answered = asked.flatMap((one) => (one.kind === "answered" ? [one] : []));
  if (answered.length === 0) {
    // Whoever did not answer may have done it.
    for (const one of asked) if (one.kind === "silent") throw one.error;
    return { kind: "unavailable", detail: "no gateway that takes players is reachable there" };
  }
  const gateways = answered.filter(({ reply }) => isChanged(reply)).map(({ gateway }) => gateway);
  return { kind: "ok", changed: gateways.length > 0, value: { gateways, silent: silentOf(asked) } };
}
