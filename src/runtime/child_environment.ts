/**
 * The environment of a child: ours, without what would turn the executable into something else, and with what
 * ends a child when its parent is gone (also by SIGKILL).
 */

/** BUN_BE_BUN makes a plain Bun of the executable; BUN_OPTIONS adds arguments to it. */
const SCRUBBED: readonly string[] = ["BUN_OPTIONS", "BUN_BE_BUN"];

export function childEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(own)) {
    if (value !== undefined && !SCRUBBED.includes(name)) out[name] = value;
  }
  out["BUN_FEATURE_FLAG_NO_ORPHANS"] = "1";
  return out;
}
