/**
 * What a cross_center knows of the shards: it asks each shard's gateway, writes down what it hears before it believes it,
 * and so still knows after a restart what a shard that is down said. What its own file says counts for shards that have
 * never been heard. Divisions into groups are computed from that; none is kept here.
 */

import type { Division } from "#activity/groups/groups.ts";
import { divide } from "#activity/groups/groups.ts";
import type { GroupIssue } from "#activity/groups/groups_check.ts";
import { checkGroupRule } from "#activity/groups/groups_check.ts";
import type { GroupRule } from "#activity/groups/groups_rule.ts";
import { SerialQueue } from "#activity/serial_queue.ts";
import { MERGE_CHAIN_MAX } from "#activity/groups/groups_merge.ts";
import { ASKS_AT_ONCE_MAX, GATEWAYS_ASKED_MAX, ShardAsks } from "#activity/shards/shard_asks.ts";
import type { Heard } from "#activity/shards/shard_claims.ts";
import { ShardClaims } from "#activity/shards/shard_claims.ts";
import { ShardContract } from "#activity/shards/shard_contract.ts";
import { readClaims, writeChange } from "#activity/shards/shard_fact_table.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import { bareFacts, factsText, saysSomething, SHARDS_MAX } from "#activity/shards/shard_facts.ts";
import type { ShardGroups } from "#activity/groups/term_groups.ts";
import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import { isLoggedAttempt, messageOf } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { Directory } from "#mesh/directory.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { Store } from "#store/store.ts";
import { StoreError } from "#store/store.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";

/** A shard that is named in the file, or whose gateway has come, is waited for so long before it has been heard. */
export const HEARING_MAX_MS = 30_000;
const ASK_TIMEOUT_MS = 5_000;
/** Within that time; what fails after it is tried again later. */
const ASK_RETRIES = 2;

export interface KnownShardsOptions {
  readonly self: Identity;
  readonly store: Store;
  readonly clock: Clock;
  /** The cluster's wall clock. */
  readonly clusterMs: () => number;
  readonly random: Random;
  readonly log: Log;
  readonly alarms: Alarms;
  readonly directory: Directory;
  readonly endpoint: Endpoint;
  /** What this node's own file says. */
  readonly file: readonly ShardFacts[];
  /** Shards whose gateways the file names. */
  readonly named: readonly number[];
  /** Something of what is known is different now, or a shard has come or gone. Must not throw. */
  readonly changed: () => void;
}

export interface KnownShard extends ShardFacts {
  /** Who says so. Undefined: its gateway is there and has not been heard yet; this node: its own file alone. */
  readonly source: NodeId | undefined;
  /** When these facts were first heard. */
  readonly sinceMs: number | undefined;
  /** When they were last heard, as far as this process and its store know. */
  readonly heardAtMs: number | undefined;
  /** Its gateway is in the directory. */
  readonly reachable: boolean;
  /** Who else says what, while two that can be reached differ. */
  readonly conflict: string | undefined;
}

export class KnownShards implements ShardGroups {
  readonly #options: KnownShardsOptions;
  readonly #file: ReadonlyMap<number, ShardFacts>;
  readonly #asks = new ShardAsks();
  readonly #queue = new SerialQueue(ASKS_AT_ONCE_MAX);
  readonly #inConflict = new Set<number>();
  #claims = new ShardClaims();
  #startedMs = 0;
  /** By the monotonic clock. */
  #startedClockMs = 0;
  /** Since when the gateway of a shard is there. */
  readonly #thereSince = new Map<number, number>();
  /** Questions without an answer; many are one line at 1, 2, 4, 8 … */
  #unheard = 0;
  #timer: Timer | undefined;
  #state: "new" | "running" | "stopped" = "new";

