/**
 * What a simulated cluster does all the time: calls in every direction with deadlines, casts to one and to many, and
 * an operator who creates, opens, closes and deletes activities at their owner.
 */

import { equalBytes } from "#base/digest.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import { ActivityContract } from "#activity/activity_contract.ts";
import type { ActivityOutcome } from "#activity/outcome.ts";
import { CallError } from "#rpc/call_failure.ts";
import { SessionContract } from "#session/session_contract.ts";
import { StoreError } from "#store/store.ts";
import type { Role } from "#wire/role.ts";
import { acceptsLinks, tierOf } from "#wire/role.ts";
import type { Life, SimCluster } from "./sim_cluster.ts";
import { Sim } from "./sim_module.ts";
import type { NodeSpec } from "./topology.ts";

/** The wheel's tick and what timers of the simulation are late. */
const DEADLINE_SLACK_MS = 30;
const BULK_SIZE = 900_000;
const BULKS = 14;
/** A data queue takes what keeps it below 8 MiB, and the one that fills it. */
const BULKS_SIZE_MAX = 8 * 1024 * 1024 + BULK_SIZE;
const ACTIVITIES = 5;
const MARK_RETRY_MS = 50;
const PLAYERS = 6;
/** Longer than the owner itself waits for a content. */
const RESCUE_MS = 6000;
const LOGIN_MS = 5000;
const CAST_ROLES: readonly Role[] = ["center", "user", "map", "gateway", "cross_center", "cross_map"];

export class Workload {
  readonly #cluster: SimCluster;
  readonly #random: Random;
  readonly #sessions = new Map<string, string>();
  #isRunning = true;

  constructor(options: { cluster: SimCluster; random: Random }) {
    this.#cluster = options.cluster;
    this.#random = options.random;
  }

