/**
 * Runs the second client where there is a python3: tells it what to do, a JSON line each, and collects the lines that it
 * prints. It ends with the test's `kill`, or when its input ends with the test run.
 */

import { Notices, waitFor } from "../../cluster/harness/wait.ts";

const HERE = import.meta.dir;
const EVENT_MS_MAX = 10_000;

export const PYTHON: string | undefined = Bun.which("python3") ?? undefined;

export interface ClientEvent {
  readonly event: string;
  readonly [name: string]: unknown;
}

export interface PythonClient {
  readonly events: readonly ClientEvent[];
  tell(command: { readonly do: string; readonly [name: string]: unknown }): void;
  /** The first event of this name after those that an earlier call answered, whole. */
  next(event: string): Promise<ClientEvent>;
  kill(): void;
}

/** Holds the Python packets against a file of vectors. */
export function checkVectors(path: string): { readonly code: number; readonly output: string } {
  const done = Bun.spawnSync([PYTHON ?? "python3", "-B", `${HERE}/check_vectors.py`, path], { stderr: "pipe" });
  return { code: done.exitCode, output: done.stdout.toString() + done.stderr.toString() };
}

export function startClient(
  kind: "tcp" | "ws",
  { port, token }: { readonly port: number; readonly token: string },
): PythonClient {
  const child = Bun.spawn([PYTHON ?? "python3", "-B", `${HERE}/client.py`, kind, "127.0.0.1", String(port), token], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  const events: ClientEvent[] = [];
  const notices = new Notices();
  const taken = new Map<string, number>();
  const read = async (): Promise<void> => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) events.push(JSON.parse(line) as ClientEvent);
      notices.tell();
    }
  };
  void read();
  return {
    events,
    tell: (command) => {
      void child.stdin.write(`${JSON.stringify(command)}\n`);
      void child.stdin.flush();
    },
    next: async (event) => {
      const index = taken.get(event) ?? 0;
      taken.set(event, index + 1);
      const what = `${event} ${index + 1} of the Python client`;
      const find = (): ClientEvent | undefined => events.filter((one) => one.event === event)[index];
      return await waitFor(find, { what, withinMs: EVENT_MS_MAX, notices, seen: () => events.at(-1) });
    },
    kill: () => child.kill(9),
  };
}
