/**
 * The command line, validated: which command, with which options. Pure: runtime/argv.ts splits the arguments by
 * FLAGS, this file judges them. No flag takes a secret: what is in argv is in every process list.
 */

import { NAME_LENGTH_MAX } from "#session/client_packets.ts";
import { NUMBER_MAX } from "#wire/role.ts";
import { BOT_FLAGS, BOT_ONLY_FLAGS, type BotOptions, LOGINS_PER_S, parseBotFlags } from "./config/bot_flags.ts";
import { anyOf, type Fault, shown } from "./config/fault.ts";
import { NODE_ROLES, type NodeRole } from "./config/types.ts";

/** Every flag, and whether a value follows it. */
export const FLAGS = {
  role: { takes: "NAME" },
  id: { takes: "NUMBER" },
  config: { takes: "FILE" },
  module: { takes: "FILE" },
  data: { takes: "DIR" },
  log: { takes: "json|pretty" },
  player: { takes: "NAME" },
  players: { takes: "NUMBER" },
  shard: { takes: "NUMBER" },
  url: { takes: "URL" },
  seconds: { takes: "NUMBER" },
  rate: { takes: "NUMBER" },
  ramp: { takes: "NUMBER" },
  seed: { takes: "NUMBER" },
  tokens: { takes: "FILE" },
  ask: { takes: "ID:JSON" },
  watch: { takes: undefined },
  help: { takes: undefined },
  version: { takes: undefined },
} as const;
export type FlagName = keyof typeof FLAGS;

/** One argument as it stood: `--id 3` and `--id=3` are one token. */
export type ArgvToken =
  | { readonly kind: "flag"; readonly name: string; readonly raw: string; readonly value: string | undefined }
  | { readonly kind: "word"; readonly value: string };

export type LogFormat = "json" | "pretty";

/** What every command that runs nodes has. */
export interface RunOptions {
  readonly config: string;
  readonly modules: readonly string[];
  readonly dataDir: string | undefined;
  /** Undefined: pretty at a terminal, else JSON. */
  readonly log: LogFormat | undefined;
}

export type Command =
  | { readonly kind: "node"; readonly role: NodeRole; readonly number: number; readonly options: RunOptions }
  | { readonly kind: "shard"; readonly number: number; readonly options: RunOptions }
  | { readonly kind: "all"; readonly watch: boolean; readonly options: RunOptions }
  | { readonly kind: "bot"; readonly options: BotOptions }
  | { readonly kind: "check_config"; readonly config: string }
  | { readonly kind: "token"; readonly player: string; readonly config: string }
  | { readonly kind: "help" }
  | { readonly kind: "version" };

export type CommandResult =
  { readonly kind: "ok"; readonly command: Command } | { readonly kind: "faults"; readonly faults: readonly Fault[] };

const FLAG_TEXTS = Object.keys(FLAGS).map((name) => `--${name}`);
const REPEATABLE: readonly FlagName[] = ["module", "ask", "tokens"];
const ROLE_VALUES = [...NODE_ROLES, "all", "shard", "bot"] as const;

type Report = (place: string, found: string, allowed: string) => void;
type Values = ReadonlyMap<FlagName, readonly string[]>;

export function parseCommand(tokens: readonly ArgvToken[]): CommandResult {
  const faults: Fault[] = [];
  const fault: Report = (place, found, allowed) => {
    faults.push({ file: "kuafu", place, found, allowed });
  };
  const { values, words } = collect(tokens, fault);
  // Help helps most when the rest is wrong.
  if (values.has("help") || (tokens.length === 1 && words[0] === "help")) {
    return { kind: "ok", command: { kind: "help" } };
  }
  if (values.has("version") && faults.length === 0) return { kind: "ok", command: { kind: "version" } };
  if (faults.length > 0) return { kind: "faults", faults };
  const command = words.length > 0 ? wordCommand(words, values, fault) : roleCommand(values, fault);
  if (faults.length > 0 || command === undefined) return { kind: "faults", faults };
  return { kind: "ok", command };
}

function collect(tokens: readonly ArgvToken[], fault: Report): { values: Values; words: string[] } {
  const values = new Map<FlagName, string[]>();
  const words: string[] = [];
  for (const token of tokens) {
    if (token.kind === "word") {
      words.push(token.value);
      continue;
    }
    if (token.raw === "-h") {
      values.set("help", [""]);
      continue;
    }
    if (!isFlag(token.name) || token.raw !== `--${token.name}`) {
      fault(token.raw, "an unknown flag", anyOf(FLAG_TEXTS));
      continue;
    }
    const { takes } = FLAGS[token.name];
    const known = values.get(token.name) ?? [];
    if (takes === undefined && token.value !== undefined) fault(token.raw, shown(token.value), "no value");
    else if (takes !== undefined && isNoValue(token.value)) fault(token.raw, shown(token.value), takes);
    else if (known.length > 0 && !REPEATABLE.includes(token.name)) fault(token.raw, "it a second time", "once");
    else values.set(token.name, [...known, token.value ?? ""]);
  }
  return { values, words };
}

function wordCommand(words: readonly string[], values: Values, fault: Report): Command | undefined {
  if (words.length === 1 && words[0] === "token") return tokenCommand(values, fault);
  if (words.length !== 1 || words[0] !== "check-config") {
    fault("arguments", shown(words.join(" ")), "check-config, token, or flags only (see kuafu --help)");
    return undefined;
  }
  refuseOthers(values, ["config"], "check-config", fault);
  const config = values.get("config")?.[0];
  if (config === undefined) fault("--config", "nothing", "the cluster file");
  return config === undefined ? undefined : { kind: "check_config", config };
}

