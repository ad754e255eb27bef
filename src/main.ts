/**
 * The executable on Bun: puts the adapters together, reads the command line and the cluster file, and runs the
 * supervisor, one node, or one shard's nodes.
 */

import type { Log } from "#base/log.ts";
import { SendBudget } from "#link/send_budget.ts";
import { splitArgv } from "#runtime/argv.ts";
import { bunBotDial } from "#runtime/bun_bot_dial.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { endOnFaults } from "#runtime/bun_faults.ts";
import { bunFiles } from "#runtime/bun_files.ts";
import { bunGetJson } from "#runtime/bun_get_json.ts";
import { bunServeHttp } from "#runtime/bun_http.ts";
import { loadBotRequests, loadModule, provideKuafu } from "#runtime/bun_modules.ts";
import { bunListenPlayers, bunSecurePlayers } from "#runtime/bun_players.ts";
import { bunProcesses, isCompiled } from "#runtime/bun_processes.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { onRollingSignal, onStopSignals } from "#runtime/bun_signals.ts";
import { BunTransport, bunSecureTransport } from "#runtime/bun_transport.ts";
import { bunUsage } from "#runtime/bun_usage.ts";
import { relayChildLine } from "#runtime/child_output.ts";
import { acquireDataLock } from "#runtime/data_lock.ts";
import { connsMax } from "#runtime/descriptor_limit.ts";
import { descriptorWriter } from "#runtime/line_writer.ts";
import { consolaSink } from "#runtime/log_consola.ts";
import { jsonSink } from "#runtime/log_json.ts";
import { recordLine } from "#runtime/log_record.ts";
import { recordLog } from "#runtime/record_log.ts";
import type { RecordSink } from "#runtime/record_log.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { readToml } from "#runtime/toml.ts";
import type { Command, RunOptions } from "./cli.ts";
import { HELP, parseCommand } from "./cli.ts";
import { parseConfig } from "./config.ts";
import { faultText } from "./config/fault.ts";
import type { Fault } from "./config/fault.ts";
import { nodePlan } from "./config/plan.ts";
import type { ClusterConfig } from "./config/types.ts";
import * as surface from "./mod.ts";
import { runNode } from "./run.ts";
import type { RunningNode } from "./run.ts";
import { runBots } from "./run/bots.ts";
import type { SecretReader } from "./run/secrets.ts";
import { developmentToken } from "./run/token_command.ts";
import type { Runtime } from "./run/types.ts";
import { Supervisor } from "./supervisor.ts";
import { restartOnChange } from "./supervisor/code.ts";

declare const KUAFU_RELEASE: string | undefined;
const RELEASE = typeof KUAFU_RELEASE === "string" ? KUAFU_RELEASE : "uncompiled";

const EXIT_CONFIG = 2;
/** Beyond it a drain is cut short: the supervisor's patience is longer. */
const STOP_MS_MAX = 10_000;
/** A start that has not ended so long after it was asked to stop is given up: nobody has heard of the node yet. */
const START_MS_MAX = 2_000;
const FLUSH_MS = 1_000;
/** What `npm start` shows how to open. */
const EXAMPLE = { id: "welcome", kind: "plain", config: { banner: "hello from every shard" } };

