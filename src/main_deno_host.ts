/**
 * What Deno gives to run an edge: its adapters, put together; main_deno.ts and main_deno_serve.ts differ in the HTTP
 * server only. Adapters that are written with Node's names run on both runtimes and are Bun's.
 */

/// <reference lib="deno.window" />

import type { ServeHttp } from "#base/http_server.ts";
import type { Log } from "#base/log.ts";
import { bunFiles } from "#runtime/bun_files.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { onStopSignals } from "#runtime/bun_signals.ts";
import { denoClock } from "#runtime/deno_clock.ts";
import { denoDigest } from "#runtime/deno_digest.ts";
import { endOnDenoFaults } from "#runtime/deno_faults.ts";
import { acquireDenoLock } from "#runtime/deno_lock.ts";
import { DenoTransport } from "#runtime/deno_transport.ts";
import { denoUsage } from "#runtime/deno_usage.ts";
import { connsMax } from "#runtime/descriptor_limit.ts";
import { openLineTrail } from "#runtime/line_trail.ts";
import { descriptorWriter } from "#runtime/line_writer.ts";
import { consolaSink } from "#runtime/log_consola.ts";
import { jsonSink } from "#runtime/log_json.ts";
import { recordLine } from "#runtime/log_record.ts";
import { recordLog } from "#runtime/record_log.ts";
import { readToml } from "#runtime/toml.ts";
import { StoreError } from "#store/store.ts";
import type { LogFormat } from "./cli.ts";
import type { EdgeHost } from "./run/edge.ts";

declare const KUAFU_RELEASE: string | undefined;
const RELEASE = typeof KUAFU_RELEASE === "string" ? KUAFU_RELEASE : "uncompiled";
const FLUSH_MS = 1_000;

const output = descriptorWriter(1, (count) =>
  recordLine({ timeMs: denoClock.wallMs(), level: "warn", phrase: "log lines dropped", node: "log", data: { count } }),
);

export function denoHost(serveHttp: ServeHttp): EdgeHost {
  return {
    runtime: {
      release: RELEASE,
      clock: denoClock,
      random: bunRandom,
      digest: denoDigest,
      transport: new DenoTransport({ connsMax: connsMax() }),
      files: bunFiles,
      acquireLock: acquireDenoLock,
      openStore: () => {
        throw new StoreError("unwritable", "Cannot open a store on Deno: an edge owns no data");
      },
      openTrail: (folder) => openLineTrail(folder),
      serveHttp,
      loadModule: async (path) => ({ kind: "failed", reason: `${path}: an edge runs no modules` }),
      usage: denoUsage,
      environment: (name) => Deno.env.get(name),
    },
    readToml,
    print: (text) => output.line(text),
    printFault: (text) => console.error(text),
    logFor,
    onLog: (log) => endOnDenoFaults(log, () => output.flushNow()),
    onStopSignals: (handler) => {
      onStopSignals(handler);
    },
  };
}

export async function exitDeno(code: number): Promise<never> {
  await output.flush(FLUSH_MS);
  Deno.exit(code);
}

function logFor(format: LogFormat | undefined, node: string): Log {
  const line = (text: string): void => output.line(text);
  const isTerminal = Deno.stdout.isTerminal();
  const isPretty = format === undefined ? isTerminal : format === "pretty";
  const sink = isPretty ? consolaSink(line, { colors: isTerminal }) : jsonSink(line);
  return recordLog({ node, sink, wallMs: () => denoClock.wallMs(), least: "info" });
}