function tokenCommand(values: Values, fault: Report): Command | undefined {
  refuseOthers(values, ["player", "config"], "token", fault);
  const config = values.get("config")?.[0];
  const player = values.get("player")?.[0];
  if (config === undefined) fault("--config", "nothing", "the cluster file");
  const allowed = `a name of 1 to ${NAME_LENGTH_MAX} characters`;
  if (player === undefined || player.length > NAME_LENGTH_MAX) fault("--player", shown(player), allowed);
  return config === undefined || player === undefined ? undefined : { kind: "token", player, config };
}

function roleCommand(values: Values, fault: Report): Command | undefined {
  const roleText = values.get("role")?.[0];
  const role = ROLE_VALUES.find((each) => each === roleText);
  if (role === undefined) {
    fault("--role", shown(roleText), `${anyOf(ROLE_VALUES)} (see kuafu --help)`);
    return undefined;
  }
  if (role === "bot") {
    refuseOthers(values, BOT_FLAGS, "--role bot", fault);
    return { kind: "bot", options: parseBotFlags(values, fault) };
  }
  const config = values.get("config")?.[0];
  if (config === undefined) fault("--config", "nothing", "the cluster file");
  const log = logFormat(values.get("log")?.[0], fault);
  const number = idOf(values.get("id")?.[0], role, fault);
  if (values.has("player")) fault("--player", `it with --role ${role}`, "kuafu token or --role bot only");
  for (const name of BOT_ONLY_FLAGS) {
    if (values.has(name)) fault(`--${name}`, `it with --role ${role}`, "--role bot only");
  }
  if (role !== "all" && values.has("watch")) fault("--watch", `it with --role ${role}`, "--role all only");
  if (config === undefined) return undefined;
  const options: RunOptions = {
    config,
    modules: values.get("module") ?? [],
    dataDir: values.get("data")?.[0],
    log,
  };
  if (role === "all") return { kind: "all", watch: values.has("watch"), options };
  if (number === undefined) return undefined;
  return role === "shard" ? { kind: "shard", number, options } : { kind: "node", role, number, options };
}

function idOf(text: string | undefined, role: NodeRole | "all" | "shard", fault: Report): number | undefined {
  if (role === "all") {
    if (text !== undefined) fault("--id", `${shown(text)} with --role all`, "nothing: all runs every node of the file");
    return undefined;
  }
  const allowed = `a whole number from 1 to ${NUMBER_MAX}, the ${role === "shard" ? "shard" : `id of the ${role}`}`;
  if (text !== undefined && /^[1-9][0-9]{0,9}$/.test(text) && Number(text) <= NUMBER_MAX) return Number(text);
  fault("--id", shown(text), allowed);
  return undefined;
}

function logFormat(text: string | undefined, fault: Report): LogFormat | undefined {
  if (text === undefined || text === "json" || text === "pretty") return text;
  fault("--log", shown(text), "json or pretty");
  return undefined;
}

function refuseOthers(values: Values, allowed: readonly FlagName[], command: string, fault: Report): void {
  for (const name of values.keys()) {
    if (allowed.includes(name)) continue;
    fault(`--${name}`, `it with ${command}`, anyOf(allowed.map((each) => `--${each}`)));
  }
}

/** `--role --id 3` forgot the role: what follows is a flag, not a value. */
function isNoValue(value: string | undefined): boolean {
  return value === undefined || value === "" || value.startsWith("--");
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}

export const HELP = `kuafu: server runtime for games that are split into shards

  kuafu --role ROLE --id NUMBER --config FILE   run one node
  kuafu --role all --config FILE                run every node of the file and look after them
  kuafu --role shard --id NUMBER --config FILE  one shard in one process, for development
  kuafu --role bot --players N --config FILE    simulated players, and how they fare
  kuafu check-config --config FILE              say what is wrong with a cluster file
  kuafu token --player NAME --config FILE       a login token, where [players] says development = true

  --role ROLE        ${NODE_ROLES.slice(0, 4).join(", ")},
                     ${NODE_ROLES.slice(4).join(", ")}, all, shard, bot
  --id NUMBER        which one: center 3 is "center:3"
  --config FILE      the cluster file (TOML)
  --module FILE      load a module on top of those of the file; may be repeated
  --data DIR         the data folder, instead of the file's
  --log json|pretty  how to log; without it pretty at a terminal, else JSON
  --player NAME      with token: whom it is for; with --role bot: what their names begin with
  --watch            with --role all: restart the nodes whose code changed
  --help, --version

  With --role bot:
  --players NUMBER   how many
  --shard NUMBER     log in at this shard's gateway, and not at all that take players
  --url URL          log in there (ws: or wss:)
  --seconds NUMBER   how long; without it until it is stopped
  --rate NUMBER      requests a second of each (1)
  --ramp NUMBER      logins a second of all (${LOGINS_PER_S})
  --seed NUMBER      what they do is the same with the same seed
  --tokens FILE      login tokens, one a line; may be repeated; without it bots sign their own, where [players] says
                     development = true
  --ask ID:JSON      what they ask: a method and a body, in which $key is new each time and $player is their name; may
                     be repeated; without it what the modules' export "bots" says, or the methods of the module bag

Exit codes: 0 stopped as asked, 1 cannot operate (port taken, data folder in use, no bot could log in), 2 wrong command line or
config, 70 a bug, 75 the gateway that it follows died and it wants to be started again.
`;
