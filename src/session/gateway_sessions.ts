/**
 * The gateway's side of presence: serves login and logout, ties sessions to maps, tells the shard's nodes, and brings a
 * node in line whenever its link comes up or the set of nodes changes. A reconcile that fails is tried again while the
 * node is linked, every RECONCILE_RETRY_MS.
 */

import type { Clock } from "#base/clock.ts";
import { sleep } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { CallError } from "#rpc/call_failure.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import { RECONCILE_PAGE_MAX, SessionContract } from "./session_contract.ts";
import type { Binding, PlayerOf } from "./session_table.ts";
import { SESSIONS_MAX, SessionTable, nodesOf } from "./session_table.ts";

const TELL_TIMEOUT_MS = 2_000;
const RECONCILE_RETRY_MS = 1_000;

type News = typeof SessionContract.bind | typeof SessionContract.unbind;

/** `replaced`: by a newer session of the same player. */
export type EndedHow = "replaced" | "logged_out";

/** `no_such_map`: no map node of that name is linked to the gateway. Nothing has changed then, nor with `no_session`. */
export type EnterMapOutcome = "ok" | "no_session" | "no_such_map";

export class GatewaySessions {
  readonly #table: SessionTable;
  readonly #random: Random;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #endpoint: Endpoint;
  readonly #nodes: () => readonly Identity[];
  /** Per node id: the run of reconcile that counts; an older one gives up. */
  readonly #runs = new Map<string, number>();
  #ended: (binding: Binding, how: EndedHow) => void = () => {};

  constructor(options: {
    readonly random: Random;
    readonly clock: Clock;
    readonly counters: Counters;
    readonly endpoint: Endpoint;
    /** The shard's nodes that are linked to this gateway now. */
    readonly nodes: () => readonly Identity[];
  }) {
    this.#table = new SessionTable(options.random);
    this.#random = options.random;
    this.#clock = options.clock;
    this.#counters = options.counters;
    this.#endpoint = options.endpoint;
    this.#nodes = options.nodes;
    const { server } = options.endpoint;
    server.serve(SessionContract.login, async ({ player }) => {
      const opened = await this.login(player);
      if (opened !== "full") return { session: opened.session };
      throw new RangeError(`Cannot log in: ${SESSIONS_MAX} sessions are open, which is the limit`);
    });
    server.serve(SessionContract.logout, async (binding) => ({ ended: await this.logout(binding) }));
  }

  /** Called at once when a session has ended, whoever ended it: who holds the player's connection hears it here. */
  onEnded(listener: (binding: Binding, how: EndedHow) => void): void {
    this.#ended = listener;
  }

  get count(): number {
    return this.#table.count;
  }

  /** True while that session is open, and no newer one of its player. */
  has(binding: Binding): boolean {
    return this.#table.has(binding);
  }

  /** The open session of a player. */
  find(of: PlayerOf): Binding | undefined {
    return this.#table.find(of);
  }

  /** The map that the player is in. */
  mapOf(of: PlayerOf): Identity | undefined {
    return this.#table.mapOf(of, this.#nodes());
  }

  /** What this node of the shard has to believe now. */
  bindingsOf(node: Identity): readonly Binding[] {
    return this.#table.bindingsOf(node, this.#nodes());
  }

  /**
   * A node of the shard came or went. Players are divided among the user nodes, so one of these concerns all of them;
   * any other concerns itself alone. Without one: all are brought in line.
   */
  nodesChanged(changed?: Identity): void {
    for (const node of this.#nodes()) {
      const isConcerned =
        changed === undefined || node.key === changed.key || (node.role === "user" && changed.role === "user");
      if (isConcerned) void this.#reconcile(node);
    }
  }

