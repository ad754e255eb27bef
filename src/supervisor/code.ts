/**
 * `--watch`: restarts the nodes whose code changed, and only those. For the uncompiled program.
 */

import type { Log } from "#base/log.ts";
import type { NodeId } from "#wire/role.ts";
import { codeFolders, readCodeMap } from "#runtime/code_map.ts";
import { watchSources } from "#runtime/source_watch.ts";
import type { ClusterConfig } from "../config/types.ts";
import { affectedNodes } from "./watch.ts";

export interface CodeWatchOptions {
  readonly config: ClusterConfig;
  /** Of the command line. */
  readonly modules: readonly string[];
  /** Path of the entry, src/main.ts. */
  readonly main: string;
  readonly log: Log;
  readonly restart: (nodes: readonly NodeId[], reason: string) => void;
}

const FILES_SHOWN_MAX = 5;

/** Returns what ends it. */
export function restartOnChange(options: CodeWatchOptions): () => void {
  const { config, modules, main, log } = options;
  const places = {
    main,
    modules: [...new Set([...config.modules, ...config.nodes.flatMap((node) => node.modules), ...modules])],
  };
  let before = readCodeMap(places);
  return watchSources({
    folders: codeFolders(places),
    failed: (folder, error) => log.warn("folder cannot be watched", { folder, error }),
    changed: (paths) => {
      const now = readCodeMap(places);
      // A file may have been imported before the change, or only since.
      const nodes = [before, now].flatMap((code) => affectedNodes(paths, code, { config, modules }));
      before = now;
      const shown = paths.slice(0, FILES_SHOWN_MAX).join(", ");
      if (nodes.length > 0) options.restart([...new Set(nodes)], `changed: ${shown}`);
      else log.debug("changed files concern no node", { files: shown });
    },
  });
}
