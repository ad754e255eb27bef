/**
 * A module: a team's code as a value. `setup` runs once per node that hosts it, before the node links.
 */

import type { ItemKind } from "#player/item_kinds.ts";
import type { Method } from "#rpc/contract.ts";
import type { ActivityKind } from "./activity_kind.ts";
import type { ModuleNode } from "./module_node.ts";

export interface Module {
  /** [a-z][a-z0-9_]*, unique in a process. */
  readonly name: string;
  /** Kinds that this module brings: an owner takes activities of these and no others. */
  readonly activities: readonly ActivityKind[];
  /** Contracts of which players may call what their methods say. */
  readonly players: readonly Readonly<Record<string, Method>>[];
  /** What the items are that it brings into players' bags, by name. */
  readonly items: Readonly<Record<string, ItemKind>>;
  readonly setup: (node: ModuleNode) => void;
}

/**
 * Declares a module. The file of a module exports it as its default.
 * Throws TypeError for a name that is not [a-z][a-z0-9_]*.
 */
export function module(
  name: string,
  options: {
    readonly activities?: readonly ActivityKind[];
    readonly players?: readonly Readonly<Record<string, Method>>[];
    readonly items?: Readonly<Record<string, ItemKind>>;
  },
  setup: (node: ModuleNode) => void,
): Module {
  if (!isName(name)) {
    throw new TypeError(`Cannot declare module: name is "${name}", allowed is [a-z][a-z0-9_]*`);
  }
  return {
    name,
    activities: options.activities ?? [],
    players: options.players ?? [],
    items: options.items ?? {},
    setup,
  };
}

/** True for what `module()` returned, also when it came from a file that was loaded at run time. */
export function isModule(value: unknown): value is Module {
  if (typeof value !== "object" || value === null) return false;
  const { name, activities, players, items, setup } = value as Partial<Record<keyof Module, unknown>>;
  if (!isName(name) || !Array.isArray(activities) || !Array.isArray(players)) return false;
  if (typeof items !== "object" || items === null) return false;
  return activities.every(isKind) && typeof setup === "function";
}

function isKind(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { name, config, phases } = value as Partial<Record<keyof ActivityKind, unknown>>;
  return isName(name) && typeof config === "object" && config !== null && Array.isArray(phases);
}

function isName(value: unknown): boolean {
  return typeof value === "string" && /^[a-z][a-z0-9_]*$/.test(value);
}
