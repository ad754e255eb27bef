/**
 * Processes of a benchmark: a script run by the same Bun that answers questions over IPC, or any other command.
 * All of them end with the run, whatever happens to it.
 */

import { readFileSync, readdirSync } from "node:fs";
import { cleanEnvironment } from "../../build/run_command.ts";

const ANSWER_MS_MAX = 180_000;

type Child = Bun.Subprocess<"ignore", "pipe" | "inherit", "inherit">;
const children = new Set<Child>();

export interface Worker {
  readonly pid: number;
  /** One question at a time. Rejects when the process ends or takes ANSWER_MS_MAX. */
  ask<Answer>(question: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

export function startWorker(script: string, args: readonly string[] = []): Worker {
  let waiting: Waiting | undefined;
  const child = Bun.spawn([process.execPath, script, ...args], {
    env: cleanEnvironment(process.env),
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
    serialization: "json",
    ipc: (answer: unknown) => {
      waiting?.resolve(answer);
      waiting = undefined;
    },
    onExit: () => waiting?.reject(new Error(`${script} has ended`)),
  });
  children.add(child);
  return {
    pid: child.pid,
    ask: async <Answer>(question: unknown): Promise<Answer> => {
      const answered = Promise.withResolvers<unknown>();
      waiting = answered;
      const timer = setTimeout(() => answered.reject(new Error(`${script} did not answer`)), ANSWER_MS_MAX);
      child.send(question);
      try {
        return (await answered.promise) as Answer;
      } finally {
        clearTimeout(timer);
      }
    },
    stop: () => stop(child),
  };
}

export interface Program {
  readonly pid: number;
  /** What it prints, until it has ended. */
  lines(): AsyncGenerator<string>;
  /** Reads and forgets. */
  drain(): Promise<void>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export function startProgram(command: readonly string[], cwd: string): Program {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...cleanEnvironment(process.env), NO_COLOR: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  children.add(child);
  const lines = (): AsyncGenerator<string> => linesOf(child.stdout);
  const drain = async (): Promise<void> => {
    for await (const _line of lines());
  };
  const end = async (): Promise<void> => {
    child.kill("SIGTERM");
    await child.exited;
    children.delete(child);
  };
  return { pid: child.pid, lines, drain, stop: end, kill: () => stop(child) };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}

async function stop(child: Child): Promise<void> {
  child.kill("SIGKILL");
  await child.exited;
  children.delete(child);
}

export async function stopAll(): Promise<void> {
  await Promise.all([...children].map(stop));
}

/** Milliseconds of processor time that a process has used, all threads; undefined where the system does not say. */
export function cpuMs(pid: number): number | undefined {
  try {
    let sum = 0;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      sum += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, "utf8").split(" ")[0]);
    }
    return sum / 1e6;
  } catch {
    return undefined;
  }
}

/** The kernel's USER_HZ, which is 100 on every platform that Bun runs on. */
const TICK_MS = 10;

/**
 * Milliseconds of processor time, user and system, also of threads that have ended, in steps of TICK_MS: for spans of
 * seconds. Undefined where the system does not say.
 */
export function processMs(pid: number): number | undefined {
  try {
    // Behind the name, which may hold anything, in parentheses: state is field 3, utime 14, stime 15.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** Resident memory in bytes; undefined where the system does not say. */
export function residentSize(pid: number): number | undefined {
  try {
    const found = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return found === undefined ? undefined : Number(found) * 1024;
  } catch {
    return undefined;
  }
}
