/**
 * The table `[players]` of the cluster file: how gateways with a `players` address check who comes in. Reads no key
 * itself.
 */

import * as v from "valibot";
import { NAME_LENGTH_MAX } from "#session/client_packets.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { TOKEN_ALGORITHMS } from "#session/jose_tokens.ts";
import { SESSIONS_MAX } from "#session/session_table.ts";
import { anyOf, shown } from "./fault.ts";
import { nodePath } from "./tls.ts";
import type { PlayersConfig } from "./types.ts";

const KEYS_MAX = 16;
const WHITE_LIST_MAX = 10_000;
const KID = '1 to 64 letters, digits, "_", "-" or "."';
const PATH = "a path, relative to the working directory or absolute";
const KEYS = `1 to ${KEYS_MAX} keys, like [{ kid = "a", algorithm = "HS256", file = "data/players.key" }]`;
const COUNT = `a whole number from 1 to ${SESSIONS_MAX}`;
const SWITCH = "true or false";
const WHITE_LIST = `a list of at most ${WHITE_LIST_MAX} players`;

const tokenKey = v.strictObject(
  {
    kid: v.pipe(v.string(KID), v.regex(/^[A-Za-z0-9_.-]{1,64}$/, KID)),
    algorithm: v.picklist(TOKEN_ALGORITHMS, anyOf(TOKEN_ALGORITHMS)),
    file: v.pipe(v.string(PATH), v.minLength(1, PATH), v.maxLength(4096, PATH)),
  },
  "a table with kid, algorithm and file",
);

const serverTls = v.strictObject({ cert_file: nodePath, key_file: nodePath }, "a table with cert_file and key_file");

export const playersTable = v.object({
  token_keys: v.pipe(v.array(tokenKey, KEYS), v.minLength(1, KEYS), v.maxLength(KEYS_MAX, KEYS)),
  tls: v.optional(serverTls),
  sessions_max: v.optional(
    v.pipe(v.number(COUNT), v.integer(COUNT), v.minValue(1, COUNT), v.maxValue(SESSIONS_MAX, COUNT)),
    DOOR_LIMITS.sessionsMax,
  ),
  development: v.optional(v.boolean(SWITCH), false),
  maintenance: v.optional(v.boolean(SWITCH), false),
  white_list: v.optional(
    v.pipe(
      v.array(
        v.pipe(v.string(WHITE_LIST), v.minLength(1, WHITE_LIST), v.maxLength(NAME_LENGTH_MAX, WHITE_LIST)),
        WHITE_LIST,
      ),
      v.maxLength(WHITE_LIST_MAX, WHITE_LIST),
    ),
    [],
  ),
});
export type RawPlayers = v.InferOutput<typeof playersTable>;

type Report = (place: string, found: string, allowed: string) => void;

export function playersConfig(raw: RawPlayers, fault: Report): PlayersConfig {
  const kids = new Map<string, number>();
  raw.token_keys.forEach(({ kid }, index) => {
    const first = kids.get(kid);
    if (first === undefined) kids.set(kid, index);
    else {
      const found = `${shown(kid)}, used by players.token_keys[${first}] already`;
      fault(`players.token_keys[${index}].kid`, found, "a kid of its own");
    }
  });
  if (raw.development && !raw.token_keys.some(({ algorithm }) => algorithm === "HS256")) {
    fault("players.token_keys", "no key with HS256 beside development = true", "one to sign tokens with");
  }
  return {
    tokenKeys: raw.token_keys,
    tls: raw.tls === undefined ? undefined : { certFile: raw.tls.cert_file, keyFile: raw.tls.key_file },
    sessionsMax: raw.sessions_max,
    development: raw.development,
    maintenance: raw.maintenance,
    whiteList: raw.white_list,
  };
}

/** An address for players needs a way to check them. */
export function playersWanted(
  nodes: readonly { readonly place: string; readonly players: unknown; readonly playersTcp: unknown }[],
  hasTable: boolean,
  fault: Report,
): void {
  const first = nodes.find((each) => each.players !== undefined || each.playersTcp !== undefined);
  if (first === undefined || hasTable) return;
  fault("players", "nothing", `a table with token_keys, since ${first.place} has a players address`);
}
