/**
 * The gateway's side of players, behind its door: checks what they ask for, hands it to the node that serves it, and tells
 * them what nodes of the shard push. Who a player is, the door knows; what a client says of itself counts for nothing.
 */

import type { CallErrorCode } from "#wire/call_error.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { PlayerRole } from "#rpc/contract.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import { PlayerContract } from "#session/player_contract.ts";
import type { PlayerAnswer, PlayerRequest, PlayerRouter } from "#session/player_router.ts";
import { nodesOf } from "#session/session_table.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import type { PlayerMethods } from "./player_methods.ts";

/** What the door does for nodes of the shard. */
export interface PlayerSeatsOf {
  /** False: the player has no session here. */
  push(player: string, type: string, body: unknown): boolean;
  players(): readonly string[];
  sessionOf(player: string): string | undefined;
}

export interface PlayerGatewayOptions {
  readonly self: Identity;
  readonly endpoint: Endpoint;
  readonly methods: PlayerMethods;
  /** Nodes of the shard that are linked to this gateway. */
  readonly nodes: () => readonly Identity[];
}

export class PlayerGateway implements PlayerRouter {
  readonly #options: PlayerGatewayOptions;
  #seats: PlayerSeatsOf | undefined;

  constructor(options: PlayerGatewayOptions) {
    this.#options = options;
    const { server } = options.endpoint;
    server.serve(PlayerContract.push, ({ players, type, body }, { source }) => {
      this.#ofShard(source);
      const all = players ?? this.#seats?.players() ?? [];
      return { told: all.filter((player) => this.#seats?.push(player, type, body) === true).length };
    });
    server.serve(PlayerContract.whereis, ({ player }) => ({ session: this.#seats?.sessionOf(player) }));
  }

  /** The door is open from now on. Undefined: it is closed. */
  open(seats: PlayerSeatsOf | undefined): void {
    this.#seats = seats;
  }

  /** Never rejects. */
  async request({ session, player, method, body, deadlineMs }: PlayerRequest): Promise<PlayerAnswer> {
    const { endpoint, methods, self } = this.#options;
    const checked = methods.check(method, body);
    if (checked.kind === "refused") return refused(checked.code, checked.detail);
    const to = this.#nodeFor(player, checked.role);
    if (to === undefined) return refused("NO_ROUTE", `no ${checked.role} of shard ${self.shard} is there`);
    try {
      const options = { to: { key: to.key }, timeoutMs: deadlineMs };
      const answer = await endpoint.caller.call(PlayerContract.request, { session, player, method, body }, options);
      if (answer.kind === "reply") return answer;
      if (answer.kind === "refused") return refused(answer.code, answer.detail);
      return { kind: "error", code: answer.code, detail: answer.detail, executed: null };
    } catch (error) {
      if (!isCallError(error)) throw error;
      const executed = error.notExecuted ? false : error.code === "FAILED" ? true : null;
      return { kind: "error", code: error.code, detail: error.detail, executed };
    }
  }

  #nodeFor(player: string, role: PlayerRole): Identity | undefined {
    return nodesOf(player, this.#options.nodes()).find((node) => node.role === role);
  }

  /** Other shards push through their own gateways. */
  #ofShard(source: NodeId): void {
    const { self, nodes } = this.#options;
    if (source === self.id || nodes().some(({ id }) => id === source)) return;
    throw new TypeError(`only nodes of shard ${self.shard} may speak to its players, not ${source}`);
  }
}

function refused(code: CallErrorCode, detail: string): PlayerAnswer {
  return { kind: "error", code, detail, executed: false };
}
