/**
 * Which nodes a change of source files concerns, for `--watch`. Pure: runtime/code_map.ts finds out who imports
 * what, this file draws the conclusion.
 */

import type { NodeId } from "#wire/role.ts";
import type { ClusterConfig, NodeRole } from "../config/types.ts";

/** Absolute paths. */
export interface CodeMap {
  /** What every node runs, whatever its role. */
  readonly shared: ReadonlySet<string>;
  /** What only nodes of the role run, and perhaps those of others. */
  readonly roles: ReadonlyMap<NodeRole, ReadonlySet<string>>;
  /** A module's file as the config or `--module` names it, and what it imports. */
  readonly modules: ReadonlyMap<string, ReadonlySet<string>>;
}

export function affectedNodes(
  changed: readonly string[],
  code: CodeMap,
  cluster: { readonly config: ClusterConfig; readonly modules: readonly string[] },
): NodeId[] {
  const touches = (files: ReadonlySet<string> | undefined): boolean => changed.some((file) => files?.has(file));
  const everywhere = [...cluster.config.modules, ...cluster.modules];
  const all = touches(code.shared) || everywhere.some((file) => touches(code.modules.get(file)));
  return cluster.config.nodes
    .filter(
      (node) =>
        all || touches(code.roles.get(node.role)) || node.modules.some((file) => touches(code.modules.get(file))),
    )
    .map((node) => node.id);
}
