/**
 * Module host: runs modules on one node and is the wall around them. A fault is caught here, counted, and
 * raised as the alarm `module_fault:<module>`; it ends the setup, the listener's turn or the call that it is in.
 */

import type { OnceHook, OnceHooks } from "#activity/once_hooks.ts";
import type { ActivityReplica } from "#activity/replica.ts";
import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import { messageOf, withData } from "#base/log.ts";
import type { Directory } from "#mesh/directory.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { CallOptions } from "#rpc/caller.ts";
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import { ContractError, PLAYER_ROLES } from "#rpc/contract.ts";
import type { ItemKinds } from "#player/item_kinds.ts";
import { DoorContract } from "#session/door_contract.ts";
import { PlayerContract } from "#session/player_contract.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { CallContext, Handler } from "#rpc/server.ts";
import type { Identity } from "#wire/identity.ts";
import { METHOD_TEAM_MIN } from "#wire/limits.ts";
import { NUMBER_EVERY, nodeKey } from "#wire/role.ts";
import type { ActivityKind } from "./activity_kind.ts";
import type { Module } from "./module.ts";
import type { OwnedPlayerData } from "./owned_player_data.ts";
import type { PlayerAccess } from "./player_access.ts";
import { playerDesk } from "./player_desk.ts";
import type { PlayerMethods } from "./player_methods.ts";
import { PlayerPlaces } from "./player_places.ts";
import type { PlayerHandler, PlayerService } from "./player_service.ts";
import type { ActivityListener, Group, ModuleNode, PlayerPush, Target } from "./module_node.ts";
import { ShardActivity } from "./shard_activity.ts";
import type { TargetResolver } from "./target.ts";

export interface ModuleHostOptions {
  readonly self: Identity;
  readonly clock: Clock;
  readonly log: Log;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly directory: Directory;
  readonly endpoint: Endpoint;
  readonly targets: TargetResolver;
  readonly replica: ActivityReplica;
  readonly clusterMs: () => number;
  /** Undefined: this node keeps nothing. */
  readonly once: OnceHooks | undefined;
  /** What players may call, of all modules that are hosted here. */
  readonly methods: PlayerMethods;
  /** What the items of players are, of all modules that are hosted here. */
  readonly kinds: ItemKinds;
  /** Undefined: this node owns no players' data. */
  readonly playerData: OwnedPlayerData | undefined;
  /** Undefined: this node serves no players. */
  readonly players: PlayerService | undefined;
}

export class ModuleHost {
  readonly #options: ModuleHostOptions;
  readonly #modules: Module[] = [];
  readonly #reachable: ((node: Identity) => void)[] = [];
  readonly #unreachable: ((node: Identity) => void)[] = [];
  readonly #timers = new Set<Timer>();
  #isStopped = false;

  constructor(options: ModuleHostOptions) {
    this.#options = options;
  }

  names(): string[] {
    return this.#modules.map((module) => module.name);
  }