const output = descriptorWriter(1, (count) =>
  recordLine({ timeMs: bunClock.wallMs(), level: "warn", phrase: "log lines dropped", node: "log", data: { count } }),
);

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseCommand(splitArgv(args));
  if (parsed.kind === "faults") return refuse(parsed.faults);
  const { command } = parsed;
  switch (command.kind) {
    case "help":
      output.line(HELP.trimEnd());
      return 0;
    case "version":
      output.line(`kuafu ${RELEASE}`);
      return 0;
    case "check_config": {
      const config = readConfig(command.config);
      if (config === undefined) return EXIT_CONFIG;
      output.line(`${command.config}: ${config.nodes.length + config.edges.length} nodes, nothing wrong`);
      return 0;
    }
    case "token":
      return printToken(command);
    case "bot":
      return playBots(command);
    case "node":
    case "shard":
    case "all": {
      const config = readConfig(command.options.config);
      if (config === undefined) return EXIT_CONFIG;
      const sink = sinkFor(command.options);
      const logFor = (node: string): Log => recordLog({ node, sink, wallMs: () => bunClock.wallMs(), least: "info" });
      if (command.kind === "all" && config.nodes.length === 0) {
        const found = "nothing to run but what Deno runs";
        return refuse([{ file: config.file, place: "node", found, allowed: "at least one [[node]]" }]);
      }
      if (command.kind === "all") return supervise(command, { config, sink, log: logFor("supervisor") });
      return runNodes(command, { config, logFor });
    }
  }
}

function readConfig(path: string): ClusterConfig | undefined {
  const read = bunFiles.readText(path);
  if (read.kind !== "ok") {
    const found = read.kind === "absent" ? "no such file" : read.reason;
    refuse([{ file: path, place: "", found, allowed: "a cluster file that can be read" }]);
    return undefined;
  }
  const parsed = parseConfig(read.text, path, readToml);
  if (parsed.kind === "ok") return parsed.config;
  refuse(parsed.faults);
  return undefined;
}

async function printToken(command: Extract<Command, { readonly kind: "token" }>): Promise<number> {
  const config = readConfig(command.config);
  if (config === undefined) return EXIT_CONFIG;
  const { player } = command;
  const made = await developmentToken(config, { player, clock: bunClock, reader: quietReader("token") });
  if (made.kind === "ok") output.line(made.token);
  else for (const line of made.lines) console.error(line);
  return made.kind === "ok" ? 0 : made.code;
}

async function playBots({ options }: Extract<Command, { readonly kind: "bot" }>): Promise<number> {
  const config = options.config === undefined ? undefined : readConfig(options.config);
  if (options.config !== undefined && config === undefined) return EXIT_CONFIG;
  provideKuafu(surface);
  const stopped = Promise.withResolvers<void>();
  onStopSignals(() => stopped.resolve());
  return runBots(options, config, {
    clock: bunClock,
    random: bunRandom,
    dial: bunBotDial,
    reader: quietReader("bot"),
    connsMax: connsMax(),
    loadRequests: loadBotRequests,
    print: (text) => output.line(text),
    live: { isTerminal: process.stderr.isTTY, write: (text) => process.stderr.write(text) },
    stopped: stopped.promise,
  });
}

/** Of secrets, for commands that keep no log. */
function quietReader(node: string): SecretReader {
  const log = recordLog({ node, sink: () => {}, wallMs: () => bunClock.wallMs(), least: "info" });
  return { runtime: { files: bunFiles, environment: (name) => process.env[name] }, log };
}

function refuse(faults: readonly Fault[]): number {
  for (const fault of faults) console.error(faultText(fault));
  return EXIT_CONFIG;
}

function sinkFor(options: RunOptions): RecordSink {
  const line = (text: string): void => output.line(text);
  const isPretty = options.log === undefined ? process.stdout.isTTY : options.log === "pretty";
  return isPretty ? consolaSink(line, { colors: process.stdout.isTTY }) : jsonSink(line);
}

