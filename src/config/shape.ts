/**
 * The shape of the cluster file: which keys there are and what each may be. Every entry is judged by itself, so
 * that all faults show at once; what entries mean for each other is checks.ts.
 *
 * The message of each schema is the text behind "allowed:".
 */

import * as v from "valibot";
import { CLUSTER_NAME_SIZE_MAX } from "#wire/limits.ts";
import { NUMBER_MAX, parseNodeId } from "#wire/role.ts";
import { DEATH_POLICIES, NODE_ROLES } from "./types.ts";
import { isLiteral, parseAddress } from "./address.ts";
import { anyOf, type Fault, shown } from "./fault.ts";
import { playerDataTable, type RawPlayerData } from "./player_data.ts";
import { playersTable, type RawPlayers } from "./players.ts";
import { type RawTls, tlsTable } from "./tls.ts";

const HEARTBEAT_MS = { least: 100, most: 60_000, normal: 1000 };
const ENTRIES_MAX = 10_000;

const NUMBER = `a whole number from 1 to ${NUMBER_MAX}`;
const NAME = `1 to ${CLUSTER_NAME_SIZE_MAX} letters, digits, "_", "-" or "."`;
const PATH = "a path, relative to the working directory or absolute";
const HEARTBEAT = `a whole number of milliseconds from ${HEARTBEAT_MS.least} to ${HEARTBEAT_MS.most}`;
const LISTEN = 'a literal address and a port from 1 to 65535, like "127.0.0.1:7001" or "[::1]:7001"';
const ADDRESS = 'host and port, like "10.0.0.7:7001" or "gateway-3.internal:7001"';
const VARIABLE = "the name of an environment variable";
const TARGETS = 'a list of gateways, like ["cross_gateway:1"]';
const INSTANT = "a date and time with its offset, like 2026-11-01T10:00:00+08:00";
const ZONE = 'the name of a time zone, like "Asia/Shanghai"';

const number = v.pipe(v.number(NUMBER), v.integer(NUMBER), v.minValue(1, NUMBER), v.maxValue(NUMBER_MAX, NUMBER));
const path = v.pipe(v.string(PATH), v.minLength(1, PATH), v.maxLength(4096, PATH));
const paths = v.optional(v.array(path, "a list of paths"), []);
const variable = v.pipe(v.string(VARIABLE), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, VARIABLE));
const listen = v.pipe(
  v.string(LISTEN),
  v.check((text) => {
    const address = parseAddress(text);
    return address !== undefined && isLiteral(address.host);
  }, LISTEN),
);
const address = v.pipe(
  v.string(ADDRESS),
  v.check((text) => parseAddress(text) !== undefined, ADDRESS),
);
const target = v.pipe(
  v.string(TARGETS),
  v.check((text) => parseNodeId(text) !== undefined, 'a node id, like "cross_gateway:1"'),
);
const instant = v.pipe(
  v.string(INSTANT),
  v.regex(/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/, INSTANT),
  v.check((text) => Number.isFinite(Date.parse(text)), INSTANT),
);
const zone = v.pipe(v.string(ZONE), v.check(isTimeZone, ZONE));

const cluster = v.object({
  name: v.pipe(v.string(NAME), v.regex(/^[A-Za-z0-9_.-]{1,64}$/, NAME)),
  key_file: v.optional(path),
  key_env: v.optional(variable),
  second_key_file: v.optional(path),
  second_key_env: v.optional(variable),
  heartbeat_ms: v.optional(
    v.pipe(
      v.number(HEARTBEAT),
      v.integer(HEARTBEAT),
      v.minValue(HEARTBEAT_MS.least, HEARTBEAT),
      v.maxValue(HEARTBEAT_MS.most, HEARTBEAT),
    ),
    HEARTBEAT_MS.normal,
  ),
  data: v.optional(path, "data"),
  admin_token_file: v.optional(path),
  metrics_open: v.optional(v.boolean("true or false"), false),
  modules: paths,
});

const node = v.object({
  role: v.picklist(NODE_ROLES, anyOf(NODE_ROLES)),
  id: number,
  shard: v.optional(number),
  listen: v.optional(listen),
  address: v.optional(address),
  dial: v.optional(v.array(target, TARGETS)),
  admin: v.optional(listen),
  players: v.optional(listen),
  players_tcp: v.optional(listen),
  on_gateway_death: v.optional(v.picklist(DEATH_POLICIES, anyOf(DEATH_POLICIES))),
  modules: paths,
});

const edge = v.object({
  id: number,
  admin: listen,
  dial: v.optional(v.array(target, TARGETS)),
});

const remote = v.object({
  role: v.picklist(["gateway", "cross_gateway"], "gateway or cross_gateway"),
  id: number,
  shard: v.optional(number),
  address,
});

