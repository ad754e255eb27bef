/**
 * Log for people at a terminal, by consola. It filters nothing and throttles nothing: by default it would swallow
 * lines that repeat, and twelve nodes say the same things.
 */

import { type ConsolaInstance, createConsola, type LogObject } from "consola/core";
import type { LogLevel } from "#base/log.ts";
import { dataForPeople, type LogRecord, printable } from "./log_record.ts";
import type { RecordSink } from "./record_log.ts";

const EVERYTHING = 999;
const NODE_WIDTH = 15;

/** ANSI colours: of the level's word, and for what is less important. */
const COLORS: Record<LogLevel, string> = { debug: "90", info: "36", warn: "33", error: "31" };
const DIM = "2";

export function consolaSink(line: (text: string) => void, options: { readonly colors: boolean }): RecordSink {
  const consola = createConsola({
    level: EVERYTHING,
    throttle: 0,
    throttleMin: Number.POSITIVE_INFINITY,
    reporters: [{ log: (entry: LogObject) => line(String(entry.args[0])) }],
  });
  return (record) => say(consola, record.level, peopleLine(record, options.colors));
}

/** `08:15:30.123 info  center:1        link up  peer=gateway:1`. */
export function peopleLine(record: LogRecord, withColor: boolean): string {
  const { timeMs, level, phrase, node } = record;
  const paint = (color: string, text: string): string => (withColor ? `\u001b[${color}m${text}\u001b[0m` : text);
  const time = new Date(timeMs).toISOString().slice(11, 23);
  const data = printable(dataForPeople(record.data));
  const tail = data === "" ? "" : `  ${paint(DIM, data)}`;
  return `${paint(DIM, time)} ${paint(COLORS[level], level.padEnd(5))} ${printable(node).padEnd(NODE_WIDTH)} ${printable(phrase)}${tail}`;
}

function say(consola: ConsolaInstance, level: LogLevel, text: string): void {
  consola[level](text);
}
