/**
 * What bots ask, as the one who wrote a module knows it: `--role bot --module FILE` reads the file's export `bots`, a list
 * of these.
 */

import { METHOD_MAX, METHOD_TEAM_MIN } from "#wire/limits.ts";

/** What the body of one request is made of. */
export interface BotAsking {
  /** The bot's name, as the server knows it. */
  readonly player: string;
  /** Never given before: for requests that are to be done once. */
  readonly key: string;
  /** Uniform in [0, 1); the same with the same seed. */
  readonly unit: () => number;
}

export interface BotRequest {
  /** For people. */
  readonly name: string;
  /** The id of a method that players may call. */
  readonly method: number;
  /** How often it is asked, beside the weights of the others. */
  readonly weight: number;
  readonly body: (asking: BotAsking) => unknown;
}

const WANTED = `a list of { name: text, method: ${METHOD_TEAM_MIN} to ${METHOD_MAX}, weight: above 0, body: function }`;

/** What a file exports, or what is wrong with it. */
export function botRequestsOf(
  value: unknown,
): { readonly kind: "ok"; readonly requests: readonly BotRequest[] } | { readonly kind: "failed"; reason: string } {
  if (!Array.isArray(value) || value.length === 0) {
    return { kind: "failed", reason: `its export "bots" is ${describe(value)}, allowed is ${WANTED}` };
  }
  const list: readonly unknown[] = value;
  const bad = list.findIndex((each) => !isBotRequest(each));
  if (bad === -1) return { kind: "ok", requests: list.filter(isBotRequest) };
  return { kind: "failed", reason: `its export "bots" has something else at ${bad}, allowed is ${WANTED}` };
}

function isBotRequest(value: unknown): value is BotRequest {
  if (typeof value !== "object" || value === null) return false;
  const { name, method, weight, body } = value as Record<string, unknown>;
  const isMethod = typeof method === "number" && Number.isInteger(method);
  if (typeof name !== "string" || name === "" || !isMethod || typeof body !== "function") return false;
  const isWeight = typeof weight === "number" && weight > 0 && Number.isFinite(weight);
  return method >= METHOD_TEAM_MIN && method <= METHOD_MAX && isWeight;
}

function describe(value: unknown): string {
  if (value === undefined) return "missing";
  return Array.isArray(value) ? "an empty list" : typeof value;
}
