/**
 * A supervisor of supervised_main.ts as a real process: its lines as they come, and its children, none of which
 * survives the test.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { LineSplitter } from "../../src/runtime/line_splitter.ts";
import { type LogRecord, parseRecordLine } from "../../src/runtime/log_record.ts";

const MAIN = join(import.meta.dir, "supervised_main.ts");

export class Supervised {
  readonly child: Bun.Subprocess<"ignore", "pipe", "inherit">;
  readonly lines: string[] = [];
  readonly #output: Promise<void>;
  #waiting: (() => void)[] = [];

  constructor(config: string) {
    this.child = Bun.spawn({
      cmd: [process.execPath, MAIN, "--role", "all", "--config", config],
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    });
    this.#output = this.#read();
  }

  records(phrase: string): LogRecord[] {
    return this.lines.flatMap((line) => {
      const record = parseRecordLine(line);
      return record?.phrase === phrase ? [record] : [];
    });
  }

  /** Process ids of all nodes that ever came up, in order. */
  pids(): number[] {
    return this.records("node up").map((record) => Number(record.data["pid"]));
  }

  pidOf(node: string): number {
    return Number(this.records("node up").findLast((record) => record.node === node)?.data["pid"]);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
  }

  async ended(): Promise<number> {
    await this.child.exited;
    await this.#output;
    return this.child.exitCode ?? -1;
  }

  async clean(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.child.exited;
    for (const pid of this.pids().filter(isAlive)) process.kill(pid, "SIGKILL");
  }

  async #read(): Promise<void> {
    const splitter = new LineSplitter((text) => {
      this.lines.push(text);
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
    for await (const chunk of this.child.stdout) splitter.push(chunk);
  }
}

/** Neither gone nor a zombie that nobody has collected yet. */
export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

export async function untilGone(pids: readonly number[], withinMs: number): Promise<number[]> {
  const untilMs = performance.now() + withinMs;
  for (;;) {
    const left = pids.filter(isAlive);
    if (left.length === 0 || performance.now() > untilMs) return left;
    await Bun.sleep(10);
  }
}

/** A port that was free a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

export function writeConfig(folder: string): string {
  const path = join(folder, "cluster.toml");
  const text = `[cluster]
name = "test"
data = "${folder}/data"
key_file = "${folder}/cluster.key"
admin_token_file = "${folder}/admin.token"
[[node]]
role = "cross_gateway"
id = 1
listen = "127.0.0.1:${freePort()}"
[[node]]
role = "cross_center"
id = 1
admin = "127.0.0.1:${freePort()}"
[[node]]
role = "gateway"
id = 1
listen = "127.0.0.1:${freePort()}"
[[node]]
role = "center"
id = 1
`;
  writeFileSync(path, text);
  return path;
}
