/**
 * A test with clusters: they end with it, whether it passes, fails or takes too long; when it fails, the last lines
 * of every process are printed.
 */

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "#test";
import type { ClusterSpec } from "./cluster_file.ts";
import { TestCluster } from "./test_cluster.ts";

const TEST_MS_MAX = 60_000;
/**
 * In memory where there is such a folder: a commit waits for the disk, and a disk that is busy with something else for
 * a second would be a silent process to the others, which no test here is about.
 */
export const FOLDERS = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

const open = new Set<Ground>();

export class Ground {
  readonly #folder = mkdtempSync(join(FOLDERS, "kuafu-cluster-"));
  readonly #clusters: TestCluster[] = [];
  readonly #startedMs = performance.now();

  cluster(spec: ClusterSpec): TestCluster {
    const cluster = new TestCluster(join(this.#folder, String(this.#clusters.length + 1)), spec);
    this.#clusters.push(cluster);
    return cluster;
  }

  /** Seconds since the test began, for the times that are printed. */
  get seconds(): string {
    return ((performance.now() - this.#startedMs) / 1000).toFixed(1);
  }

  tail(): string {
    return this.#clusters.map((cluster) => cluster.tail()).join("\n");
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#clusters.map((cluster) => cluster.dispose()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Ends what a test left that ran into its time limit. To be called once at the top of a test file. */
export function endLeftClusters(): void {
  afterEach(async () => {
    for (const ground of open) {
      console.error(`${ground.tail()}\n  a test did not end in time`);
      open.delete(ground);
      await ground.dispose();
    }
  });
}

export function clusterTest(
  name: string,
  body: (ground: Ground) => Promise<void>,
  options: { readonly withinMs?: number } = {},
): void {
  test(
    name,
    async () => {
      const ground = new Ground();
      open.add(ground);
      try {
        await body(ground);
      } catch (error) {
        console.error(`${name}: the last lines of each process\n${ground.tail()}`);
        throw error;
      } finally {
        open.delete(ground);
        await ground.dispose();
      }
    },
    options.withinMs ?? TEST_MS_MAX,
  );
}
