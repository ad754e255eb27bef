/**
 * Activity kinds: what a module says about an activity it brings.
 */

import type { InferOutput } from "valibot";
import { getDotPath, safeParse } from "valibot";
import type { Schema } from "#rpc/contract.ts";

export interface ActivityKind<Config extends Schema = Schema> {
  /** [a-z][a-z0-9_]*, unique among the kinds of a cluster. */
  readonly name: string;
  readonly config: Config;
}

export type ConfigOf<Kind extends ActivityKind> = InferOutput<Kind["config"]>;

/**
 * Declares a kind of activity. `config` validates what an operator passes at creation, on the owner.
 * Throws TypeError for a name that is not [a-z][a-z0-9_]*.
 */
export function activity<const Config extends Schema>(
  name: string,
  options: { readonly config: Config },
): ActivityKind<Config> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new TypeError(`Cannot declare activity kind: name is "${name}", allowed is [a-z][a-z0-9_]*`);
  }
  return { name, config: options.config };
}

export type ParsedConfig =
  | { readonly kind: "ok"; readonly config: unknown }
  | { readonly kind: "invalid"; readonly issues: readonly { readonly path: string; readonly message: string }[] };

/** Validates a config; paths are below `config`. */
export function parseKindConfig(kind: ActivityKind, input: unknown): ParsedConfig {
  const parsed = safeParse(kind.config, input);
  if (parsed.success) return { kind: "ok", config: parsed.output };
  return {
    kind: "invalid",
    issues: parsed.issues.map((issue) => ({
      path: ["config", getDotPath(issue)].filter((part) => part !== null).join("."),
      message: issue.message,
    })),
  };
}
