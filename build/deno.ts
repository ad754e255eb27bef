/**
 * What runs on Deno: which tests, with which program, and what a run of `deno test` amounts to.
 *
 * Its report names the file in which Deno.test() was called, which is the harness for all of them; which files had
 * tests is read from the output.
 */

import { join } from "node:path";
import { matching } from "./groups.ts";
import { countCases, parseJunit } from "./junit.ts";
import type { GroupRun, Verdict } from "./report.ts";

/** Suites of layers that know no runtime. */
const SUITES = [
  "test/wire/",
  "test/link/",
  "test/sync/",
  "test/mesh/",
  "test/rpc/",
  "test/session/client_",
  "test/client/",
  "test/admin/",
];
/** Tests of what Deno alone has, and of an adapter that both use. */
const OWN = ["test/deno/", "test/runtime/line_trail.test.ts"];

/** Left out, with the reason. */
const LEFT_OUT: readonly { readonly path: string; readonly why: string }[] = [
  { path: "test/wire/second/", why: "starts a cluster of the executable through Bun" },
  { path: "test/client/web_socket.test.ts", why: "serves the other end with Bun" },
  { path: "test/client/real_door.test.ts", why: "serves the other end with Bun" },
  { path: "test/admin/audit.test.ts", why: "is about the audit trail in bun:sqlite" },
  { path: "test/mesh/mesh.test.ts", why: "runs on the simulator, which runs promise jobs by bun:jsc" },
  { path: "test/mesh/gateway_watch.test.ts", why: "runs on the simulator, which runs promise jobs by bun:jsc" },
  { path: "test/admin/mesh_", why: "simulates owners, whose disks are bun:sqlite; an edge owns nothing" },
];

export const DENO_TIME_MAX_MS = 10 * 60_000;

/** From the root; a filter is a file or a folder. */
export function denoFiles(files: readonly string[], filters: readonly string[]): string[] {
  return matching(files, filters)
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => OWN.some((own) => file.startsWith(own)) || SUITES.some((suite) => file.startsWith(suite)))
    .filter((file) => !LEFT_OUT.some(({ path }) => file.startsWith(path)))
    .toSorted();
}

/** Entries whose imports are all that is written for Deno. */
export const DENO_ENTRIES = ["src/main_deno.ts", "src/main_deno_serve.ts", "test/harness/deno.ts", "test/deno"];

/**
 * The program itself: `.bin/deno` is a script for Node, which is not there on a machine that has Bun only.
 * docs/decisions/deno_edge.md says for which platforms bun.lock has one.
 */
export function denoProgram(root: string): string {
  const libc = process.platform === "linux" ? "-glibc" : "";
  return join(root, `node_modules/@deno/${process.platform}-${process.arch}${libc}/deno`);
}

export const DENO_ENVIRONMENT = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };

export function denoCheckCommand(root: string): string[] {
  return [denoProgram(root), "check", "--no-lock", "--cached-only", ...DENO_ENTRIES];
}

export function denoTestCommand(options: {
  readonly root: string;
  readonly report: string;
  readonly files: readonly string[];
  readonly namePattern: string | undefined;
}): string[] {
  const { root, report, files, namePattern } = options;
  return [
    denoProgram(root),
    "test",
    "--allow-all",
    // Types have a check of their own, in the gate.
    "--no-check",
    "--no-lock",
    "--cached-only",
    `--junit-path=${report}`,
    ...(namePattern === undefined ? [] : [`--filter=/${namePattern}/`]),
    ...files.map((file) => `./${file}`),
  ];
}

/** What Deno has as the class of a test. */
const CLASS = /^\.\/\S+\.ts > /;

export function judgeDenoRun(run: GroupRun & { readonly output: string }): Verdict {
  const cases = parseJunit(run.xml);
  const counts = countCases(cases);
  const lines = cases
    .filter((found) => found.outcome === "failed")
    .map(({ name, message }) => `${name.replace(CLASS, "")}: ${message.split("\n")[0] ?? ""}`);
  const extra: string[] = [];
  if (run.timedOut) extra.push("stopped: the group took too long");
  else if (run.xml === "") extra.push(`deno test ended with code ${run.code} and no report`);
  else if (!run.isPartial) {
    const ran = new Map<string, number>();
    for (const [, count = "0", file = ""] of run.output.matchAll(/^running (\d+) tests? from \.\/(\S+)$/gm)) {
      ran.set(file, Number(count));
    }
    for (const file of run.files) if ((ran.get(file) ?? 0) === 0) extra.push(`${file}: no test in it was run`);
  }
  if (run.code !== 0 && counts.failed === 0 && extra.length === 0) {
    extra.push(`deno test ended with code ${run.code}: an error between tests`);
  }
  return { counts: { ...counts, failed: counts.failed + extra.length }, lines: [...lines, ...extra] };
}
