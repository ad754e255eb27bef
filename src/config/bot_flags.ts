/**
 * The flags of `--role bot`, judged. Pure. The command line as a whole is cli.ts.
 */

import { parseAsk } from "#bots/bot_requests.ts";
import { REQUESTS_PER_S } from "#client/pace.ts";
import type { BotRequest } from "#module/bot_request.ts";
import { NAME_LENGTH_MAX } from "#session/client_packets.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { NUMBER_MAX } from "#wire/role.ts";
import { shown } from "./fault.ts";

/** Of one process; more players are more processes. */
export const BOTS_MAX = 50_000;
export const BOT_SECONDS_MAX = 7 * 24 * 3_600;
export const SEED_MAX = 0xffff_ffff;
/** Leaves a door room for those who come back. */
export const LOGINS_PER_S = 200;
const REQUESTS_PER_S_DEFAULT = 1;
const NAME_DEFAULT = "bot";
/** What is put behind it: a hyphen and a number. */
const NAME_TAIL_LENGTH = 1 + String(BOTS_MAX).length;

/** Flags that mean nothing without `--role bot`. */
export const BOT_ONLY_FLAGS = ["players", "shard", "url", "seconds", "rate", "ramp", "seed", "tokens", "ask"] as const;
/** All that it takes. */
export const BOT_FLAGS = ["role", "config", "module", "log", "player", ...BOT_ONLY_FLAGS] as const;

export interface BotOptions {
  readonly players: number;
  /** Undefined only with `url` and `tokenFiles`. */
  readonly config: string | undefined;
  readonly shard: number | undefined;
  readonly url: string | undefined;
  /** Undefined: until it is stopped. */
  readonly seconds: number | undefined;
  readonly requestsPerSecond: number;
  readonly loginsPerSecond: number;
  /** Undefined: another one each time. */
  readonly seed: number | undefined;
  /** Empty: they sign their own. */
  readonly tokenFiles: readonly string[];
  /** What the bots' names begin with. */
  readonly name: string;
  readonly modules: readonly string[];
  /** Empty: what the modules say, or the default. */
  readonly asks: readonly BotRequest[];
  readonly isJson: boolean;
}

type Values = ReadonlyMap<string, readonly string[]>;
type Report = (place: string, found: string, allowed: string) => void;

/** What it answers counts only if nothing was reported. */
export function parseBotFlags(values: Values, fault: Report): BotOptions {
  const first = (name: string): string | undefined => values.get(name)?.[0];
  const whole = (name: string, most: number, what: string): number | undefined => {
    const text = first(name);
    if (text === undefined) return undefined;
    if (/^[1-9][0-9]{0,9}$/.test(text) && Number(text) <= most) return Number(text);
    fault(`--${name}`, shown(text), `a whole number from 1 to ${most}, ${what}`);
    return undefined;
  };
  const decimal = (name: string, most: number, what: string): number | undefined => {
    const text = first(name);
    if (text === undefined) return undefined;
    const value = /^[0-9]{1,10}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : 0;
    if (value > 0 && value <= most) return value;
    fault(`--${name}`, shown(text), `a number above 0, up to ${most}, ${what}`);
    return undefined;
  };
  const players = whole("players", BOTS_MAX, "how many bots");
  if (!values.has("players")) fault("--players", "nothing", `a whole number from 1 to ${BOTS_MAX}, how many bots`);
  const { newConns } = DOOR_LIMITS;
  const options: BotOptions = {
    players: players ?? 0,
    config: first("config"),
    shard: whole("shard", NUMBER_MAX, "the shard whose gateway they log in at"),
    url: urlOf(first("url"), fault),
    seconds: decimal("seconds", BOT_SECONDS_MAX, "how long"),
    requestsPerSecond: decimal("rate", REQUESTS_PER_S, "requests a second of one bot") ?? REQUESTS_PER_S_DEFAULT,
    loginsPerSecond: decimal("ramp", newConns.perSecond, "logins a second of all bots") ?? LOGINS_PER_S,
    seed: seedOf(first("seed"), fault),
    tokenFiles: values.get("tokens") ?? [],
    name: nameOf(first("player"), fault),
    modules: values.get("module") ?? [],
    asks: asksOf(values.get("ask") ?? [], fault),
    isJson: isJson(first("log"), fault),
  };
  judgeTogether(values, fault);
  return options;
}

function judgeTogether(values: Values, fault: Report): void {
  if (!values.has("config") && !(values.has("url") && values.has("tokens"))) {
    fault("--config", "nothing", "the cluster file; none is needed with both --url and --tokens");
  }
  if (values.has("shard") && values.has("url")) fault("--shard", "it with --url", "one of the two");
  if (values.has("ask") && values.has("module")) fault("--ask", "it with --module", "one of the two");
  if (values.has("player") && values.has("tokens")) {
    fault("--player", "it with --tokens", "one of the two: the names are those of the tokens");
  }
}

function urlOf(text: string | undefined, fault: Report): string | undefined {
  if (text === undefined || (URL.canParse(text) && /^wss?:$/.test(new URL(text).protocol))) return text;
  fault("--url", shown(text), "a URL of ws: or wss:, like ws://127.0.0.1:7012");
  return undefined;
}

function seedOf(text: string | undefined, fault: Report): number | undefined {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,10}$/.test(text) && Number(text) <= SEED_MAX) return Number(text);
  fault("--seed", shown(text), `a whole number from 0 to ${SEED_MAX}`);
  return undefined;
}

function nameOf(text: string | undefined, fault: Report): string {
  if (text === undefined) return NAME_DEFAULT;
  const most = NAME_LENGTH_MAX - NAME_TAIL_LENGTH;
  if (text.length > most) fault("--player", shown(text), `1 to ${most} characters that the bots' names begin with`);
  return text;
}

function asksOf(texts: readonly string[], fault: Report): readonly BotRequest[] {
  return texts.flatMap((text) => {
    const parsed = parseAsk(text);
    if (parsed.kind === "ok") return [parsed.request];
    fault("--ask", shown(text), parsed.allowed);
    return [];
  });
}

function isJson(text: string | undefined, fault: Report): boolean {
  if (text !== undefined && text !== "json" && text !== "pretty") fault("--log", shown(text), "json or pretty");
  return text === "json";
}
