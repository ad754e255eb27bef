/**
 * A program like the real one, with the real supervisor and real child processes; only what a node does is missing:
 * it says that it is up, serves the list of nodes if it has an admin address, and ends on SIGTERM.
 */

import { parseCommand } from "../../src/cli.ts";
import { parseConfig } from "../../src/config.ts";
import { nodePlan } from "../../src/config/plan.ts";
import { splitArgv } from "../../src/runtime/argv.ts";
import { bunClock } from "../../src/runtime/bun_clock.ts";
import { bunFiles } from "../../src/runtime/bun_files.ts";
import { bunGetJson } from "../../src/runtime/bun_get_json.ts";
import { bunServeHttp } from "../../src/runtime/bun_http.ts";
import { bunProcesses } from "../../src/runtime/bun_processes.ts";
import { bunRandom } from "../../src/runtime/bun_random.ts";
import { onStopSignals } from "../../src/runtime/bun_signals.ts";
import { relayChildLine } from "../../src/runtime/child_output.ts";
import { acquireDataLock } from "../../src/runtime/data_lock.ts";
import { descriptorWriter } from "../../src/runtime/line_writer.ts";
import { jsonSink } from "../../src/runtime/log_json.ts";
import { recordLog } from "../../src/runtime/record_log.ts";
import { readToml } from "../../src/runtime/toml.ts";
import { Supervisor } from "../../src/supervisor.ts";

const output = descriptorWriter(1, (count) => `dropped ${count}`);
const sink = jsonSink((text) => output.line(text));
const parsed = parseCommand(splitArgv(process.argv.slice(2)));
if (parsed.kind === "faults" || (parsed.command.kind !== "all" && parsed.command.kind !== "node")) process.exit(2);
const { command } = parsed;
const file = command.options.config;
const config = parseConfig(await Bun.file(file).text(), file, readToml);
if (config.kind === "faults") process.exit(2);

async function end(code: number): Promise<never> {
  await output.flush(1_000);
  process.exit(code);
}

if (command.kind === "all") {
  const supervisor = new Supervisor({
    config: config.config,
    options: command.options,
    watch: command.watch,
    example: { id: "demo", kind: "plain", config: {} },
    clock: bunClock,
    random: bunRandom,
    log: recordLog({ node: "supervisor", sink, wallMs: () => Date.now(), least: "debug" }),
    files: bunFiles,
    acquireLock: acquireDataLock,
    processes: bunProcesses,
    getJson: bunGetJson,
    relay: relayChildLine(sink, () => Date.now()),
    print: (text) => output.line(text),
  });
  onStopSignals((signal) => supervisor.stop(signal));
  await end(await supervisor.run());
} else {
  const plan = nodePlan(config.config, command);
  if (plan.kind === "faults") process.exit(2);
  const { self, admin } = plan.plan;
  const log = recordLog({ node: self.id, sink, wallMs: () => Date.now(), least: "info" });
  // Before it says that it is up: whoever reads that may end it at once.
  const alive = setInterval(() => {}, 1_000);
  onStopSignals((signal) => {
    clearInterval(alive);
    log.info("node stops", { signal });
    void end(0);
  });
  log.info("node up", { pid: process.pid });
  process.stderr.write(`plain text of ${self.id}\n`);
  if (admin !== undefined) {
    const nodes = config.config.nodes.map(({ id }) => ({ id, boot: "b", startedAtMs: 1, gateway: id, current: true }));
    bunServeHttp(admin, () => Response.json({ nodes }), { bodySizeMax: 1024, onFault: () => {} });
  }
}
