/**
 * The command line of an edge (main_deno.ts), validated. Pure. A subset of kuafu's flags, without a role: an edge is
 * an `admin` node.
 */

import { NUMBER_MAX } from "#wire/role.ts";
import type { ArgvToken, LogFormat } from "../cli.ts";
import { anyOf, type Fault, shown } from "../config/fault.ts";

export type EdgeCommand =
  | {
      readonly kind: "run";
      readonly number: number;
      readonly config: string;
      readonly dataDir: string | undefined;
      /** Undefined: pretty at a terminal, else JSON. */
      readonly log: LogFormat | undefined;
    }
  | { readonly kind: "help" }
  | { readonly kind: "version" };

export type EdgeCommandResult =
  | { readonly kind: "ok"; readonly command: EdgeCommand }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] };

/** Flag to what follows it. */
const TAKES: Readonly<Record<string, string | undefined>> = {
  id: "NUMBER",
  config: "FILE",
  data: "DIR",
  log: "json|pretty",
  help: undefined,
  version: undefined,
};
const FLAG_TEXTS = Object.keys(TAKES).map((name) => `--${name}`);

export function parseEdgeCommand(tokens: readonly ArgvToken[]): EdgeCommandResult {
  const faults: Fault[] = [];
  const fault = (place: string, found: string, allowed: string): void => {
    faults.push({ file: "kuafu edge", place, found, allowed });
  };
  const values = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "word") {
      fault("arguments", shown(token.value), "flags only");
      continue;
    }
    const isKnown = Object.hasOwn(TAKES, token.name) && token.raw === `--${token.name}`;
    const takes = TAKES[token.name];
    const isNothing = token.value === undefined || token.value === "" || token.value.startsWith("--");
    if (!isKnown) fault(token.raw, "an unknown flag", anyOf(FLAG_TEXTS));
    else if (values.has(token.name)) fault(token.raw, "it a second time", "once");
    else if (takes === undefined && token.value !== undefined) fault(token.raw, shown(token.value), "no value");
    else if (takes !== undefined && isNothing) fault(token.raw, shown(token.value), takes);
    else values.set(token.name, token.value ?? "");
  }
  if (values.has("help")) return { kind: "ok", command: { kind: "help" } };
  if (values.has("version") && faults.length === 0) return { kind: "ok", command: { kind: "version" } };
  const config = values.get("config");
  const idText = values.get("id") ?? "";
  const number = /^[1-9][0-9]{0,9}$/.test(idText) ? Number(idText) : 0;
  const log = values.get("log");
  const isLog = log === undefined || log === "json" || log === "pretty";
  if (faults.length === 0) {
    if (number < 1 || number > NUMBER_MAX) {
      fault("--id", shown(values.get("id")), `a whole number from 1 to ${NUMBER_MAX}, the id of an [[edge]]`);
    }
    if (config === undefined) fault("--config", "nothing", "the file with the [[edge]]");
    if (!isLog) fault("--log", shown(log), "json or pretty");
  }
  if (faults.length > 0 || config === undefined || !isLog) return { kind: "faults", faults };
  return { kind: "ok", command: { kind: "run", number, config, dataDir: values.get("data"), log } };
}

export const EDGE_HELP = `kuafu edge: a window on a Kuafu cluster, on Deno

  deno run -A src/main_deno.ts --id NUMBER --config FILE
  deno serve -A --host ADDRESS --port PORT dist/kuafu_edge.js --id NUMBER --config FILE

  --id NUMBER        which [[edge]] of the file: 1 is the node "admin:1"
  --config FILE      a cluster file (TOML) with that [[edge]] and the cross gateways that it dials
  --data DIR         the data folder, instead of the file's
  --log json|pretty  how to log; without it pretty at a terminal, else JSON
  --help, --version

Exit codes: 0 stopped as asked, 1 cannot operate (port taken, data folder in use), 2 wrong command line or
config, 70 a bug.
`;
