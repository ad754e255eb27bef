/**
 * Runs an edge from its command line until something asks it to stop: what main_deno.ts and main_deno_serve.ts share.
 * Names no runtime: files, output, signals and adapters are arguments.
 */

import type { Log } from "#base/log.ts";
import { type ArgvToken, type LogFormat } from "../cli.ts";
import { parseConfig, type ReadToml } from "../config.ts";
import { type Fault, faultText } from "../config/fault.ts";
import { nodePlan } from "../config/plan.ts";
import type { ClusterConfig } from "../config/types.ts";
import { type RunningNode, runNode } from "../run.ts";
import { EDGE_HELP, parseEdgeCommand } from "./edge_command.ts";
import type { Runtime } from "./types.ts";

const EXIT_CONFIG = 2;
/** Beyond it a drain is cut short. */
const STOP_MS_MAX = 10_000;

export interface EdgeHost {
  readonly runtime: Omit<Runtime, "logFor">;
  readonly readToml: ReadToml;
  readonly print: (text: string) => void;
  readonly printFault: (text: string) => void;
  readonly logFor: (format: LogFormat | undefined, node: string) => Log;
  readonly onLog: (log: Log) => void;
  readonly onStopSignals: (handler: (signal: string) => void) => void;
}

export type EdgeStart =
  | { readonly kind: "over"; readonly code: number }
  /** `ended` resolves with the exit code when all has been let go of. */
  | { readonly kind: "running"; readonly ended: Promise<number> };

export async function startEdge(tokens: readonly ArgvToken[], host: EdgeHost): Promise<EdgeStart> {
  const parsed = parseEdgeCommand(tokens);
  if (parsed.kind === "faults") return refuse(parsed.faults, host);
  const { command } = parsed;
  if (command.kind === "help" || command.kind === "version") {
    host.print(command.kind === "help" ? EDGE_HELP.trimEnd() : `kuafu edge ${host.runtime.release}`);
    return { kind: "over", code: 0 };
  }
  const read = readConfig(command.config, host);
  if (read.kind === "faults") return refuse(read.faults, host);
  const planned = nodePlan(read.config, { role: "admin", number: command.number }, { dataDir: command.dataDir });
  if (planned.kind === "faults") return refuse(planned.faults, host);
  // A team's modules are for the executable: an edge shows what the cluster says, and runs nobody's code.
  const plan = { ...planned.plan, modules: [] };
  const log = host.logFor(command.log, plan.self.id);
  host.onLog(log);
  const stopAsked = Promise.withResolvers<{ readonly code: number; readonly detail: string }>();
  host.onStopSignals((signal) => stopAsked.resolve({ code: 0, detail: signal }));
  const started = await runNode(plan, { ...host.runtime, logFor: () => log });
  if (started.kind === "failed") {
    for (const reason of started.lines) log.error("node cannot start", { reason });
    return { kind: "over", code: started.code };
  }
  void started.running.ended.then((end) => stopAsked.resolve({ code: end.code, detail: end.reason }));
  return { kind: "running", ended: untilStopped(started.running, { asked: stopAsked.promise, host, log }) };
}

async function untilStopped(
  running: RunningNode,
  given: {
    readonly asked: Promise<{ readonly code: number; readonly detail: string }>;
    readonly host: EdgeHost;
    readonly log: Log;
  },
): Promise<number> {
  const { code, detail } = await given.asked;
  given.log.info("node stopping", { reason: detail, code });
  const late = Promise.withResolvers<void>();
  const timer = given.host.runtime.clock.after(STOP_MS_MAX, late.resolve);
  await Promise.race([running.stop(detail), late.promise]);
  timer.cancel();
  return code;
}

function readConfig(
  path: string,
  host: EdgeHost,
):
  | { readonly kind: "ok"; readonly config: ClusterConfig }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] } {
  const read = host.runtime.files.readText(path);
  if (read.kind === "ok") return parseConfig(read.text, path, host.readToml);
  const found = read.kind === "absent" ? "no such file" : read.reason;
  return { kind: "faults", faults: [{ file: path, place: "", found, allowed: "a cluster file that can be read" }] };
}

function refuse(faults: readonly Fault[], host: EdgeHost): EdgeStart {
  for (const fault of faults) host.printFault(faultText(fault));
  return { kind: "over", code: EXIT_CONFIG };
}