  start(options: { callEveryMs: number; castEveryMs: number; changeEveryMs: number; loginEveryMs: number }): void {
    this.#repeat(options.callEveryMs, () => this.#randomCall());
    this.#repeat(options.castEveryMs, () => this.#randomCast());
    this.#repeat(options.castEveryMs, () => this.#randomSteps());
    this.#repeat(options.changeEveryMs, () => this.#randomChange());
    this.#repeat(options.loginEveryMs, () => this.#randomLogin());
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** One call; `done` hears its outcome, "ok" when it is right. Not made when the caller is not able to. */
  call(
    from: Life,
    to: NodeSpec,
    options: { timeoutMs: number; retries: number; waitMs: number; size: number; done?: (outcome: string) => void },
  ): void {
    const { ledger, world } = this.#cluster;
    const { module } = from.node;
    if (module === undefined || from.process.isFrozen || !from.process.isAlive) return;
    const nonce = ledger.nonce();
    const what = `call ${nonce} of ${from.name} to ${to.id}, ${options.timeoutMs} ms, from ${world.nowMs.toFixed(1)} ms`;
    const payload = this.#random.bytes(options.size).slice();
    const { timeoutMs, retries, waitMs } = options;
    from.process.deliver(() => {
      ledger.callBegins(nonce, { life: from.name, to: to.id, retries, what, timeoutMs });
      const ends = (outcome: string, sent: boolean): void => {
        if (!from.process.isAlive) return;
        const excuseMs = from.process.thawedAtMs;
        ledger.callEnds(nonce, { outcome, sent, excuseMs, slackMs: DEADLINE_SLACK_MS });
        world.note(from.spec.id, "call ended", `${what}: ${outcome}`);
        options.done?.(outcome);
      };
      module
        .call(Sim.echo, { nonce, from: from.spec.id, to: to.id, waitMs, payload }, { to: to.id, timeoutMs, retries })
        .then(
          (reply) => {
            const isRight = reply.nonce === nonce && reply.by === to.id && equalBytes(reply.payload, payload);
            if (!isRight) ledger.violation(`${what} got the reply of another call: ${reply.nonce} by ${reply.by}`);
            ends("ok", true);
          },
          (error: unknown) => {
            if (error instanceof CallError) ends(error.code, error.sent);
            else ledger.violation(`${what} ended with something else than a CallError: ${String(error)}`);
          },
        );
    });
  }

  /** A player comes to a gateway, comes again, or goes. */
  login(gateway: Life, options: { player: string; leaves: boolean }): void {
    const { player, leaves } = options;
    const { ledger } = this.#cluster;
    const { caller } = gateway.node.node.endpoint;
    const to = { key: gateway.node.node.self.key };
    const key = `${gateway.name}/${player}`;
    const session = this.#sessions.get(key);
    const act = async (): Promise<void> => {
      if (leaves && session !== undefined) {
        await caller.call(SessionContract.logout, { player, session }, { to, timeoutMs: LOGIN_MS });
        ledger.count("logouts");
      } else {
        const reply = await caller.call(SessionContract.login, { player }, { to, timeoutMs: LOGIN_MS });
        this.#sessions.set(key, reply.session);
        ledger.count("logins");
      }
    };
    gateway.process.deliver(() => {
      // A node that cannot be told makes it take longer than the time: it has taken place all the same.
      act().catch((error: unknown) => {
        ledger.count("logins late");
        if (!(error instanceof CallError)) ledger.violation(`a login was rejected: ${String(error)}`);
      });
    });
  }

  /** The operator's answer to an orphan: take its content from who holds it, or give it up. */
  rescue(life: Life, options: { id: string; verb: "adopt" | "cancel" }): void {
    const { ledger, world } = this.#cluster;
    const { endpoint, self } = life.node.node;
    const { id, verb } = options;
    if (verb === "adopt") ledger.adopts(`${self.id}/${id}`);
    life.process.deliver(() => {
      endpoint.caller.call(ActivityContract[verb], { id }, { to: { key: self.key }, timeoutMs: RESCUE_MS }).then(
        (outcome) => {
          ledger.count(`${verb}:${outcome.kind}`);
          world.note(life.spec.id, verb, { id, kind: outcome.kind });
        },
        (error: unknown) => {
          if (!(error instanceof CallError)) ledger.violation(`${verb} of ${id} was rejected: ${String(error)}`);
        },
      );
    });
  }

  /** Creates an activity at the owner as soon as there is one; `done` hears when it is persisted. */
  mark(id: string, done: () => void): void {
    const { ledger, world } = this.#cluster;
    const again = (): void => void world.after(MARK_RETRY_MS, () => this.mark(id, done));
    const life = this.#cluster.lives.find((one) => one.spec.role === "cross_center");
    const owner = life?.node.node.activities?.owner;
    if (life === undefined || owner === undefined || !life.node.isStarted || life.process.isFrozen) return again();
    let isAnswered = false;
    life.process.deliver(() => {
      owner.create({ id, kind: "sim", config: { value: 0 }, open: true }).then(
        (outcome) => {
          isAnswered = true;
          if (outcome.kind === "ok") world.after(0, done);
          else ledger.violation(`the owner refuses ${id}: ${outcome.kind}`);
        },
        (error: unknown) => ledger.violation(`the owner cannot create ${id}: ${String(error)}`),
      );
    });
    // Its process may end before it answers.
    life.process.onEnd(() => {
      if (!isAnswered) again();
    });
    return undefined;
  }

  #repeat(everyMs: number, fn: () => void): void {
    this.#cluster.world.after(this.#random.unit() * 2 * everyMs, () => {
      if (!this.#isRunning) return;
      fn();
      this.#repeat(everyMs, fn);
    });
  }

  #pick<T>(of: readonly T[]): T | undefined {
    return of[randomIndex(this.#random, of.length)];
  }

  #randomCall(): void {
    const random = this.#random;
    const from = this.#pick(this.#cluster.lives);
    const to = this.#pick(this.#cluster.topology.nodes);
    if (from === undefined || to === undefined) return;
    this.#cluster.ledger.count(direction(from.spec, to));
    const size = random.unit() < 0.02 ? randomIndex(random, 300_000) : randomIndex(random, 300);
    this.call(from, to, {
      timeoutMs: 20 + randomIndex(random, random.unit() < 0.8 ? 1000 : 6000),
      retries: random.unit() < 0.3 ? 3 : 0,
      waitMs: random.unit() < 0.3 ? randomIndex(random, 800) : 0,
      size,
    });
  }

  #randomCast(): void {
    const random = this.#random;
    const from = this.#pick(this.#cluster.lives);
    const role = this.#pick(CAST_ROLES);
    if (from?.node.module === undefined || role === undefined || from.process.isFrozen) return;
    const { module } = from.node;
    const isBound = tierOf(role) === "shard" && random.unit() < 0.5;
    const shard = isBound ? (this.#pick(this.#cluster.topology.nodes)?.shard ?? 0) : 0;
    const nonce = this.#cluster.ledger.nonce();
    this.#cluster.ledger.count("casts");
    from.process.deliver(() => {
      module.cast(Sim.note, { nonce, role, shard }, shard === 0 ? { every: role } : { every: role, shard });
    });
  }

  /** A few casts in a row, to one node. */
  #randomSteps(): void {
    const random = this.#random;
    const from = this.#pick(this.#cluster.lives);
    const to = this.#pick(this.#cluster.topology.nodes);
    if (from?.node.module === undefined || to === undefined || from.process.isFrozen) return;
    const { module } = from.node;
    const count = 1 + randomIndex(random, 5);
    from.process.deliver(() => {
      for (let index = 0; index < count; index += 1) {
        this.#cluster.ledger.count("steps");
        module.cast(Sim.step, { from: from.name, number: this.#cluster.ledger.nonce() }, to.id);
      }
    });
  }

  /** More at once than a link's queue takes: what does not fit is refused at once, and the process lives on. */
  flood(): void {
    const from = this.#pick(this.#cluster.lives.filter((life) => !acceptsLinks(life.spec.role)));
    const to = this.#pick(this.#cluster.topology.nodes.filter((spec) => spec.id !== from?.spec.id));
    if (from?.node.module === undefined || to === undefined || from.process.isFrozen) return;
    const { module } = from.node;
    const payload = new Uint8Array(BULK_SIZE);
    from.process.deliver(() => {
      let taken = 0;
      for (let index = 0; index < BULKS; index += 1) if (module.cast(Sim.bulk, { payload }, to.id)) taken += 1;
      this.#cluster.ledger.count("floods");
      if (taken * BULK_SIZE > BULKS_SIZE_MAX)
        this.#cluster.ledger.violation(`${from.name} queued ${taken * BULK_SIZE} bytes of casts`);
    });
  }

  #randomLogin(): void {
    const random = this.#random;
    const gateway = this.#pick(this.#cluster.lives.filter((life) => life.spec.role === "gateway"));
    const player = `p${randomIndex(random, PLAYERS)}`;
    const leaves = random.unit() < 0.3;
    if (gateway === undefined || !gateway.node.isStarted || gateway.process.isFrozen) return;
    this.login(gateway, { player, leaves });
  }

  #randomChange(): void {
    const random = this.#random;
    const life = this.#pick(this.#cluster.lives.filter((one) => one.spec.role === "cross_center"));
    const owner = life?.node.node.activities?.owner;
    if (life === undefined || owner === undefined || !life.node.isStarted || life.process.isFrozen) return;
    const orphan = this.#pick(owner.orphans());
    if (orphan !== undefined && random.unit() < 0.3) {
      this.rescue(life, { id: idOf(orphan.topic), verb: random.unit() < 0.6 ? "adopt" : "cancel" });
      return;
    }
    const id = `a${randomIndex(random, ACTIVITIES)}`;
    const roll = random.unit();
    const value = randomIndex(random, 3);
    const change = (): Promise<ActivityOutcome> => {
      if (roll < 0.3) {
        const endsAtMs =
          random.unit() < 0.2 ? Math.floor(life.process.clock.wallMs() + random.unit() * 20_000) : undefined;
        return owner.create({ id, kind: "sim", config: { value }, endsAtMs, open: random.unit() < 0.5 });
      }
      if (roll < 0.65) return owner.open(id);
      if (roll < 0.95) return owner.close(id);
      return owner.remove(id);
    };
    life.process.deliver(() => {
      change().then(
        (outcome) => {
          this.#cluster.ledger.count(`change:${outcome.kind}`);
          this.#cluster.world.note(life.spec.id, "change", { id, kind: outcome.kind });
        },
        (error: unknown) => {
          // An owner that leaves takes no change any more, and says so.
          if (error instanceof StoreError && error.code === "closed" && life.node.node.isDraining) return;
          this.#cluster.ledger.violation(`a change of ${id} was rejected: ${String(error)}`);
        },
      );
    });
  }
}

/** The activity's id in the name of its topic. */
export function idOf(topic: string): string {
  return topic.slice(topic.lastIndexOf("/") + 1);
}

export function direction(from: NodeSpec, to: NodeSpec): string {
  if (from.id === to.id) return "way:itself";
  if (tierOf(from.role) === "cross") return tierOf(to.role) === "cross" ? "way:cross to cross" : "way:cross to shard";
  if (tierOf(to.role) === "cross") return "way:shard to cross";
  return from.shard === to.shard ? "way:within a shard" : "way:between shards";
}
