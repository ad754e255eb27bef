/**
 * Runs the commands of the build and test scripts.
 * Every child gets an environment without the variables that would turn a Bun
 * executable into something else, and a process group of its own: a signal to
 * the script is passed on exactly once, and a time limit ends the whole group.
 */

export interface CommandOptions {
  readonly cwd: string;
  readonly timeLimitMs: number;
  /** "inherit" shows the output as it comes; "capture" returns it. */
  readonly output: "inherit" | "capture";
  readonly environment?: Readonly<Record<string, string>>;
}

export interface CommandResult {
  /** 128 + signal number for a child that a signal ended. */
  readonly code: number;
  /** Standard output and standard error, in the order of arrival. */
  readonly output: string;
  readonly timedOut: boolean;
  readonly durationMs: number;
}

const KILL_DELAY_MS = 10_000;

/** These change what a Bun executable does, so no child may inherit them. */
const SCRUBBED = ["BUN_OPTIONS", "BUN_BE_BUN"];

const liveChildren = new Set<number>();
let stopSignal: NodeJS.Signals | undefined;

export function cleanEnvironment(source: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(source)) {
    if (value !== undefined && !SCRUBBED.includes(name)) result[name] = value;
  }
  return result;
}

export async function runCommand(command: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const startedMs = performance.now();
  const stream = options.output === "capture" ? "pipe" : "inherit";
  const child = Bun.spawn([...command], {
    cwd: options.cwd,
    env: { ...cleanEnvironment(process.env), ...options.environment },
    stdin: "ignore",
    stdout: stream,
    stderr: stream,
    detached: true,
  });
  liveChildren.add(child.pid);
  if (stopSignal !== undefined) signalGroup(child.pid, stopSignal);
  let timedOut = false;
  const timers = [
    setTimeout(() => {
      timedOut = true;
      signalGroup(child.pid, "SIGTERM");
    }, options.timeLimitMs),
    setTimeout(() => signalGroup(child.pid, "SIGKILL"), options.timeLimitMs + KILL_DELAY_MS),
  ];
  const chunks: Uint8Array[] = [];
  const reading = [child.stdout, child.stderr].map((source) => collect(source, chunks));
  await child.exited;
  // A grandchild that outlives its parent would hold the pipes open for ever.
  signalGroup(child.pid, "SIGKILL");
  await Promise.all(reading);
  for (const timer of timers) clearTimeout(timer);
  liveChildren.delete(child.pid);
  return {
    code: exitCode(child.exitCode, child.signalCode),
    output: new TextDecoder().decode(Buffer.concat(chunks)),
    timedOut,
    durationMs: performance.now() - startedMs,
  };
}

/** Passes SIGINT and SIGTERM on; the caller ends once its children have. */
export function forwardSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      // A second request is taken as impatience.
      const passed = stopSignal === undefined ? signal : "SIGKILL";
      stopSignal ??= signal;
      for (const pid of liveChildren) signalGroup(pid, passed);
    });
  }
}

/** The exit code to end with once a signal has asked the script to stop. */
export function stopCode(): number | undefined {
  return stopSignal === undefined ? undefined : exitCode(null, stopSignal);
}

function exitCode(code: number | null, signal: NodeJS.Signals | number | null): number {
  if (signal === null) return code ?? 1;
  if (typeof signal === "number") return 128 + signal;
  const numbers: Partial<Record<NodeJS.Signals, number>> = {
    SIGINT: 2,
    SIGABRT: 6,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGTERM: 15,
  };
  return 128 + (numbers[signal] ?? 0);
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

async function collect(source: ReadableStream<Uint8Array> | undefined, chunks: Uint8Array[]): Promise<void> {
  if (source === undefined) return;
  for await (const chunk of source) chunks.push(chunk);
}
