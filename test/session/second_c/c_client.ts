/**
 * The second client in C, where there is a compiler for it: compiled with every warning an error and with sanitizers into a
 * temporary folder, held against vectors, and the client itself. Not on other systems than Linux, whose sockets it uses.
 */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command, SecondClient } from "../second/second_client.ts";
import { runClient } from "../second/second_client.ts";

const HERE = import.meta.dir;
const FLAGS = [
  ...["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"],
  ...["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
];

export const COMPILER: string | undefined =
  process.platform === "linux" ? (Bun.which("gcc") ?? Bun.which("cc") ?? undefined) : undefined;

/** Compiles it; `program` is there while `use` runs. */
export async function withClient(use: (program: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kuafu-client-c-"));
  try {
    const program = join(folder, "client");
    const sources = readdirSync(HERE).filter((file) => file.endsWith(".c"));
    const argv = [COMPILER ?? "cc", ...FLAGS, "-o", program, ...sources.toSorted()];
    const done = Bun.spawnSync(argv, { cwd: HERE, stderr: "pipe" });
    if (done.exitCode !== 0) throw new Error(`Cannot compile the client in C:\n${done.stderr.toString()}`);
    await use(program);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Runs one of its checks: `vectors FILE` or `selftest`. */
export function checkC(
  program: string,
  ...args: readonly string[]
): { readonly code: number; readonly output: string } {
  const done = Bun.spawnSync([program, ...args], { stderr: "pipe" });
  return { code: done.exitCode, output: done.stdout.toString() + done.stderr.toString() };
}

export function startC(
  program: string,
  { port, token }: { readonly port: number; readonly token: string },
): SecondClient {
  return runClient({ name: "C", argv: [program, "run", "127.0.0.1", String(port), token], line: lineOf });
}

function lineOf(command: Command): string {
  switch (command.do) {
    case "connect":
      return command.acked === undefined ? "connect" : `connect acked ${command.acked}`;
    case "request":
      if (command.seq !== undefined) return `repeat ${command.seq}`;
      return `request ${command.method} ${JSON.stringify(command.body)}`;
    case "cut":
    case "ping":
    case "bye":
      return command.do;
  }
}