const shard = v.object({
  number,
  opened_at: v.optional(instant),
  time_zone: v.optional(zone),
  merged_into: v.optional(number),
  merged_at: v.optional(instant),
  cross_center: v.optional(number),
  cross_map: v.optional(number),
});

export type RawCluster = v.InferOutput<typeof cluster>;
export type RawNode = v.InferOutput<typeof node>;
export type RawEdge = v.InferOutput<typeof edge>;
export type RawRemote = v.InferOutput<typeof remote>;
export type RawShard = v.InferOutput<typeof shard>;

/** A well-formed entry and where it stands, e.g. `node[2]`. */
export interface Placed<T> {
  readonly place: string;
  readonly value: T;
}

export interface Shape {
  readonly cluster: RawCluster | undefined;
  /** The well-formed entries. */
  readonly nodes: readonly Placed<RawNode>[];
  readonly edges: readonly Placed<RawEdge>[];
  readonly remotes: readonly Placed<RawRemote>[];
  readonly shards: readonly Placed<RawShard>[];
  readonly tls: RawTls | undefined;
  readonly players: RawPlayers | undefined;
  readonly playerData: RawPlayerData | undefined;
  /** Empty if and only if the lists above hold everything that the file has. */
  readonly faults: readonly Fault[];
}

type AnyObject = v.ObjectSchema<v.ObjectEntries, undefined>;

export function shapeOf(root: unknown, file: string): Shape {
  const faults: Fault[] = [];
  const table = isTable(root) ? root : {};
  const known = ["cluster", "node", "edge", "remote", "shard", "tls", "players", "player_data"];
  for (const key of Object.keys(table)) {
    if (!known.includes(key)) faults.push(unknownKey(file, key, key, known));
  }
  const read = <S extends AnyObject>(schema: S, value: unknown, place: string): v.InferOutput<S> | undefined =>
    entry(schema, value, place, file, faults);
  const readAll = <S extends AnyObject>(schema: S, name: string): Placed<v.InferOutput<S>>[] =>
    listOf(table[name], name, file, faults).flatMap((value, index) => {
      const place = `${name}[${index}]`;
      const good = read(schema, value, place);
      return good === undefined ? [] : [{ place, value: good }];
    });
  return {
    cluster: read(cluster, table["cluster"] ?? {}, "cluster"),
    nodes: readAll(node, "node"),
    edges: readAll(edge, "edge"),
    remotes: readAll(remote, "remote"),
    shards: readAll(shard, "shard"),
    tls: table["tls"] === undefined ? undefined : read(tlsTable, table["tls"], "tls"),
    players: table["players"] === undefined ? undefined : read(playersTable, table["players"], "players"),
    playerData:
      table["player_data"] === undefined ? undefined : read(playerDataTable, table["player_data"], "player_data"),
    faults,
  };
}

function listOf(value: unknown, name: string, file: string, faults: Fault[]): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.length <= ENTRIES_MAX) return value;
  const found = Array.isArray(value) ? `${value.length} entries` : shown(value);
  faults.push({ file, place: name, found, allowed: `at most ${ENTRIES_MAX} tables that begin with [[${name}]]` });
  return [];
}

/** Its value, or undefined after adding at least one fault. */
function entry<S extends AnyObject>(
  schema: S,
  value: unknown,
  place: string,
  file: string,
  faults: Fault[],
): v.InferOutput<S> | undefined {
  const known = Object.keys(schema.entries);
  const before = faults.length;
  if (!isTable(value)) {
    faults.push({ file, place, found: shown(value), allowed: `a table with ${anyOf(known)}` });
    return undefined;
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) faults.push(unknownKey(file, `${place}.${key}`, key, known));
  }
  const result = v.safeParse(schema, value, { abortPipeEarly: true });
  for (const issue of result.issues ?? []) {
    const keys = issue.path?.map((item) => item.key) ?? [];
    const missing = keys.length === 1 && issue.type === "object" && issue.input === undefined;
    const allowed = missing ? textOf(schema.entries[String(keys[0])]) : issue.message;
    faults.push({ file, place: place + keys.map(pathText).join(""), found: shown(issue.input), allowed });
  }
  return result.success && faults.length === before ? result.output : undefined;
}

function pathText(key: unknown): string {
  return typeof key === "number" ? `[${key}]` : `.${String(key)}`;
}

/** The message that a schema was made with. */
function textOf(schema: unknown): string {
  const message = isTable(schema) ? schema["message"] : undefined;
  return typeof message === "string" ? message : "a value";
}

function unknownKey(file: string, place: string, key: string, known: readonly string[]): Fault {
  return { file, place, found: `an unknown key ${shown(key)}`, allowed: anyOf(known) };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
