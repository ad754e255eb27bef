/**
 * The cluster file: TOML in, a checked ClusterConfig out, or every fault in it. Pure: the caller reads the file and
 * hands in the TOML reader. It knows paths of secrets, never their contents.
 *
 * Relative paths in it are relative to the working directory, like those on the command line.
 */

import { crossChecks } from "./config/checks.ts";
import type { Fault } from "./config/fault.ts";
import { shapeOf } from "./config/shape.ts";
import type { ClusterConfig } from "./config/types.ts";

/** The plain value of a TOML text (dates as RFC 3339 strings), or where it is not TOML. */
export type TomlResult =
  | { readonly kind: "ok"; readonly value: unknown }
  | { readonly kind: "fault"; readonly line: number; readonly column: number; readonly message: string };

export type ReadToml = (text: string) => TomlResult;

export type ConfigResult =
  | { readonly kind: "ok"; readonly config: ClusterConfig }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

export function parseConfig(text: string, file: string, readToml: ReadToml): ConfigResult {
  const toml = readToml(text);
  if (toml.kind === "fault") {
    const place = `line ${toml.line}, column ${toml.column}`;
    return { kind: "faults", faults: [{ file, place, found: toml.message, allowed: "TOML 1.0" }] };
  }
  const shape = shapeOf(toml.value, file);
  const checked = crossChecks(shape, file);
  const faults = [...shape.faults, ...checked.faults];
  if (faults.length > 0 || checked.config === undefined) return { kind: "faults", faults };
  return { kind: "ok", config: checked.config };
}
