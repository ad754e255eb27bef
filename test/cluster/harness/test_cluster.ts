/**
 * A cluster of real processes in a folder of its own. Nothing is started by itself.
 */

import { rmSync } from "node:fs";
import type { NodeRow } from "#admin/port.ts";
import type { AdminClient } from "./admin_client.ts";
import type { ClusterFile, ClusterSpec } from "./cluster_file.ts";
import { writeClusterFile } from "./cluster_file.ts";
import { Life } from "./life.ts";
import { TestNode } from "./test_node.ts";
import { Notices, waitFor } from "./wait.ts";

export const SETTLE_MS_MAX = 15_000;
const TAIL_LINES = 12;

export class TestCluster {
  readonly file: ClusterFile;
  readonly notices = new Notices();
  readonly #nodes = new Map<string, TestNode>();
  readonly #others: Life[] = [];

  constructor(folder: string, spec: ClusterSpec) {
    this.file = writeClusterFile(folder, spec);
    for (const { id, namespace } of spec.nodes) {
      this.#nodes.set(id, new TestNode(id, { file: this.file, notices: this.notices, namespace }));
    }
  }

  get folder(): string {
    return this.file.folder;
  }

  get ids(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  node(id: string): TestNode {
    const node = this.#nodes.get(id);
    if (node === undefined) throw new Error(`${id} is not in this cluster`);
    return node;
  }

  nodes(): readonly TestNode[] {
    return [...this.#nodes.values()];
  }

  /** All at once; resolves when each has said that it started. Without ids: every node. */
  async start(...ids: readonly string[]): Promise<void> {
    await Promise.all((ids.length === 0 ? this.ids : ids).map((id) => this.node(id).start()));
  }

  /** The executable with other arguments, in the cluster's folder. */
  run(...args: readonly string[]): Life {
    const life = new Life(args, { cwd: this.folder, notices: this.notices });
    this.#others.push(life);
    return life;
  }

  /** The supervisor, which starts every node of the file itself. */
  supervise(): Life {
    const args = ["--role", "all", "--config", "cluster.toml", "--log", "json"];
    const life = new Life(args, { cwd: this.folder, notices: this.notices, endsWithParent: false });
    this.#others.push(life);
    return life;
  }

  /** Of the first node of the file that is alive and serves it. */
  get admin(): AdminClient {
    for (const id of this.file.admin.keys()) if (this.node(id).isAlive) return this.node(id).admin;
    throw new Error("no node that serves the admin API is alive");
  }

  /**
   * Waits until the node that is asked knows exactly the nodes that are alive, each by the boot of its latest life,
   * and each is current.
   */
  async settled(
    options: { readonly withinMs?: number; readonly admin?: AdminClient } = {},
  ): Promise<readonly NodeRow[]> {
    const { withinMs = SETTLE_MS_MAX } = options;
    const admin = options.admin ?? this.admin;
    let seen: readonly NodeRow[] | undefined;
    let wanted: Record<string, string | undefined> = {};
    return waitFor(
      async () => {
        seen = await admin.nodes();
        wanted = Object.fromEntries(
          this.nodes()
            .filter((node) => node.isAlive)
            .map((node) => [node.id, node.boot]),
        );
        const isSettled =
          seen?.length === Object.keys(wanted).length &&
          seen.every((row) => row.current && wanted[row.id] === row.boot);
        return isSettled ? seen : undefined;
      },
      {
        what: "every live node to be known and current",
        withinMs,
        notices: this.notices,
        seen: () => ({ missing: Object.keys(wanted).filter((id) => !seen?.some((row) => row.id === id)), seen }),
      },
    );
  }

  /** What each live node has applied, as it says itself: topic to version. */
  async applied(): Promise<Record<string, Record<string, string>>> {
    const { admin } = this;
    const live = this.nodes().filter((node) => node.isAlive);
    const all = await Promise.all(
      live.map(async ({ id }) => {
        const applied = (await admin.describe(id))?.applied ?? [];
        return [id, Object.fromEntries(applied.map((one) => [one.topic, one.version]))] as const;
      }),
    );
    return Object.fromEntries(all);
  }

  /** The last lines of every process, for a test that failed. */
  tail(): string {
    const lives = this.nodes().flatMap((node) =>
      node.lives.map((life, index) => ({ name: `${node.id} life ${index + 1}`, life })),
    );
    const others = this.#others.map((life) => ({ name: `process ${life.pid}`, life }));
    return [...lives, ...others]
      .map(({ name, life }) => {
        const state = life.exit === undefined ? `alive, pid ${life.pid}` : JSON.stringify(life.exit);
        const lines = life.lines.slice(-TAIL_LINES).map((line) => `    ${line.text.slice(0, 400)}`);
        return [`  ${name} (${state})`, ...lines].join("\n");
      })
      .join("\n");
  }

  /** Ends every process and removes the folder. */
  async dispose(): Promise<void> {
    const lives = [...this.nodes().flatMap((node) => node.lives), ...this.#others];
    await Promise.all(lives.map((life) => life.end()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
