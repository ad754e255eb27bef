/**
 * The Log of a process: puts time and node to a phrase and hands the record to a sink.
 */

import type { Log, LogData, LogLevel } from "#base/log.ts";
import type { LogRecord } from "./log_record.ts";

export type RecordSink = (record: LogRecord) => void;

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export interface RecordLogOptions {
  /** Who says it: a node id, or "supervisor". */
  readonly node: string;
  readonly sink: RecordSink;
  readonly wallMs: () => number;
  /** What is below is not written. */
  readonly least: LogLevel;
}

export function recordLog(options: RecordLogOptions): Log {
  const { node, sink, wallMs, least } = options;
  const say =
    (level: LogLevel) =>
    (phrase: string, data: LogData = {}) => {
      if (RANK[level] >= RANK[least]) sink({ timeMs: wallMs(), level, phrase, node, data });
    };
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
}
