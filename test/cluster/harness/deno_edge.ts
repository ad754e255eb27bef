/**
 * An edge as a process of Deno beside a test cluster: from the source, or from the bundle under `deno serve`. Killed
 * and started again by the test. It ends with the test run, as the nodes do.
 */

import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { denoProgram } from "../../../build/deno.ts";
import { AdminClient } from "./admin_client.ts";
import { CLUSTER_NAME, HEARTBEAT_MS } from "./cluster_file.ts";
import { type LogLine, readLines } from "./log_lines.ts";
import { takePorts } from "./ports.ts";
import type { TestCluster } from "./test_cluster.ts";
import { waitFor } from "./wait.ts";

const ROOT = resolve(import.meta.dir, "../../..");
const START_MS_MAX = 20_000;

export type EdgeProgram =
  { readonly kind: "source" } | { readonly kind: "bundle"; readonly path: string; readonly more?: readonly string[] };

const alive = new Set<Bun.Subprocess>();
process.on("exit", () => {
  for (const child of alive) child.kill("SIGKILL");
});

export class DenoEdge {
  readonly port = takePorts(1)[0] ?? 0;
  readonly admin: AdminClient;
  /** Of all lives. */
  readonly lines: LogLine[] = [];
  readonly #cluster: TestCluster;
  readonly #program: EdgeProgram;
  #child: Bun.Subprocess<"ignore", "pipe", "pipe"> | undefined;
  #reading: Promise<unknown> = Promise.resolve();

  /** Its file names nothing of the cluster but the cross gateways that it dials. */
  constructor(cluster: TestCluster, program: EdgeProgram = { kind: "source" }) {
    this.#cluster = cluster;
    this.#program = program;
    this.admin = new AdminClient({ port: this.port, token: cluster.file.token });
    const remotes = [...cluster.file.listen].flatMap(([id, port]) =>
      id.startsWith("cross_gateway:")
        ? [
            "[[remote]]",
            'role = "cross_gateway"',
            `id = ${id.slice(id.indexOf(":") + 1)}`,
            `address = "127.0.0.1:${port}"`,
          ]
        : [],
    );
    const text = [
      "[cluster]",
      `name = "${CLUSTER_NAME}"`,
      'data = "edge_data"',
      'key_file = "cluster.key"',
      'admin_token_file = "admin.token"',
      `heartbeat_ms = ${HEARTBEAT_MS}`,
      ...remotes,
      "[[edge]]",
      "id = 1",
      `admin = "127.0.0.1:${this.port}"`,
    ];
    writeFileSync(join(cluster.folder, "edge.toml"), `${text.join("\n")}\n`);
  }

  /** Of its latest life. */
  get boot(): string | undefined {
    const boot = this.lines.findLast((line) => line.phrase === "node started")?.data["boot"];
    return typeof boot === "string" ? boot : undefined;
  }

  /** Resolves when it has said that it started. */
  async start(): Promise<void> {
    const before = this.lines.length;
    const child = this.spawn();
    await waitFor(
      () => {
        if (child.exitCode !== null) throw new Error(`the edge ended with ${child.exitCode}\n${this.tail()}`);
        return this.lines.slice(before).find((line) => line.phrase === "node started");
      },
      { what: "the edge to start", withinMs: START_MS_MAX, notices: this.#cluster.notices },
    );
  }

  spawn(): Bun.Subprocess<"ignore", "pipe", "pipe"> {
    const entry =
      this.#program.kind === "source"
        ? ["run", "--allow-all", "--no-lock", "--cached-only", join(ROOT, "src/main_deno.ts")]
        : ["serve", "--allow-all", "--host=127.0.0.1", `--port=${this.port}`, this.#program.path];
    const child = Bun.spawn({
      cmd: [denoProgram(ROOT), ...entry, "--id", "1", "--config", "edge.toml", "--log", "json"],
      cwd: this.#cluster.folder,
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    alive.add(child);
    this.#child = child;
    const line = (read: LogLine): void => {
      this.lines.push(read);
      this.#cluster.notices.tell();
    };
    this.#reading = Promise.all([this.#reading, readLines(child.stdout, line), readLines(child.stderr, line)]);
    void child.exited.then(() => {
      alive.delete(child);
      this.#cluster.notices.tell();
    });
    return child;
  }

  /** Its exit code, or the name of the signal that ended it. */
  async end(signal: "SIGKILL" | "SIGTERM" = "SIGKILL"): Promise<number | string> {
    const child = this.#child;
    if (child === undefined) return "not started";
    child.kill(signal);
    await child.exited;
    await this.#reading;
    return child.signalCode ?? child.exitCode ?? "unknown";
  }

  tail(): string {
    return this.lines.map((line) => `  ${line.text.slice(0, 400)}`).join("\n");
  }
}
