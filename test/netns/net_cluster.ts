/**
 * A small cluster over two machines, one of the cross tier and one of shard 1, and a third one for a node of that
 * shard that is alone there. Everything ends with `dispose`, whatever has happened.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { FOLDERS } from "../cluster/harness/ground.ts";
import { within } from "../cluster/harness/life.ts";
import { Notes, WITNESS } from "../cluster/harness/notes.ts";
import { takePorts } from "../cluster/harness/ports.ts";
import { TestCluster } from "../cluster/harness/test_cluster.ts";
import { doorOf } from "../cluster/harness/test_node.ts";
import { waitFor } from "../cluster/harness/wait.ts";
import type { Machine } from "./namespaces.ts";
import { Namespaces } from "./namespaces.ts";

const PIPE = join(import.meta.dir, "pipe.ts");
/** Many clusters share the machine: a process may have to wait a second for its turn and is not dead then. */
const HEARTBEAT_MS = 500;
const OWNER = "cross_center:1";

export interface Way {
  readonly delayMs: number;
  readonly bytesPerTurn: number;
}

export class NetCluster {
  readonly cluster: TestCluster;
  readonly notes: Notes;
  readonly cross: Machine;
  readonly shard: Machine;
  readonly alone: Machine;
  readonly #namespaces: Namespaces;
  readonly #folder: string;
  readonly #pipes: Bun.Subprocess<"ignore", "pipe", "inherit">[] = [];
  readonly #way: { readonly options: Way; readonly port: number } | undefined;

  constructor(way?: Way) {
    this.#folder = mkdtempSync(join(FOLDERS, "kuafu-netns-"));
    this.#namespaces = new Namespaces(3);
    const [cross, shard, alone] = this.#namespaces.machines;
    if (cross === undefined || shard === undefined || alone === undefined) throw new Error("three machines");
    this.cross = cross;
    this.shard = shard;
    this.alone = alone;
    this.#way = way === undefined ? undefined : { options: way, port: takePorts(1)[0] ?? 0 };
    const at = (machine: Machine) => ({ namespace: machine.namespace, host: machine.address });
    this.cluster = new TestCluster(this.#folder, {
      nodes: [
        { id: OWNER, admin: true, namespace: cross.namespace },
        { id: "cross_gateway:1", ...at(cross), ...(this.#way === undefined ? {} : { dialledAt: this.#way.port }) },
        { id: "gateway:1", ...at(shard) },
        { id: "center:1", namespace: shard.namespace },
        { id: "user:101", namespace: shard.namespace },
        { id: "map:101", namespace: alone.namespace },
      ],
      modules: [WITNESS],
      heartbeatMs: HEARTBEAT_MS,
    });
    this.notes = new Notes(this.cluster);
  }

  async start(): Promise<void> {
    const { file } = this.cluster;
    await this.#pipe(doorOf(this.#folder, OWNER), `127.0.0.1:${file.admin.get(OWNER) ?? 0}`);
    if (this.#way !== undefined) {
      const { port, options } = this.#way;
      const target = `${this.cross.address}:${file.listen.get("cross_gateway:1") ?? 0}`;
      await this.#pipe(`${this.cross.address}:${port}`, target, String(options.delayMs), String(options.bytesPerTurn));
    }
    await this.cluster.start();
    await this.notes.open("before");
    await this.notes.expectEverywhere();
  }

  /** The slow way is one like any other from now on. */
  healWay(): void {
    this.#pipes[1]?.kill("SIGUSR2");
  }

  /** Everything linked, versions equal, and nobody has ended but those named. */
  async expectWhole(mayHaveEnded: readonly string[] = []): Promise<void> {
    for (const id of mayHaveEnded) {
      const node = this.cluster.node(id);
      if (!node.isAlive) await node.start();
    }
    await this.cluster.settled({ withinMs: 40_000 });
    await this.notes.expectEverywhere();
    for (const { id, lives, isAlive } of this.cluster.nodes()) {
      const isOne = lives.length === 1;
      if (!isAlive || (!isOne && !mayHaveEnded.includes(id))) {
        throw new Error(`${id} ended: ${JSON.stringify(lives.map((life) => life.exit))}`);
      }
    }
  }

  async dispose(): Promise<void> {
    try {
      for (const pipe of this.#pipes) pipe.kill("SIGKILL");
      await Promise.all([...this.#pipes.map((pipe) => pipe.exited), this.cluster.dispose()]);
    } finally {
      this.#namespaces.remove();
      rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  async #pipe(...args: readonly string[]): Promise<void> {
    const pipe = Bun.spawn({
      cmd: [...within(this.cross.namespace), process.execPath, PIPE, ...args],
      env: { ...process.env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#pipes.push(pipe);
    const reader = pipe.stdout.getReader();
    await waitFor(async () => ((await reader.read()).value === undefined ? undefined : true), {
      what: "a pipe to listen",
      withinMs: 15_000,
    });
  }
}
