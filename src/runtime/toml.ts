/**
 * TOML by smol-toml. Dates become RFC 3339 strings, so that what leaves here is plain data.
 */

import { parse, TomlDate, TomlError } from "smol-toml";
import { messageOf } from "#base/log.ts";
import type { TomlResult } from "../config.ts";

export function readToml(text: string): TomlResult {
  try {
    return { kind: "ok", value: plain(parse(text)) };
  } catch (error) {
    if (!(error instanceof TomlError)) return { kind: "fault", line: 1, column: 1, message: messageOf(error) };
    const message = (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
    return { kind: "fault", line: error.line, column: error.column, message };
  }
}

function plain(value: unknown): unknown {
  if (value instanceof TomlDate) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}
