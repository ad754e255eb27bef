/**
 * What happens to shards and owners in the terms simulation beside the faults of every run: shards and owners that sleep
 * through whole terms, a center that is restored from an older backup, a merge.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { CrashPoints } from "./crash_points.ts";
import { drawCrash } from "./crash_points.ts";
import type { SimDisk } from "./sim_disk.ts";
import { correctedFacts, mergedFacts } from "./terms_topology.ts";
import type { TermsWorld } from "./terms_world.ts";

const MERGE_MS = 500;
const RESTART_MS = 300;
/** What belongs to a shard and moves with it. */
const MOVED = ["inbox", "inbox_term", "mail"] as const;
/** A process that was killed has undone its transaction by then. */
const UNDONE_MS = 20;

export class TermsFaults {
  readonly #terms: TermsWorld;
  readonly #crashes: CrashPoints;
  readonly #backups: (() => Promise<void>)[] = [];
  #isOver = false;

  constructor(terms: TermsWorld, crashes: CrashPoints) {
    this.#terms = terms;
    this.#crashes = crashes;
  }

  /** Draws all of them, between two times of the run. */
  schedule(random: Random, between: { readonly fromMs: number; readonly untilMs: number }): void {
    const { fromMs, untilMs } = between;
    const { owners } = this.#terms;
    const at = (fn: () => void): void => {
      this.#terms.cluster.world.after(fromMs + random.unit() * (untilMs - fromMs), () => {
        if (!this.#isOver) fn();
      });
    };
    const ownerName = (): string => (this.#terms.pick(owners) ?? "").replace(":", "-");
    const shards = this.#terms.livingShards();
    const anyShard = (): number => shards[randomIndex(random, shards.length)] ?? 1;
    for (let count = randomIndex(random, 9); count > 0; count -= 1) {
      const name = random.unit() < 0.7 ? ownerName() : `center-${anyShard()}`;
      const crash = drawCrash(random);
      at(() => this.#crashes.arm(name, crash));
    }
    const lengthMs = 15_000 + random.unit() * 45_000;
    if (random.unit() < 0.5) at(() => this.#shardSleeps(anyShard(), lengthMs));
    if (random.unit() < 0.3) at(() => this.#ownerSleeps(ownerName(), lengthMs));
    if (random.unit() < 0.5) {
      const shard = anyShard();
      const olderMs = 2000 + random.unit() * 40_000;
      at(() => {
        this.#restored(shard, olderMs).catch((error: unknown) =>
          this.#terms.ledger.violation(`center:${shard} cannot be restored: ${String(error)}`),
        );
      });
    }
    for (let count = randomIndex(random, 3); count > 0; count -= 1) at(() => this.#corrected(anyShard()));
    for (let count = randomIndex(random, 3); count > 0; count -= 1) at(() => this.#leaves());
    if (random.unit() < 0.4) at(() => this.#merge(shards.length, 1 + randomIndex(random, shards.length - 1)));
  }

  /** Nothing of it begins any more; what is down comes back. */
  healAll(): void {
    this.#isOver = true;
    this.#crashes.healAll();
  }

  #shardSleeps(shard: number, lengthMs: number): void {
    this.#terms.ledger.count("fault:a shard sleeps");
    this.#crashes.stop(`center-${shard}`, lengthMs);
    this.#crashes.stop(`gateway-${shard}`, lengthMs);
  }

  #ownerSleeps(name: string, lengthMs: number): void {
    this.#terms.ledger.count("fault:an owner sleeps");
    this.#crashes.stop(name, lengthMs, () => this.#crashes.arm(name, drawCrash(this.#terms.random)));
  }

  /** Another opening day, which its gateway says when it has started again. */
  #corrected(shard: number): void {
    this.#terms.ledger.count("fault:a shard's facts change");
    this.#terms.facts = correctedFacts(this.#terms.random, this.#terms.facts, shard);
    this.#crashes.stop(`gateway-${shard}`, RESTART_MS);
  }

  /** In order, as at a deployment. */
  #leaves(): void {
    const life = this.#terms.pick(this.#terms.cluster.lives);
    if (life?.process.isFrozen === false && life.node.isStarted) this.#terms.cluster.leave(life, "deployment");
  }

  /** A backup of now is what its center has later. */
  async #restored(shard: number, laterMs: number): Promise<void> {
    const { cluster, ledger } = this.#terms;
    const name = `center-${shard}`;
    const backup = await cluster.disk(name).copy(cluster.worldClock);
    let isUsed = false;
    this.#backups.push(() => (isUsed ? Promise.resolve() : backup.dispose()));
    cluster.world.after(laterMs, () => {
      if (this.#isOver || !this.#terms.livingShards().includes(shard)) return;
      isUsed = true;
      ledger.count("fault:a center is restored");
      this.#crashes.stop(name, MERGE_MS);
      cluster.replaceDisk(name, backup);
    });
  }

  async dispose(): Promise<void> {
    for (const dispose of this.#backups) await dispose();
  }

  /** One shard lives on in another: its processes end for good, and its mails move along. */
  #merge(from: number, into: number): void {
    const { cluster } = this.#terms;
    const ofInto = [`center-${into}`, `gateway-${into}`];
    const ofFrom = [`center-${from}`, `gateway-${from}`];
    for (const name of [...ofInto, ...ofFrom]) {
      if (cluster.world.host(name).process === undefined) return;
    }
    for (const name of ofFrom) this.#crashes.stop(name, 0);
    for (const name of ofInto) this.#crashes.stop(name, MERGE_MS);
    cluster.retire(ofFrom);
    const atMs = Math.floor(cluster.world.host("cross_gateway-1").wallMs());
    this.#terms.merges(from, into);
    this.#terms.facts = mergedFacts(this.#terms.facts, { from, into, atMs });
    this.#terms.ledger.count("fault:a merge");
    cluster.world.after(UNDONE_MS, () => {
      move(cluster.disk(`center-${from}`), cluster.disk(`center-${into}`)).catch((error: unknown) =>
        this.#terms.ledger.violation(`shard ${from} cannot be merged into ${into}: ${String(error)}`),
      );
    });
  }
}

async function move(from: SimDisk, to: SimDisk): Promise<void> {
  for (const disk of [from, to]) {
    const tables = await disk.transaction((tx) => tx.all("SELECT name FROM sqlite_master WHERE name = 'mail'"));
    // Neither has ever come up: there is nothing to move, or nowhere to.
    if (tables.length === 0) return;
  }
  await from.moveRows(to, MOVED);
}
