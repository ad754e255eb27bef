/**
 * What bots ask: by default the methods of the reference module `player_bag`, else those of `--ask` or of a module's own list.
 * Pure.
 */

import { PlayerBag } from "#game/player_bag.ts";
import type { BotAsking, BotRequest } from "#module/bot_request.ts";
import { METHOD_MAX, METHOD_TEAM_MIN } from "#wire/limits.ts";

/** Mostly looking, as players do. Discarding what is not there is an answer too. */
export const BAG_REQUESTS: readonly BotRequest[] = [
  { name: "player_bag.look", method: PlayerBag.look.id, weight: 8, body: () => ({}) },
  { name: "player_bag.mails", method: PlayerBag.mails.id, weight: 1, body: () => ({}) },
  {
    ...{ name: "player_bag.discard", method: PlayerBag.discard.id, weight: 3 },
    body: ({ key }) => ({ key, what: { item: "potion", count: 1 } }),
  },
];

const ASK_WANTED = `ID:JSON with an id from ${METHOD_TEAM_MIN} to ${METHOD_MAX}, like 2000:{"item":"apple"}`;

/** `ID:JSON`. In texts of the JSON `$key` is replaced by a key that is new each time, `$player` by the bot's name. */
export function parseAsk(
  text: string,
): { readonly kind: "ok"; readonly request: BotRequest } | { readonly kind: "failed"; readonly allowed: string } {
  const match = /^([0-9]{1,5}):(.+)$/s.exec(text);
  const method = Number(match?.[1]);
  if (match === null || method < METHOD_TEAM_MIN || method > METHOD_MAX) return { kind: "failed", allowed: ASK_WANTED };
  let template: unknown;
  try {
    template = JSON.parse(match[2] ?? "");
  } catch {
    return { kind: "failed", allowed: ASK_WANTED };
  }
  const body = (asking: BotAsking): unknown => filled(template, asking);
  return { kind: "ok", request: { name: String(method), method, weight: 1, body } };
}

/** One of them, each as often as its weight says. `unit`: uniform in [0, 1). */
export function pickRequest(requests: readonly BotRequest[], unit: number): BotRequest {
  const [first, ...others] = requests;
  if (first === undefined) throw new RangeError("Cannot pick what to ask: there is nothing to ask");
  let left = unit * requests.reduce((sum, { weight }) => sum + weight, 0) - first.weight;
  let picked = first;
  for (const each of others) {
    if (left < 0) break;
    picked = each;
    left -= each.weight;
  }
  return picked;
}

function filled(value: unknown, asking: BotAsking): unknown {
  if (typeof value === "string")
    return value.replaceAll(/\$(key|player)\b/g, (_, name: "key" | "player") => asking[name]);
  if (Array.isArray(value)) return value.map((each: unknown) => filled(each, asking));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, filled(each, asking)]));
}
