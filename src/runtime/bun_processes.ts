/**
 * Processes by Bun.spawn. Children are detached, so that a Ctrl-C at the terminal reaches the supervisor alone, and
 * end with it all the same (child_environment.ts).
 */

import type { ChildEvents, ChildProcess, ExitStatus, Processes, SpawnResult } from "#base/processes.ts";
import { messageOf } from "#base/log.ts";
import { childEnvironment } from "./child_environment.ts";
import { LineSplitter } from "./line_splitter.ts";

/** After a child ended, how long its output may stay open: something that it started may still hold it. */
const OUTPUT_LATE_MAX_MS = 500;

export const bunProcesses: Processes = { spawn: spawnSelf };

/** True in the executable that `bun build --compile` made. */
export function isCompiled(): boolean {
  return Bun.main.startsWith("/$bunfs/");
}

function spawnSelf(args: readonly string[], events: ChildEvents): SpawnResult {
  try {
    const child = Bun.spawn({
      // The path would fail after the file was replaced by a new build; the link still leads to the one that runs.
      cmd: ["/proc/self/exe", ...(isCompiled() ? [] : [Bun.main]), ...args],
      argv0: process.execPath,
      detached: true,
      env: childEnvironment(process.env),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    void follow(child, events).catch((error: unknown) => {
      queueMicrotask(() => {
        throw error;
      });
    });
    return { kind: "ok", child: handleOf(child.pid, child) };
  } catch (error) {
    return { kind: "failed", reason: messageOf(error) };
  }
}

type PipedChild = Bun.Subprocess<"ignore", "pipe", "pipe">;

async function follow(child: PipedChild, events: ChildEvents): Promise<void> {
  const output = Promise.all([readLines(child.stdout, events), readLines(child.stderr, events)]);
  await child.exited;
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, OUTPUT_LATE_MAX_MS);
  await Promise.race([output, late]);
  clearTimeout(timer);
  events.exited(statusOf(child));
}

async function readLines(stream: ReadableStream<Uint8Array>, events: ChildEvents): Promise<void> {
  const splitter = new LineSplitter((text) => events.line(text));
  try {
    for await (const chunk of stream) splitter.push(chunk);
  } catch {
    // The pipe broke: the exit tells the rest.
  }
  splitter.end();
}

function statusOf(child: PipedChild): ExitStatus {
  if (child.signalCode !== null) return { kind: "signal", signal: String(child.signalCode) };
  return { kind: "code", code: child.exitCode ?? 1 };
}

function handleOf(pid: number, child: PipedChild): ChildProcess {
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid,
    terminate: () => {
      if (isAlive()) child.kill("SIGTERM");
    },
    kill: () => {
      if (!isAlive()) return;
      try {
        // Detached: it leads a group of its own.
        process.kill(-pid, "SIGKILL");
      } catch {
        child.kill("SIGKILL");
      }
    },
  };
}