async function supervise(
  command: Extract<Command, { readonly kind: "all" }>,
  given: { readonly config: ClusterConfig; readonly sink: RecordSink; readonly log: Log },
): Promise<number> {
  const { config, sink, log } = given;
  endOnFaults(log, () => output.flushNow());
  const supervisor = new Supervisor({
    config,
    options: command.options,
    watch: command.watch,
    example: EXAMPLE,
    clock: bunClock,
    random: bunRandom,
    log,
    files: bunFiles,
    acquireLock: acquireDataLock,
    processes: bunProcesses,
    getJson: bunGetJson,
    relay: relayChildLine(sink, () => bunClock.wallMs()),
    print: (text) => output.line(text),
  });
  const { modules } = command.options;
  if (command.watch && isCompiled()) log.warn("nothing to watch: this executable is compiled");
  const unwatch =
    command.watch && !isCompiled()
      ? restartOnChange({
          config,
          modules,
          main: Bun.main,
          log,
          restart: (nodes, reason) => supervisor.restart(nodes, reason),
        })
      : undefined;
  onStopSignals((signal) => supervisor.stop(signal));
  onRollingSignal(() => supervisor.rollingRestart("SIGUSR2"));
  const code = await supervisor.run();
  unwatch?.();
  return code;
}

async function runNodes(
  command: Extract<Command, { readonly kind: "node" | "shard" }>,
  given: { readonly config: ClusterConfig; readonly logFor: (node: string) => Log },
): Promise<number> {
  const { config, logFor } = given;
  const log = logFor(command.kind === "node" ? `${command.role}:${command.number}` : `shard ${command.number}`);
  endOnFaults(log, () => output.flushNow());
  provideKuafu(surface);
  const wanted =
    command.kind === "node"
      ? [{ role: command.role, number: command.number }]
      : config.nodes.filter((node) => node.shard === command.number);
  if (wanted.length === 0) {
    const found = `${command.number} (asked for by --role shard)`;
    return refuse([{ file: config.file, place: "node", found, allowed: "a shard that has nodes in it" }]);
  }
  const runtime = bunRuntime(logFor);
  const stopAsked = Promise.withResolvers<{ readonly code: number; readonly detail: string }>();
  const startOver = Promise.withResolvers<undefined>();
  let isSignalled = false;
  onStopSignals((signal) => {
    stopAsked.resolve({ code: 0, detail: signal });
    if (!isSignalled) bunClock.after(START_MS_MAX, () => startOver.resolve(undefined));
    isSignalled = true;
  });
  const running: RunningNode[] = [];
  for (const one of wanted) {
    const plan = nodePlan(config, one, command.options);
    if (plan.kind === "faults") return refuse(plan.faults);
    const started = await Promise.race([runNode(plan.plan, runtime), startOver.promise]);
    if (started === undefined) break;
    if (started.kind === "failed") {
      for (const reason of started.lines) log.error("node cannot start", { reason });
      await Promise.all(running.map((each) => each.stop("another node of this process cannot start")));
      return started.code;
    }
    running.push(started.running);
    void started.running.ended.then((end) => stopAsked.resolve({ code: end.code, detail: end.reason }));
    if (isSignalled) break;
  }
  const { code, detail } = await stopAsked.promise;
  log.info("node stopping", { reason: detail, code });
  const late = Promise.withResolvers<void>();
  const timer = bunClock.after(STOP_MS_MAX, late.resolve);
  // In a shard's process: the gateway last, so that the others can say goodbye to it.
  await Promise.race([Promise.all(running.toReversed().map((each) => each.stop(detail))), late.promise]);
  timer.cancel();
  return code;
}

function bunRuntime(logFor: (node: string) => Log): Runtime {
  const most = connsMax();
  const transport = new BunTransport({ connsMax: most });
  return {
    release: RELEASE,
    clock: bunClock,
    random: bunRandom,
    digest: bunDigest,
    transport,
    secureTransport: bunSecureTransport(transport),
    files: bunFiles,
    acquireLock: acquireDataLock,
    openStore: (path, options) => openSqliteStore({ path, clock: bunClock, ...options }),
    connsMax: most,
    serveHttp: bunServeHttp,
    listenPlayers: bunListenPlayers,
    securePlayers: bunSecurePlayers(transport),
    loadModule,
    usage: bunUsage,
    budget: new SendBudget(),
    environment: (name) => process.env[name],
    logFor,
  };
}

const code = await main(process.argv.slice(2));
await output.flush(FLUSH_MS);
process.exit(code);
