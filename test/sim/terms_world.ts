/**
 * What the parts of a terms simulation share: the cluster, the book of what is durable, what the shards' files say, and
 * which shards live.
 */

import type { ActivityContent } from "#activity/content.ts";
import type { ShardFacts } from "#activity/shards/shard_facts.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { BodyOf } from "#module/activity_kind.ts";
import type { Module } from "#module/module.ts";
import { module } from "#module/module.ts";
import type { ActivityListener } from "#module/module_node.ts";
import type { NodeId } from "#wire/role.ts";
import type { Ledger } from "./ledger.ts";
import type { Watcher } from "./crash_points.ts";
import { OwnerWitness } from "./owner_witness.ts";
import type { Life, SimCluster } from "./sim_cluster.ts";
import { TermBook } from "./term_book.ts";
import { KnownFacts } from "./terms_divide.ts";
import { TERMS_KINDS, contest, notice, sprint } from "./terms_kinds.ts";

export type Listener = ActivityListener<{ label: string }, BodyOf<typeof contest>>;

export class TermsWorld {
  readonly random: Random;
  readonly ledger: Ledger;
  readonly owners: readonly string[];
  readonly book: TermBook;
  /** By life, of centers: what its module got. */
  readonly listeners = new Map<string, ReadonlyMap<string, Listener>>();
  readonly #witnesses = new Map<string, OwnerWitness>();
  readonly #known = new Map<string, KnownFacts>();
  readonly #homes = new Map<number, number>();
  readonly #shards: readonly number[];
  #facts: readonly ShardFacts[];
  #cluster: SimCluster | undefined;

  constructor(options: {
    readonly random: Random;
    readonly ledger: Ledger;
    readonly owners: readonly string[];
    readonly facts: readonly ShardFacts[];
  }) {
    this.random = options.random;
    this.ledger = options.ledger;
    this.owners = options.owners;
    this.#facts = options.facts;
    this.#shards = options.facts.map(({ shard }) => shard);
    this.book = new TermBook(options.ledger);
    for (const owner of options.owners) {
      this.#known.set(owner, new KnownFacts());
      const begins = (content: ActivityContent): void => this.#begins(owner, content);
      this.#witnesses.set(owner, new OwnerWitness({ owner: owner as NodeId, book: this.book, begins }));
    }
  }

  get cluster(): SimCluster {
    if (this.#cluster === undefined) throw new Error("a world without its cluster");
    return this.#cluster;
  }

  set cluster(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  /** What the files of the shards say from now on. */
  get facts(): readonly ShardFacts[] {
    return this.#facts;
  }

  set facts(facts: readonly ShardFacts[]) {
    this.#facts = facts;
  }

  /** Looks at every transaction of an owner; undefined for any other node. */
  watcher(id: string): Watcher | undefined {
    const witness = this.#witnesses.get(id);
    if (witness === undefined) return undefined;
    return async (tx, tables) => {
      this.lookAtFactsOf(id);
      return await witness.look(tx, tables);
    };
  }

  livingShards(): readonly number[] {
    return this.#shards.filter((shard) => !this.#homes.has(shard));
  }

  homeOf(shard: number): number {
    return this.#homes.get(shard) ?? shard;
  }

  merges(from: number, into: number): void {
    this.#homes.set(from, into);
  }

  /** A life of this node that can be asked something. */
  awake(id: string): Life | undefined {
    const life = this.cluster.life(id);
    return life?.node.isStarted === true && !life.process.isFrozen ? life : undefined;
  }

  pick<T>(of: readonly T[]): T | undefined {
    return of[randomIndex(this.random, of.length)];
  }

  module(life: string): Module {
    const { ledger } = this;
    return module("terms", { activities: [...TERMS_KINDS] }, (node) => {
      const listeners = [contest, sprint, notice].map((kind) => {
        const listener: Listener = node.activity(kind);
        listener.opened((event) => ledger.opens(life, `${event.owner}/${event.id}`, event.term));
        listener.closed((event) => ledger.closes(life, `${event.owner}/${event.id}`, event.term));
        return [kind.name, listener] as const;
      });
      this.listeners.set(life, new Map(listeners));
    });
  }

  /** What owners know of the shards, now and then. */
  lookAtFacts(): void {
    for (const owner of this.owners) this.lookAtFactsOf(owner);
  }

  lookAtFactsOf(owner: string): void {
    const shards = this.cluster.life(owner)?.node.node.shards;
    if (shards !== undefined) this.#known.get(owner)?.look(shards.facts(), this.cluster.world.nowMs);
  }

  #begins(owner: string, content: ActivityContent): void {
    this.lookAtFactsOf(owner);
    const wanted = this.#known.get(owner)?.differs(content);
    if (wanted !== undefined) {
      const found = JSON.stringify(content.term?.groups ?? null);
      this.ledger.violation(`${content.id} begins with the groups ${found}, divide gives ${wanted}`);
    }
    this.ledger.count(`begun:${content.groups.kind}`);
  }
}