  /** Opens a session, which replaces the player's older one, and resolves when the shard's nodes have heard of it. */
  async login(player: string): Promise<Binding | "full"> {
    const map = this.mapOf({ player });
    const result = this.#table.open(player);
    if (result === "full") return "full";
    const { opened, replaced } = result;
    if (replaced !== undefined) this.#ended(replaced, "replaced");
    const told = nodesOf(player, this.#nodes()).map((node) => this.#tell(SessionContract.bind, opened, node));
    if (replaced !== undefined && map !== undefined) told.push(this.#tell(SessionContract.unbind, replaced, map));
    await Promise.all(told);
    return opened;
  }

  /** False when that session is not open. Resolves when the shard's nodes have heard of it. */
  async logout(binding: Binding): Promise<boolean> {
    const map = this.mapOf(binding);
    if (!this.#table.close(binding)) return false;
    this.#ended(binding, "logged_out");
    const told = nodesOf(binding.player, this.#nodes());
    if (map !== undefined) told.push(map);
    await Promise.all(told.map((node) => this.#tell(SessionContract.unbind, binding, node)));
    return true;
  }

  /**
   * Resolves when the map node has heard of the session, and the one before of its end. The newest enter wins. Throws
   * Error when the map could not be told: the player is in no map then, unless something came after.
   */
  async enterMap(of: PlayerOf, map: NodeId): Promise<EnterMapOutcome> {
    if (this.#table.find(of) === undefined) return "no_session";
    const to = this.#nodes().find((node) => node.role === "map" && node.id === map);
    if (to === undefined) return "no_such_map";
    const before = this.mapOf(of);
    const tie = this.#table.enterMap(of, to);
    if (tie === undefined) return "no_session";
    const { binding } = tie;
    const left =
      before === undefined || before.key === to.key ? undefined : this.#tell(SessionContract.unbind, binding, before);
    const fault = await this.#say(SessionContract.bind, binding, to);
    if (fault !== undefined) {
      this.#table.untie(tie);
      // It may have heard of it all the same.
      void this.#reconcile(to);
    }
    await left;
    if (fault !== undefined) throw new Error(`${map} could not be told of the session: ${fault.code} ${fault.detail}`);
    return this.#table.has(binding) ? "ok" : "no_session";
  }

  /** False when the player is in no map, or in another one than `from`. Resolves when the map node has heard of it. */
  async leaveMap(of: PlayerOf, from: NodeId | undefined): Promise<boolean> {
    const map = this.mapOf(of);
    const tie = this.#table.leaveMap(of, from);
    if (tie === undefined) return false;
    if (map !== undefined) await this.#tell(SessionContract.unbind, tie.binding, map);
    return map !== undefined;
  }

  /** What a node misses here it hears by the reconcile, whose pages say what is true when they leave. */
  async #tell(method: News, binding: Binding, node: Identity): Promise<void> {
    if ((await this.#say(method, binding, node)) !== undefined) void this.#reconcile(node);
  }

  /** Once: a second try could overtake what was said since. Answers why it has perhaps not been heard. */
  async #say(method: News, binding: Binding, node: Identity): Promise<CallError | undefined> {
    try {
      await this.#endpoint.caller.call(method, binding, { to: { key: node.key }, timeoutMs: TELL_TIMEOUT_MS });
      return undefined;
    } catch (error) {
      if (!isCallError(error)) throw error;
      this.#counters.add("session.tell_failed");
      return error;
    }
  }

  /** Never rejects with a CallError; ends when the node has it all, or is linked no more. */
  async #reconcile(node: Identity): Promise<void> {
    const run = (this.#runs.get(node.id) ?? 0) + 1;
    this.#runs.set(node.id, run);
    const counts = (): boolean =>
      this.#runs.get(node.id) === run &&
      this.#nodes().some((other) => other.key === node.key && other.boot === node.boot);
    while (counts()) {
      try {
        await this.#sendPages(node);
        return;
      } catch (error) {
        if (!isCallError(error)) throw error;
        this.#counters.add("session.reconcile_failed");
        await sleep(this.#clock, RECONCILE_RETRY_MS);
      }
    }
  }

  async #sendPages(node: Identity): Promise<void> {
    const bindings = this.#table.bindingsOf(node, this.#nodes());
    const pages = Math.max(1, Math.ceil(bindings.length / RECONCILE_PAGE_MAX));
    const run = randomIndex(this.#random, 2 ** 32);
    const calls: Promise<unknown>[] = [];
    // All are sent in one go, so that a bind that follows meets a node that has them or is getting them.
    for (let page = 0; page < pages; page += 1) {
      const part = bindings.slice(page * RECONCILE_PAGE_MAX, (page + 1) * RECONCILE_PAGE_MAX);
      const request = { run, page, pages, bindings: part };
      const options = { to: { key: node.key }, timeoutMs: TELL_TIMEOUT_MS };
      calls.push(this.#endpoint.caller.call(SessionContract.reconcile, request, options));
    }
    await Promise.all(calls);
  }
}