  /** The kind of this name that a hosted module brings. */
  kind(name: string): ActivityKind | undefined {
    for (const module of this.#modules) {
      const found = module.activities.find((kind) => kind.name === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  kinds(): string[] {
    return this.#modules.flatMap((module) => module.activities.map((kind) => kind.name));
  }

  /** Runs a module's setup. A fault in it leaves what it had set up until then. */
  host(module: Module): void {
    const twice = this.#modules.some((other) => other.name === module.name);
    const taken = module.activities.find((kind) => this.kind(kind.name) !== undefined);
    if (twice || taken !== undefined) {
      this.#fault(
        module.name,
        new TypeError(twice ? "a module of this name is hosted already" : `kind ${taken?.name} is taken`),
      );
      return;
    }
    try {
      for (const contract of module.players) this.#options.methods.add(contract);
      this.#options.kinds.add(module.items);
    } catch (error) {
      this.#fault(module.name, error);
      return;
    }
    this.#modules.push(module);
    this.#guard(module.name, () => module.setup(this.#nodeFor(module)));
  }

  reachable(node: Identity): void {
    for (const listener of this.#reachable) listener(node);
  }

  unreachable(node: Identity): void {
    for (const listener of this.#unreachable) listener(node);
  }

  /** What modules have asked for later does not come any more. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #after(delayMs: number, run: () => void): () => void {
    if (this.#isStopped) return () => {};
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer);
      run();
    });
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
      timer.cancel();
    };
  }

  #nodeFor(module: Module): ModuleNode {
    const { self, log, counters, directory, endpoint, targets, replica, clusterMs } = this.#options;
    const guard = (fn: () => void): void => this.#guard(module.name, fn);
    const call: ModuleNode["call"] = (method, request, options) => this.#call(method, request, options);
    const places = new PlayerPlaces({ call, shard: self.shard });
    return {
      id: self.id,
      role: self.role,
      shard: self.shard,
      log: withData(log, { module: module.name }),
      on: (roles, start) => {
        const wanted = typeof roles === "string" ? [roles] : roles;
        if (wanted.includes(self.role)) this.#watch(module.name, start());
      },
      serve: (contract, handlers) => {
        for (const [name, handler] of Object.entries(handlers)) {
          const method = (contract as Record<string, Method>)[name];
          if (method === undefined) throw new ContractError(`Cannot serve ${name}: the contract has no such method`);
          this.#serve(module.name, method, handler as Handler<Method>);
        }
      },
      call: (method, request, options: CallOptions & { readonly to: Target }) => {
        return heard(this.#call(method, request, options));
      },
      cast: (method, request, to: Target | Group) => {
        if (typeof to === "object" && "every" in to) {
          return endpoint.caller.cast(method, request, { key: nodeKey(to.every, NUMBER_EVERY), shard: to.shard ?? 0 });
        }
        const key = targets.find(to);
        if (key === undefined) counters.add("rpc.cast_dropped");
        return key !== undefined && endpoint.caller.cast(method, request, { key });
      },
      activity: <Kind extends ActivityKind>(kind: Kind) => {
        const of = { module: module.name, kind: kind.name };
        const polled = (): Promise<void> => this.#polled();
        const asks = new ShardActivity({ kind: kind.name, replica, caller: endpoint.caller, polled });
        const listener: ActivityListener<unknown> = {
          opened: (opened) => replica.listen({ ...of, opened }),
          closed: (closed) => replica.listen({ ...of, closed }),
          phase: (phase) => replica.listen({ ...of, phase }),
          applied: (applied) => replica.listen({ ...of, applied }),
          once: (phase, run) => this.#once({ ...of, phase, run: run as OnceHook["run"] }),
          report: (report, asked) => heard(asks.report(report, asked)),
          join: (join, asked) => heard(asks.join(join, asked)),
          standing: (question, asked) => heard(asks.standing(question, asked)),
          top: (question, asked) => heard(asks.top(question, asked)),
          open: () => replica.open().filter((event) => event.kind === kind.name),
        };
        // The owner validated every config of this kind before it published it.
        return listener as never;
      },
      onPlayer: (method, handler) => this.#onPlayer(module.name, method, handler as PlayerHandler),
      playerData: this.#playerData(),
      push: (push) => heard(this.#push(push)),
      kick: (player, reason) => heard(this.#kick(player, reason)),
      whereis: (player, asked) => heard(places.whereis(player, asked?.shard)),
      enterMap: (of, map) => heard(places.enter(of, map)),
      leaveMap: (of, map) => heard(places.leave(of, map)),
      nodes: (role, shard) => directory.ofRole(role, shard),
      onReachable: (listener) => this.#reachable.push((node) => guard(() => listener(node))),
      onUnreachable: (listener) => this.#unreachable.push((node) => guard(() => listener(node))),
      after: (delayMs, fn) => this.#after(delayMs, () => guard(fn)),
      clusterMs,
    };
  }

  #playerData(): PlayerAccess {
    const { self, playerData, targets } = this.#options;
    const desk = playerDesk({
      self,
      owned: playerData,
      isHere: (player) =>
        playerData?.isLoggedIn(player) === true || targets.find({ player, shard: self.shard }) === self.key,
      call: (method, request, options) => this.#call(method, request, options),
    });
    return {
      read: (player) => heard(desk.read(player)),
      change: (player, change) => heard(desk.change(player, change)),
      ledger: (player, query) => heard(desk.ledger(player, query)),
      mails: (player, query) => heard(desk.mails(player, query)),
      claimMail: (player, mail) => heard(desk.claimMail(player, mail)),
    };
  }

  #once(hook: OnceHook): void {
    const { once, self } = this.#options;
    if (once === undefined) {
      throw new TypeError(
        `Cannot hear once of ${hook.kind} on ${self.id}: allowed is a center, which keeps what was done`,
      );
    }
    once.add(hook);
  }

  async #call<M extends Method>(
    method: M,
    request: RequestOf<M>,
    options: CallOptions & { readonly to: Target },
  ): Promise<ReplyOf<M>> {
    const { endpoint, targets } = this.#options;
    try {
      return await endpoint.caller.call(method, request, { ...options, to: { key: targets.resolve(options.to) } });
    } catch (error) {
      // What never left this node fails at once: a module that asks again at once must not keep the node from its links.
      if (isCallError(error) && !error.sent) await this.#polled();
      throw error;
    }
  }

  #onPlayer(name: string, method: Method, handler: PlayerHandler): void {
    const { players, self } = this.#options;
    if (players === undefined) {
      throw new TypeError(`Cannot serve players on ${self.id}: allowed are ${PLAYER_ROLES.join(", ")}`);
    }
    if (method.players !== undefined && method.players !== self.role) {
      throw new ContractError(
        `Cannot serve ${method.name} to players on ${self.id}: its contract says ${method.players}`,
      );
    }
    players.on(method, async (from, request) => {
      try {
        return await handler(from, request);
      } catch (error) {
        if (!isCallError(error)) this.#fault(name, error);
        throw error;
      }
    });
  }

  /** Rejects with CallError. */
  async #push({ players, type, body }: PlayerPush): Promise<{ readonly told: number }> {
    const { shard } = this.#options.self;
    return await this.#call(PlayerContract.push, { players, type, body }, { to: { role: "gateway", shard } });
  }

  /** Rejects with CallError. */
  async #kick(player: string, reason: string): Promise<{ readonly ended: boolean }> {
    const { shard } = this.#options.self;
    const to = { role: "gateway", shard } as const;
    const { kicked } = await this.#call(DoorContract.kick, { player, detail: reason }, { to });
    return { ended: kicked };
  }

  #polled(): Promise<void> {
    return new Promise((resolve) => this.#options.clock.afterPoll(resolve));
  }

  #serve(name: string, method: Method, handler: Handler<Method>): void {
    if (method.id < METHOD_TEAM_MIN) {
      throw new ContractError(`Cannot serve ${method.name}: id is ${method.id}, allowed is ${METHOD_TEAM_MIN} and up`);
    }
    this.#options.endpoint.server.serve(method, async (request: unknown, context: CallContext) => {
      try {
        return await handler(request, context);
      } catch (error) {
        // That another node could not be asked is no bug: an alarm for it would stay when the node is back.
        if (!isCallError(error)) this.#fault(name, error);
        throw error;
      }
    });
  }

  #guard(name: string, fn: () => void): void {
    try {
      this.#watch(name, fn());
    } catch (error) {
      this.#fault(name, error);
    }
  }

  /** An async listener is a mistake that the types allow: its rejection must not end the process. */
  #watch(name: string, result: unknown): void {
    if (result instanceof Promise) result.catch((error: unknown) => this.#fault(name, error));
  }

  #fault(name: string, error: unknown): void {
    this.#options.counters.add("module.faults");
    this.#options.alarms.raise(`module_fault:${name}`, { module: name, error: messageOf(error) });
  }
}

/** Whoever does not wait for it does not care how it ends: that must not end the process. */
function heard<T>(answer: Promise<T>): Promise<T> {
  answer.catch(() => {});
  return answer;
}
