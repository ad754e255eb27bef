/**
 * The gateway's side of players, behind its door: checks what they ask for, hands it to the node that serves it, and tells
 * them what nodes of the shard push. Who a player is, the door knows; what a client says of itself counts for nothing.
 */

import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { PlayerRole } from "#rpc/contract.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import { LEAVE_MS_MAX, PlayerContract } from "#session/player_contract.ts";
import type { PlayerAnswer, PlayerRequest, PlayerRouter } from "#session/player_router.ts";
import type { GatewaySessions } from "#session/gateway_sessions.ts";
import type { Binding } from "#session/session_table.ts";
import { nodesOf } from "#session/session_table.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import type { PlayerMethods } from "./player_methods.ts";

/** What the door does for nodes of the shard. */
export interface PlayerSeatsOf {
  /** False: the player has no session here. */
  push(player: string, type: string, body: unknown): boolean;
  players(): readonly string[];
}

export interface PlayerGatewayOptions {
  readonly self: Identity;
  readonly clock: Clock;
  readonly clusterMs: () => number;
  readonly endpoint: Endpoint;
  readonly methods: PlayerMethods;
  /** What the shard believes of its players. */
  readonly sessions: Pick<GatewaySessions, "find" | "has" | "mapOf" | "enterMap" | "leaveMap">;
  /** Nodes of the shard that are linked to this gateway, and stay. */
  readonly nodes: () => readonly Identity[];
  /** This one does not; answers who it is, undefined when it is not linked. */
  readonly leaves: (id: NodeId) => Identity | undefined;
}

/** For a node that is to serve a player, and is not there. */
export const NODE_WAIT_MS = 5_000;
/** Before it is looked for again: at first, and at most. */
const NODE_LOOK_MS = 50;
const NODE_LOOK_MS_MAX = 400;
/** Ends of a request whose reason may go by itself. */
const PASSING: ReadonlySet<CallErrorCode> = new Set(["NO_ROUTE", "DRAINING", "LINK_LOST"]);

export class PlayerGateway implements PlayerRouter {
  readonly #options: PlayerGatewayOptions;
  #seats: PlayerSeatsOf | undefined;
  /** By node: its players' requests that are under way. */
  readonly #asked = new Map<NodeKey, number>();
  #answered = Promise.withResolvers<void>();

  constructor(options: PlayerGatewayOptions) {
    this.#options = options;
    const { sessions } = options;
    const { server } = options.endpoint;
    server.serve(PlayerContract.push, ({ players, type, body }, { source }) => {
      this.#ofShard(source);
      const all = players ?? this.#seats?.players() ?? [];
      return { told: all.filter((player) => this.#seats?.push(player, type, body) === true).length };
    });
    server.serve(PlayerContract.leave, async (_, { source }) => {
      const node = options.leaves(source);
      if (node === undefined) throw new TypeError(`${source} is no node of shard ${options.self.shard}`);
      await this.#idle(node.key);
      return {};
    });
    server.serve(PlayerContract.whereis, (of) => ({
      session: sessions.find(of)?.session,
      map: sessions.mapOf(of)?.id,
    }));
    server.serve(PlayerContract.enterMap, async ({ map, ...of }, { source }) => {
      this.#ofShard(source);
      return { kind: await sessions.enterMap(of, map) };
    });
    server.serve(PlayerContract.leaveMap, async ({ map, ...of }, { source }) => {
      this.#ofShard(source);
      return { left: await sessions.leaveMap(of, map) };
    });
  }

  /** The door is open from now on. Undefined: it is closed. */
  open(seats: PlayerSeatsOf | undefined): void {
    this.#seats = seats;
  }

  /**
   * Never rejects. A node that is away for a moment, because it starts again or its link is re-made, is waited for: what was
   * not executed is asked again within NODE_WAIT_MS, of an idempotent method also what may have been.
   */
  async request(request: PlayerRequest): Promise<PlayerAnswer> {
    const { clock, methods } = this.#options;
    const { session, player, method } = request;
    const checked = methods.check(method, request.body);
    if (checked.kind === "refused") return refused(checked.code, checked.detail);
    const isIdempotent = methods.get(method)?.method.idempotent === true;
    const startMs = clock.nowMs();
    let wasSent = false;
    for (let pauseMs = NODE_LOOK_MS; ; pauseMs = Math.min(pauseMs * 2, NODE_LOOK_MS_MAX)) {
      const deadlineMs = request.deadlineMs - (clock.nowMs() - startMs);
      const answer = await this.#ask({ ...request, deadlineMs }, checked.role);
      if (answer.kind === "reply") return answer;
      wasSent ||= answer.executed !== false;
      const known = wasSent && answer.executed === false ? { ...answer, executed: null } : answer;
      // Only the game itself can put a player into a map: that is not waited for.
      const isPassing = PASSING.has(answer.code) && (checked.role !== "map" || answer.code !== "NO_ROUTE");
      const isSafe = answer.executed === false || isIdempotent;
      const isLate = clock.nowMs() - startMs + pauseMs > Math.min(NODE_WAIT_MS, request.deadlineMs / 2);
      if (!isPassing || !isSafe || isLate) return known;
      await sleep(clock, pauseMs);
      // Nobody waits for the answer of a session that is over.
      if (!this.#options.sessions.has({ player, session })) return known;
    }
  }

  async #ask({ session, player, method, body, deadlineMs }: PlayerRequest, role: PlayerRole): Promise<PlayerAnswer> {
    const { endpoint, self } = this.#options;
    const to = this.#nodeFor({ player, session }, role);
    if (to === undefined) {
      if (role === "map") return refused("NO_ROUTE", "the player is in no map");
      return refused("NO_ROUTE", `no ${role} of shard ${self.shard} is there`);
    }
    this.#asked.set(to.key, (this.#asked.get(to.key) ?? 0) + 1);
    try {
      const options = { to: { key: to.key }, timeoutMs: deadlineMs };
      const asked = { session, player, method, body, askedAtMs: this.#options.clusterMs() };
      const answer = await endpoint.caller.call(PlayerContract.request, asked, options);
      if (answer.kind === "reply") return answer;
      if (answer.kind === "refused") return refused(answer.code, answer.detail);
      return { kind: "error", code: answer.code, detail: answer.detail, executed: null };
    } catch (error) {
      if (!isCallError(error)) throw error;
      const executed = error.notExecuted ? false : error.code === "FAILED" ? true : null;
      return { kind: "error", code: error.code, detail: error.detail, executed };
    } finally {
      this.#ended(to.key);
    }
  }

  #ended(node: NodeKey): void {
    const left = (this.#asked.get(node) ?? 1) - 1;
    if (left > 0) {
      this.#asked.set(node, left);
      return;
    }
    this.#asked.delete(node);
    this.#answered.resolve();
    this.#answered = Promise.withResolvers<void>();
  }

  /** Resolves when no request is under way there, or after LEAVE_MS_MAX. */
  async #idle(node: NodeKey): Promise<void> {
    const late = sleep(this.#options.clock, LEAVE_MS_MAX).then(() => "late" as const);
    while (this.#asked.has(node)) {
      if ((await Promise.race([this.#answered.promise, late])) === "late") return;
    }
  }

  #nodeFor(binding: Binding, role: PlayerRole): Identity | undefined {
    if (role === "map") return this.#options.sessions.mapOf(binding);
    return nodesOf(binding.player, this.#options.nodes()).find((node) => node.role === role);
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
