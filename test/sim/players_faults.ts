/**
 * What happens to the nodes of the players simulation beside the faults of every run: crashes at the commits of bags and
 * mails, disks that fail, user nodes that are away for long, deployments of one node or of all, and a rain of pushes.
 */

import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import type { CrashPoints } from "./crash_points.ts";
import { drawCrash } from "./crash_points.ts";
import type { FailingDisks } from "./failing_disks.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { NodeSpec } from "./topology.ts";
import { hostOf } from "./topology.ts";

const AWAY_MIN_MS = 300;
const AWAY_MAX_MS = 9000;
const DISK_FAILS_MAX_MS = 4000;
const ROLL_EVERY_MS = 1500;

export class PlayersFaults {
  readonly #cluster: SimCluster;
  readonly #crashes: CrashPoints;
  readonly #disks: FailingDisks;
  readonly #rain: () => void;
  #isOver = false;

  constructor(options: {
    readonly cluster: SimCluster;
    readonly crashes: CrashPoints;
    readonly disks: FailingDisks;
    readonly rain: () => void;
  }) {
    this.#cluster = options.cluster;
    this.#crashes = options.crashes;
    this.#disks = options.disks;
    this.#rain = options.rain;
  }

  /** Draws all of them, between two times of the run. */
  schedule(random: Random, between: { readonly fromMs: number; readonly untilMs: number }): void {
    const { fromMs, untilMs } = between;
    const { world, ledger, topology } = this.#cluster;
    const at = (fn: () => void): void => {
      world.after(fromMs + random.unit() * (untilMs - fromMs), () => {
        if (!this.#isOver) fn();
      });
    };
    const ofRoles = (...roles: readonly string[]): readonly NodeSpec[] =>
      topology.nodes.filter(({ role }) => roles.includes(role));
    const name = (of: readonly NodeSpec[]): string => {
      const spec = of[randomIndex(random, of.length)];
      return spec === undefined ? "" : hostOf(spec.id);
    };
    const [users, keepers] = [ofRoles("user"), ofRoles("user", "center")];
    for (let count = 1 + randomIndex(random, 7); count > 0; count -= 1) {
      const host = random.unit() < 0.8 ? name(users) : name(keepers);
      const crash = drawCrash(random);
      at(() => this.#crashes.arm(host, crash));
    }
    for (let count = randomIndex(random, 9); count > 0; count -= 1) {
      const [host, awayMs] = [name(users), AWAY_MIN_MS + random.unit() * AWAY_MAX_MS];
      at(() => {
        ledger.count("fault:a user node is away");
        this.#crashes.stop(host, awayMs);
      });
    }
    for (let count = randomIndex(random, 3); count > 0; count -= 1) {
      const { shard } = users[randomIndex(random, users.length)] ?? { shard: 1 };
      const lengthMs = random.unit() * DISK_FAILS_MAX_MS;
      at(() => {
        this.#disks.begin(shard);
        world.after(lengthMs, () => this.#disks.end(shard));
      });
    }
    for (let count = randomIndex(random, 4); count > 0; count -= 1) at(() => this.#leaves(random));
    if (random.unit() < 0.3) at(() => this.#rolls());
    if (random.unit() < 0.3) at(() => this.#rain());
  }

  /** Nothing of it begins any more; what is down comes back. */
  healAll(): void {
    this.#isOver = true;
    this.#crashes.healAll();
    this.#disks.healAll();
  }

  /** In order, as at a deployment. */
  #leaves(random: Random): void {
    const { lives } = this.#cluster;
    this.#leave(lives[randomIndex(random, lives.length)]?.spec);
  }

  /** One after the other. */
  #rolls(): void {
    const { topology, world, ledger } = this.#cluster;
    ledger.count("fault:a deployment of all");
    for (const [index, spec] of topology.nodes.entries()) {
      world.after(index * ROLL_EVERY_MS, () => {
        if (!this.#isOver) this.#leave(spec);
      });
    }
  }

  #leave(spec: NodeSpec | undefined): void {
    const life = spec === undefined ? undefined : this.#cluster.life(spec.id);
    if (life?.process.isFrozen !== false || !life.node.isStarted) return;
    this.#cluster.ledger.count("fault:a node leaves");
    this.#cluster.leave(life, "deployment");
  }
}
