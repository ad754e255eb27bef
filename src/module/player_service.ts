/**
 * The side of a node that serves players, `user`, `center` or `map`: takes their requests from its own gateway and gives them to
 * the handlers that modules have set up. A request of a session that the gateway has not told of, or has ended, is refused.
 */

import type { HeardRequestOf, AnswerOf, Method } from "#rpc/contract.ts";
import { ContractError } from "#rpc/contract.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import { isCallError } from "#rpc/call_failure.ts";
import { PlayerContract, STUCK_CODES } from "#session/player_contract.ts";
import type { ShardLogins } from "#session/shard_logins.ts";
import type { NodeId } from "#wire/role.ts";
import type { PlayerMethods } from "./player_methods.ts";

/**
 * A request that has not begun within so many heartbeat intervals is refused. A node that stood still reads what lay in its
 * sockets before it hears that the links are over, when its gateway has long asked another one, or gone on.
 */
export const LATE_INTERVALS_MAX = 2;

/** Who asks, as the gateway says. */
export interface PlayerCall {
  readonly player: string;
  /** 32 hex digits; another one with each login. */
  readonly session: string;
  /** Milliseconds that are left. */
  timeLeftMs(): number;
}

export type PlayerHandler<M extends Method = Method> = (
  from: PlayerCall,
  request: HeardRequestOf<M>,
) => AnswerOf<M> | Promise<AnswerOf<M>>;

export interface PlayerServiceOptions {
  readonly self: NodeId;
  readonly gateway: NodeId;
  readonly endpoint: Endpoint;
  readonly logins: ShardLogins;
  readonly methods: PlayerMethods;
  readonly clusterMs: () => number;
  readonly heartbeatMs: number;
}

export class PlayerService {
  readonly #methods: PlayerMethods;
  readonly #handlers = new Map<number, PlayerHandler>();

  constructor(options: PlayerServiceOptions) {
    const { self, gateway, endpoint, logins, methods, clusterMs } = options;
    const lateMs = LATE_INTERVALS_MAX * options.heartbeatMs;
    this.#methods = methods;
    endpoint.server.serve(PlayerContract.request, async ({ session, player, method, body, askedAtMs }, context) => {
      if (context.source !== gateway) {
        throw new TypeError(`only ${gateway} may ask for its players, not ${context.source}`);
      }
      if (clusterMs() - askedAtMs > lateMs) {
        const detail = `${self} stood still, or is overloaded: it was asked more than ${lateMs} ms ago`;
        return { kind: "refused" as const, code: "NO_ROUTE" as const, detail };
      }
      if (logins.sessionOf(player) !== session) {
        // The gateway ends its sessions itself: one that is not known here is new, and the news of it was lost.
        const detail = `${self} has not been told of this session`;
        return { kind: "refused" as const, code: "NO_ROUTE" as const, detail };
      }
      const handler = this.#handlers.get(method);
      if (handler === undefined) {
        const detail = `no module here serves method ${method}`;
        return { kind: "refused" as const, code: "UNKNOWN_METHOD" as const, detail };
      }
      const checked = this.#methods.check(method, body);
      if (checked.kind === "refused") return checked;
      const from: PlayerCall = { player, session, timeLeftMs: () => context.timeLeftMs() };
      try {
        return { kind: "reply" as const, body: await handler(from, checked.body as never) };
      } catch (error) {
        if (!isCallError(error)) throw error;
        const code = STUCK_CODES.find((each) => each === error.code);
        if (code === undefined) throw error;
        // The handler is without fault, and another time it may succeed.
        return { kind: "stuck" as const, code, detail: error.message };
      }
    });
  }

  /** Throws ContractError for a method that players may not call, and for one that is taken. */
  on(method: Method, handler: PlayerHandler): void {
    if (this.#methods.get(method.id) === undefined) {
      throw new ContractError(`Cannot serve ${method.name} to players: its contract is not among its module's players`);
    }
    if (this.#handlers.has(method.id)) throw new ContractError(`Cannot serve ${method.name} to players: it is served`);
    this.#handlers.set(method.id, handler);
  }
}