  constructor(options: KnownShardsOptions) {
    this.#options = options;
    const said = options.file.filter(saysSomething).map((facts) => [facts.shard, facts] as const);
    this.#file = new Map(said);
    const { server } = options.endpoint;
    server.serve(ShardContract.list, () => ({ shards: [...this.list()] }));
    server.serve(ShardContract.divide, ({ rule, atMs }) => this.#dryRun(rule, atMs ?? this.#nowMs()));
  }

  /** Reads what was heard before. Throws StoreError. */
  async start(): Promise<void> {
    const claims = await this.#options.store.transaction(readClaims);
    if (this.#state !== "new") return;
    this.#state = "running";
    this.#claims = new ShardClaims(claims);
    this.#startedMs = this.#nowMs();
    this.#startedClockMs = this.#options.clock.nowMs();
    for (const gateway of this.#options.directory.ofRole("gateway")) this.reachable(gateway);
  }

  /** Resolves when nothing is being written any more. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    this.#timer?.cancel();
    await this.#queue.drained();
  }

  reachable(gateway: Identity): void {
    if (this.#state !== "running" || !isShardGateway(gateway)) return;
    if (!this.#asks.reachable(gateway, this.#options.clock.nowMs())) {
      this.#options.alarms.raise("shards_full", { gateway: gateway.id, limit: GATEWAYS_ASKED_MAX });
    }
    if (!this.#thereSince.has(gateway.shard)) this.#thereSince.set(gateway.shard, this.#options.clock.nowMs());
    this.#judge();
    this.#askDue();
  }

  unreachable(gateway: Identity): void {
    if (this.#state !== "running" || !isShardGateway(gateway)) return;
    this.#asks.unreachable(gateway);
    this.#thereSince.delete(gateway.shard);
    this.#judge();
  }

  /** By number, at most SHARDS_MAX. */
  list(): readonly KnownShard[] {
    const there = new Set(this.#options.directory.ofRole("gateway").map(({ shard }) => shard));
    const numbers = new Set([...this.#claims.shards(), ...this.#file.keys(), ...there]);
    numbers.delete(0);
    if (numbers.size > SHARDS_MAX)
      this.#options.alarms.raise("shards_full", { known: numbers.size, limit: SHARDS_MAX });
    return [...numbers]
      .toSorted((a, b) => a - b)
      .slice(0, SHARDS_MAX)
      .map((shard) => this.#known(shard, there.has(shard)));
  }

  /** Of those that were heard, or that the file knows. */
  facts(): readonly ShardFacts[] {
    return this.list().filter(isHeard).map(factsOf);
  }

  awaited(): readonly number[] {
    const nowMs = this.#options.clock.nowMs();
    const isNew = nowMs - this.#startedClockMs < HEARING_MAX_MS;
    const heard = new Set(this.#claims.shards());
    const there = [...this.#thereSince].flatMap(([shard, sinceMs]) => (nowMs - sinceMs < HEARING_MAX_MS ? shard : []));
    const awaited = new Set([...there, ...(isNew ? this.#options.named : [])].filter((shard) => !heard.has(shard)));
    return [...awaited].toSorted((a, b) => a - b);
  }

  living(): readonly number[] {
    return this.list().flatMap(({ shard, mergedInto }) => (mergedInto === undefined ? shard : []));
  }

  /**
   * The shard that this one lives on in: itself, unless it was merged. Itself too where its merges lead nowhere: what is
   * sent there waits, until somebody says where it went.
   */
  homeOf(shard: number): number {
    let at = shard;
    for (let merges = 0; merges <= MERGE_CHAIN_MAX; merges += 1) {
      const facts = this.#claims.believed(at, this.#isThere)?.claim.facts ?? this.#file.get(at);
      if (facts?.mergedInto === undefined) return at;
      at = facts.mergedInto;
    }
    return shard;
  }

  /** As `divide`; a shard that is there and was not heard yet has no group, and is said so. */
  division(rule: GroupRule, atMs: number): Division {
    const known = this.list();
    const division = divide(rule, known.filter(isHeard).map(factsOf), atMs);
    const unheard = known.filter((one) => !isHeard(one)).map(({ shard }) => shard);
    const reason = "its gateway has not been heard yet";
    const rest = division.ungrouped.filter(({ shard }) => !unheard.includes(shard));
    const ungrouped = [...rest, ...unheard.map((shard) => ({ shard, reason }))].toSorted((a, b) => a.shard - b.shard);
    return { ...division, ungrouped };
  }

  checkRule(rule: GroupRule): readonly GroupIssue[] {
    return checkGroupRule(rule, this.list().map(factsOf));
  }

  #dryRun(rule: GroupRule, atMs: number) {
    const issues = this.checkRule(rule).map(({ path, found, allowed }) => ({
      path: `rule.${path}`,
      message: `found ${found}; allowed: ${allowed}`,
    }));
    if (issues.length > 0) {
      const detail = `Cannot divide shards: ${issues.length === 1 ? "1 fault" : `${issues.length} faults`}`;
      return { kind: "invalid" as const, detail, issues };
    }
    const { groups, ungrouped, merged } = this.division(rule, atMs);
    return {
      kind: "ok" as const,
      atMs,
      groups: groups.map(({ name, shards }) => ({ name, shards: [...shards] })),
      ungrouped: [...ungrouped],
      merged: [...merged],
    };
  }

  #known(shard: number, reachable: boolean): KnownShard {
    const believed = this.#claims.believed(shard, this.#isThere);
    if (believed !== undefined) {
      const { claim, rival } = believed;
      const { source, sinceMs, heardAtMs } = claim;
      const conflict = rival === undefined ? undefined : `${rival.source} says ${factsText(rival.facts)}`;
      return { ...claim.facts, source, sinceMs, heardAtMs, reachable, conflict };
    }
    const facts = this.#file.get(shard);
    const source = facts === undefined ? undefined : this.#options.self.id;
    const atMs = facts === undefined ? undefined : this.#startedMs;
    return {
      ...(facts ?? bareFacts(shard)),
      source,
      sinceMs: atMs,
      heardAtMs: atMs,
      reachable,
      conflict: undefined,
    };
  }

  #askDue(): void {
    if (this.#state !== "running") return;
    const { clock } = this.#options;
    for (const gateway of this.#asks.take(clock.nowMs())) void this.#ask(gateway);
    this.#timer?.cancel();
    const nextMs = this.#asks.nextMs();
    if (nextMs !== undefined) this.#timer = clock.after(Math.max(0, nextMs - clock.nowMs()), () => this.#askDue());
  }

  /** Rejects for a bug alone. */
  async #ask(gateway: Identity): Promise<void> {
    const how = await this.#hear(gateway);
    this.#asks.ended(gateway, how, { nowMs: this.#options.clock.nowMs(), unit: this.#options.random.unit() });
    this.#askDue();
  }

  async #hear(gateway: Identity): Promise<"answered" | "failed"> {
    const { endpoint, log } = this.#options;
    try {
      const options = { to: { key: gateway.key }, timeoutMs: ASK_TIMEOUT_MS, retries: ASK_RETRIES };
      const { facts } = await endpoint.caller.call(ShardContract.facts, {}, options);
      return await this.#take({ source: gateway.id, shard: gateway.shard, facts, atMs: this.#nowMs() });
    } catch (error) {
      if (!isCallError(error)) throw error;
      this.#unheard += 1;
      if (isLoggedAttempt(this.#unheard)) {
        log.warn("shard facts not heard", { gateway: gateway.id, error: messageOf(error), count: this.#unheard });
      }
      return "failed";
    }
  }

  /** Written down first, believed then. */
  async #take(heard: Heard): Promise<"answered" | "failed"> {
    const { store, alarms, log } = this.#options;
    const turn = this.#queue.add(async () => {
      if (this.#state !== "running") return;
      const change = this.#claims.plan(heard, this.#isThere);
      const { written, erased, refusedCount } = change;
      if (written.length + erased.length > 0) await store.transaction((tx) => writeChange(tx, change));
      this.#claims.apply(change);
      for (const { facts } of written) {
        log.info("shard facts heard", { shard: facts.shard, source: heard.source, facts: factsText(facts) });
      }
      if (refusedCount > 0) alarms.raise("shards_full", { source: heard.source, refusedCount, limit: SHARDS_MAX });
    });
    if (turn === undefined) return "failed";
    try {
      await turn;
      alarms.clear("shard_facts_unsaved");
      this.#judge();
      return "answered";
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      alarms.raise("shard_facts_unsaved", { source: heard.source, error: error.message });
      return "failed";
    }
  }

  /** Raises an alarm for each shard of which two gateways say different things, and clears it when they no longer do. */
  #judge(): void {
    const { alarms } = this.#options;
    this.#options.changed();
    const now = new Set<number>();
    for (const shard of this.#claims.contested()) {
      const believed = this.#claims.believed(shard, this.#isThere);
      if (believed?.rival === undefined) continue;
      const { claim, rival } = believed;
      now.add(shard);
      this.#inConflict.add(shard);
      alarms.raise(`shard_conflict:${shard}`, {
        believed: `${claim.source} says ${factsText(claim.facts)}`,
        not: `${rival.source} says ${factsText(rival.facts)}`,
      });
    }
    for (const shard of this.#inConflict) {
      if (now.has(shard)) continue;
      this.#inConflict.delete(shard);
      alarms.clear(`shard_conflict:${shard}`);
    }
  }

  readonly #isThere = (source: NodeId): boolean => this.#options.directory.get(keyOfId(source)) !== undefined;

  #nowMs(): number {
    return Math.trunc(this.#options.clusterMs());
  }
}

function isShardGateway({ role, shard }: Identity): boolean {
  return role === "gateway" && shard > 0;
}

function isHeard({ source }: KnownShard): boolean {
  return source !== undefined;
}

function factsOf({ shard, openedAtMs, timeZone, mergedInto, mergedAtMs }: KnownShard): ShardFacts {
  return { shard, openedAtMs, timeZone, mergedInto, mergedAtMs };
}
