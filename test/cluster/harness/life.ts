/**
 * One life of a process of the executable: its lines, its boot, its exit. Signals go to this very process.
 * Every process ends with the test run: by `end`, by a hook at exit, or, when the run is killed, by the system.
 */

import { resolve } from "node:path";
import type { LogLine } from "./log_lines.ts";
import { readLines } from "./log_lines.ts";
import type { Notices } from "./wait.ts";

/** What is tested; another build than that of this tree may be named. */
export const EXECUTABLE = process.env["KUAFU_EXECUTABLE"] ?? resolve(import.meta.dir, "../../../dist/kuafu");

export interface Exit {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** performance.now() */
  readonly atMs: number;
}

export interface LifeOptions {
  readonly cwd: string;
  readonly notices: Notices;
  /** The network namespace to run it in. */
  readonly namespace?: string | undefined;
  /** False: it does not hand on to its children what the test gave it. */
  readonly endsWithParent?: boolean;
}

/** Ends a process when the one that started it is gone, also by SIGKILL. */
const ENDS_WITH_PARENT = "BUN_FEATURE_FLAG_NO_ORPHANS";

/** `ip netns exec` becomes the command: signals reach it, and it ends with its parent. */
export function within(namespace: string | undefined): readonly string[] {
  return namespace === undefined ? [] : ["ip", "netns", "exec", namespace];
}

const alive = new Set<Life>();
process.on("exit", () => {
  for (const life of alive) life.signal("SIGKILL");
});

export class Life {
  readonly pid: number;
  readonly startedMs = performance.now();
  readonly lines: LogLine[] = [];
  exit: Exit | undefined;
  /** Resolves when it has ended and all that it printed has been read. */
  readonly ended: Promise<Exit>;
  readonly #child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly #notices: Notices;

  constructor(args: readonly string[], options: LifeOptions) {
    this.#notices = options.notices;
    const environment = { ...process.env };
    for (const name of ["BUN_OPTIONS", "BUN_BE_BUN", ENDS_WITH_PARENT]) delete environment[name];
    if (options.endsWithParent !== false) environment[ENDS_WITH_PARENT] = "1";
    this.#child = Bun.spawn({
      cmd: [...within(options.namespace), EXECUTABLE, ...args],
      cwd: options.cwd,
      env: environment,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.pid = this.#child.pid;
    alive.add(this);
    this.ended = this.#follow();
  }

  get isAlive(): boolean {
    return this.exit === undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Of this process, once it has said that it started. */
  get boot(): string | undefined {
    const boot = this.find("node started")?.data["boot"];
    return typeof boot === "string" ? boot : undefined;
  }

  find(phrase: string, data: Readonly<Record<string, unknown>> = {}): LogLine | undefined {
    return this.lines.find((line) => isLine(line, phrase, data));
  }

  all(phrase: string, data: Readonly<Record<string, unknown>> = {}): LogLine[] {
    return this.lines.filter((line) => isLine(line, phrase, data));
  }

  signal(signal: "SIGTERM" | "SIGINT" | "SIGKILL" | "SIGSTOP" | "SIGCONT" | "SIGUSR2"): void {
    if (this.isAlive) this.#child.kill(signal);
  }

  async end(): Promise<void> {
    this.signal("SIGKILL");
    await this.ended;
  }

  async #follow(): Promise<Exit> {
    const line = (read: LogLine): void => {
      this.lines.push(read);
      this.#notices.tell();
    };
    const output = Promise.all([readLines(this.#child.stdout, line), readLines(this.#child.stderr, line)]);
    await this.#child.exited;
    const atMs = performance.now();
    alive.delete(this);
    await output;
    const exit: Exit = {
      code: this.#child.exitCode ?? undefined,
      signal: this.#child.signalCode === null ? undefined : String(this.#child.signalCode),
      atMs,
    };
    this.exit = exit;
    this.#notices.tell();
    return exit;
  }
}

function isLine(line: LogLine, phrase: string, data: Readonly<Record<string, unknown>>): boolean {
  return line.phrase === phrase && Object.entries(data).every(([name, value]) => line.data[name] === value);
}
