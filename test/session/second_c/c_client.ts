/**
 * The second client in C, where there is a compiler for it: compiled with every warning an error and with sanitizers, once for
 * each state of its sources, into dist/; held against vectors; and the client itself. Not on other systems than Linux, whose
 * sockets it uses.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Command, SecondClient } from "../second/second_client.ts";
import { runClient } from "../second/second_client.ts";

const HERE = import.meta.dir;
const BUILT = resolve(HERE, "../../../dist/second_c");
const FLAGS = [
  ...["-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", "-g"],
  ...["-fsanitize=address,undefined", "-fno-sanitize-recover=all"],
];

export const COMPILER: string | undefined =
  process.platform === "linux" ? (Bun.which("gcc") ?? Bun.which("cc") ?? undefined) : undefined;

/** The program, compiled unless these very sources were before. */
export function compiled(): string {
  const files = readdirSync(HERE).filter((file) => /\.[ch]$/.test(file));
  const hash = createHash("sha256").update(FLAGS.join(" "));
  for (const file of files.toSorted()) hash.update(file).update(readFileSync(join(HERE, file)));
  const folder = join(BUILT, hash.digest("hex").slice(0, 16));
  if (existsSync(folder)) return join(folder, "client");
  mkdirSync(BUILT, { recursive: true });
  // Of other sources; what is being made may be another test's.
  for (const name of readdirSync(BUILT)) {
    const old = join(BUILT, name);
    if (old !== folder && !name.startsWith("made-")) rmSync(old, { recursive: true, force: true });
  }
  const made = mkdtempSync(join(BUILT, "made-"));
  const sources = files.filter((file) => file.endsWith(".c"));
  const argv = [COMPILER ?? "cc", ...FLAGS, "-o", join(made, "client"), ...sources];
  const done = Bun.spawnSync(argv, { cwd: HERE, stderr: "pipe" });
  if (done.exitCode !== 0) {
    rmSync(made, { recursive: true });
    throw new Error(`Cannot compile the client in C:\n${done.stderr.toString()}`);
  }
  try {
    renameSync(made, folder);
  } catch (error) {
    // Two tests at once have made the same.
    if (!existsSync(folder)) throw error;
    rmSync(made, { recursive: true });
  }
  return join(folder, "client");
}

/** Runs one of its checks: `vectors FILE` or `selftest`. */
export function checkC(...args: readonly string[]): { readonly code: number; readonly output: string } {
  const done = Bun.spawnSync([compiled(), ...args], { stderr: "pipe" });
  return { code: done.exitCode, output: done.stdout.toString() + done.stderr.toString() };
}

export function startC({ port, token }: { readonly port: number; readonly token: string }): SecondClient {
  return runClient({ name: "C", argv: [compiled(), "run", "127.0.0.1", String(port), token], line: lineOf });
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
