/**
 * The second client in Python, where there is a python3: its packets held against vectors, and the client itself.
 */

import type { SecondClient } from "./second_client.ts";
import { runClient } from "./second_client.ts";

const HERE = import.meta.dir;

export const PYTHON: string | undefined = Bun.which("python3") ?? undefined;

/** Holds the Python packets against a file of vectors. */
export function checkVectors(path: string): { readonly code: number; readonly output: string } {
  const done = Bun.spawnSync([PYTHON ?? "python3", "-B", `${HERE}/check_vectors.py`, path], { stderr: "pipe" });
  return { code: done.exitCode, output: done.stdout.toString() + done.stderr.toString() };
}

export function startPython(
  kind: "tcp" | "ws",
  { port, token }: { readonly port: number; readonly token: string },
): SecondClient {
  const argv = [PYTHON ?? "python3", "-B", `${HERE}/client.py`, kind, "127.0.0.1", String(port), token];
  return runClient({ name: "Python", argv, line: (command) => JSON.stringify(command) });
}
