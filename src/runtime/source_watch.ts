/**
 * Tells which files changed below some folders, once they have been quiet for a moment: an editor or a branch
 * switch touches many in a row.
 */

import { type FSWatcher, watch } from "node:fs";
import { join, resolve } from "node:path";

const QUIET_MS = 150;
/** However busy it is there, this is the longest that a change waits. */
const LONGEST_MS = 2_000;
/** A module may lie beside data, which changes all the time. */
const SOURCE = /\.([cm]?[jt]sx?|json|html|css|txt)$/;

export interface SourceWatchOptions {
  readonly folders: readonly string[];
  /** Absolute paths. */
  readonly changed: (paths: readonly string[]) => void;
  readonly failed: (folder: string, error: unknown) => void;
}

/** Returns what ends it. */
export function watchSources(options: SourceWatchOptions): () => void {
  let paths = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let firstMs = 0;
  const report = (): void => {
    const changed = [...paths];
    paths = new Set();
    timer = undefined;
    options.changed(changed);
  };
  const note = (path: string): void => {
    if (!SOURCE.test(path) || /\/(node_modules|\.git)\//.test(path)) return;
    if (timer === undefined) firstMs = performance.now();
    paths.add(path);
    clearTimeout(timer);
    timer = setTimeout(report, Math.min(QUIET_MS, Math.max(0, firstMs + LONGEST_MS - performance.now())));
  };
  const watchers = [...new Set(options.folders.map((folder) => resolve(folder)))].flatMap((folder): FSWatcher[] => {
    try {
      const watcher = watch(folder, { recursive: true, persistent: false }, (_event, name) => {
        if (typeof name === "string") note(join(folder, name));
      });
      watcher.on("error", (error) => options.failed(folder, error));
      return [watcher];
    } catch (error) {
      options.failed(folder, error);
      return [];
    }
  });
  return () => {
    clearTimeout(timer);
    for (const watcher of watchers) watcher.close();
  };
}
