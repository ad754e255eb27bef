/**
 * A file of this project as a browser loads it: one script without imports, and what went into it.
 */

import { resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../../..");

export interface BrowserBundle {
  readonly text: string;
  readonly sizeCompressed: number;
  /** Files of which something is in the script, from the root, in the order of their names. */
  readonly files: readonly string[];
}

export async function bundleForBrowser(entry: string): Promise<BrowserBundle> {
  const built = await Bun.build({
    entrypoints: [resolve(ROOT, entry)],
    root: ROOT,
    target: "browser",
    format: "esm",
    minify: true,
    metafile: true,
  });
  const [script] = built.outputs;
  const [output] = Object.values(built.metafile?.outputs ?? {});
  if (built.outputs.length !== 1 || script === undefined || output === undefined) {
    throw new Error(`Cannot bundle ${entry}: outputs are ${built.outputs.length}, wanted is 1`);
  }
  const text = await script.text();
  return {
    text,
    sizeCompressed: Bun.gzipSync(text, { level: 9 }).length,
    files: Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([file]) => file)
      .toSorted(),
  };
}
