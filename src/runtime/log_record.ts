/**
 * One line of a log: its JSON form, which a service writes and the supervisor reads back, and its text for people.
 */

import type { LogData, LogLevel } from "#base/log.ts";
import { messageOf } from "#base/log.ts";

export interface LogRecord {
  /** Milliseconds since 1970 UTC. */
  readonly timeMs: number;
  readonly level: LogLevel;
  readonly phrase: string;
  /** Who says it: a node id, or "supervisor". */
  readonly node: string;
  readonly data: LogData;
}

const LINE_LENGTH_MAX = 16 * 1024;
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];
/** A net below the rule that secrets are never passed to a log. */
const SECRET_NAME = /(secret|password|passphrase|authorization|token)$/i;

/** `{"time":…,"level":…,"phrase":…,"node":…,"data":{…}}`, without a line end. Never throws. */
export function recordLine(record: LogRecord): string {
  const { timeMs, level, phrase, node } = record;
  const head = { time: new Date(timeMs).toISOString(), level, phrase, node };
  const line = JSON.stringify({ ...head, data: plainData(record.data) });
  if (line.length <= LINE_LENGTH_MAX) return line;
  return JSON.stringify({ ...head, data: { cut: line.slice(0, LINE_LENGTH_MAX / 2) } });
}

/** The record of such a line, or undefined when it is something else. */
export function parseRecordLine(line: string): LogRecord | undefined {
  if (!line.startsWith("{")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !isObject(value["data"])) return undefined;
  const { time, phrase, node, data } = value;
  const level = LEVELS.find((each) => each === value["level"]);
  const timeMs = typeof time === "string" ? Date.parse(time) : Number.NaN;
  if (level === undefined || typeof phrase !== "string" || typeof node !== "string" || Number.isNaN(timeMs)) {
    return undefined;
  }
  return { timeMs, level, phrase, node, data };
}

/** `peer=gateway:1 sinceMs=12`: strings that need no quotes stand without. */
export function dataForPeople(data: LogData): string {
  return Object.entries(plainData(data))
    .map(([name, value]) => {
      const isBare = typeof value === "string" && /^[^\s"={}\p{Cc}\p{Cf}]{1,200}$/u.test(value);
      return `${name}=${isBare ? value : JSON.stringify(value)}`;
    })
    .join(" ");
}

/** Text for a terminal: what others have written must not move its cursor, nor turn its letters round. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The data as plain JSON; what is no object of names and values stands under the name `value`. */
function plainData(data: LogData): Record<string, unknown> {
  const plain: unknown = JSON.parse(dataText(data));
  return isObject(plain) ? plain : { value: plain };
}

/** JSON of anything: what it cannot say is said in words. */
function dataText(data: LogData): string {
  const above: unknown[] = [];
  try {
    const text: string | undefined = JSON.stringify(
      data,
      function replace(this: unknown, name: string, value: unknown): unknown {
        while (above.length > 0 && above.at(-1) !== this) above.pop();
        if (SECRET_NAME.test(name)) return "(not shown)";
        if (typeof value === "bigint") return value.toString();
        if (value instanceof Error) return errorText(value);
        if (value instanceof Uint8Array) return `${value.length} bytes`;
        if (value instanceof Map) return Object.fromEntries(value);
        if (value instanceof Set) return [...value];
        if (typeof value === "object" && value !== null) {
          if (above.includes(value)) return "(a circle)";
          above.push(value);
        }
        return value;
      },
    );
    return text ?? "{}";
  } catch (error) {
    const kind = error instanceof Error ? `${error.name}: ` : "";
    return JSON.stringify({ unprintable: kind + messageOf(error) });
  }
}

function errorText(error: Error): string {
  const cause = error.cause instanceof Error ? ` (cause: ${error.cause.message})` : "";
  return `${error.stack ?? `${error.name}: ${error.message}`}${cause}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
