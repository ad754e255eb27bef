/**
 * Who says what of which shard, and whom to believe. A gateway claims facts of its own shard, and of those that its file
 * says were merged into it; what it says later replaces what it said, also what it no longer says. Pure.
 *
 * Of several claims on a shard those of gateways that can be reached count first, among them the shard's own gateway,
 * then the lowest id; of gateways that are all gone, what was heard last. Two that can be reached and differ are a
 * conflict: the choice between them is the same everywhere, and an operator has to hear of it.
 */

import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import type { ShardFacts } from "./shard_facts.ts";
import { equalFacts, SHARDS_MAX } from "./shard_facts.ts";

export interface Claim {
  readonly facts: ShardFacts;
  readonly source: NodeId;
  /** The source is a gateway of this very shard. */
  readonly isOwn: boolean;
  /** When these facts were first heard from this source, in the time of the cluster. */
  readonly sinceMs: number;
  readonly heardAtMs: number;
}

/** What one gateway said. */
export interface Heard {
  readonly source: NodeId;
  readonly shard: number;
  readonly facts: readonly ShardFacts[];
  readonly atMs: number;
}

export interface ClaimChange {
  /** New or with other facts: to be written down. */
  readonly written: readonly Claim[];
  /** To be written down as gone. */
  readonly erased: readonly Claim[];
  /** The same facts, heard again: nothing that has to last. */
  readonly confirmed: readonly Claim[];
  /** Facts of shards beyond SHARDS_MAX, which are not kept. */
  readonly refusedCount: number;
}

export interface Believed {
  readonly claim: Claim;
  /** The claim of another gateway that can be reached, and that says something else. */
  readonly rival: Claim | undefined;
}

/** Can this gateway be reached now? */
export type IsThere = (source: NodeId) => boolean;

export class ShardClaims {
  readonly #shards = new Map<number, Map<NodeId, Claim>>();

  constructor(claims: Iterable<Claim> = []) {
    for (const claim of claims) this.#set(claim);
  }

  /** What comes of what was said; changes nothing yet. */
  plan(heard: Heard, isThere: IsThere): ClaimChange {
    const { source, shard, facts, atMs } = heard;
    const said = new Map<number, ShardFacts>();
    // Of other shards a gateway may say only that they were merged.
    for (const one of facts) if (one.shard === shard || one.mergedInto !== undefined) said.set(one.shard, one);
    const written: Claim[] = [];
    const confirmed: Claim[] = [];
    const erased = this.#of(source).filter((claim) => !said.has(claim.facts.shard));
    let room = SHARDS_MAX - this.#shards.size;
    let refusedCount = 0;
    for (const one of said.values()) {
      const claims = this.#shards.get(one.shard);
      if (claims === undefined) room -= 1;
      if (claims === undefined && room < 0) {
        refusedCount += 1;
        continue;
      }
      const old = claims?.get(source);
      const isSame = old !== undefined && equalFacts(old.facts, one);
      const isOwn = one.shard === shard;
      const claim = { facts: one, source, isOwn, sinceMs: isSame ? old.sinceMs : atMs, heardAtMs: atMs };
      (isSame && old.isOwn === isOwn ? confirmed : written).push(claim);
      for (const other of claims?.values() ?? []) {
        if (other.source !== source && !isThere(other.source)) erased.push(other);
      }
    }
    return { written, erased, confirmed, refusedCount };
  }

  apply({ written, erased, confirmed }: ClaimChange): void {
    for (const { facts, source } of erased) {
      const claims = this.#shards.get(facts.shard);
      claims?.delete(source);
      if (claims?.size === 0) this.#shards.delete(facts.shard);
    }
    for (const claim of [...written, ...confirmed]) this.#set(claim);
  }

  /** By number. */
  shards(): readonly number[] {
    return [...this.#shards.keys()].toSorted((a, b) => a - b);
  }

  /** Shards of which several gateways speak: only these can be in conflict. */
  contested(): readonly number[] {
    return [...this.#shards].flatMap(([shard, claims]) => (claims.size > 1 ? [shard] : []));
  }

  believed(shard: number, isThere: IsThere): Believed | undefined {
    const all = [...(this.#shards.get(shard)?.values() ?? [])];
    const there = all.filter(({ source }) => isThere(source)).toSorted(byRight);
    const [claim] = there.length > 0 ? there : all.toSorted((a, b) => b.heardAtMs - a.heardAtMs || byRight(a, b));
    if (claim === undefined) return undefined;
    return { claim, rival: there.find(({ facts }) => !equalFacts(facts, claim.facts)) };
  }

  #of(source: NodeId): Claim[] {
    return [...this.#shards.values()].flatMap((claims) => claims.get(source) ?? []);
  }

  #set(claim: Claim): void {
    const { shard } = claim.facts;
    const claims = this.#shards.get(shard) ?? new Map<NodeId, Claim>();
    claims.set(claim.source, claim);
    this.#shards.set(shard, claims);
  }
}

function byRight(a: Claim, b: Claim): number {
  return Number(b.isOwn) - Number(a.isOwn) || keyOfId(a.source) - keyOfId(b.source);
}
