/**
 * Bounds on a value that a team's code will read: what JSON can carry and every node can keep unchanged.
 * JSON.parse gives Infinity for 1e999, own keys named `__proto__` and any depth; those are refused.
 */

export const JSON_DEPTH_MAX = 16;

export interface JsonFault {
  /** Keys from the value down to the fault. */
  readonly path: readonly string[];
  readonly message: string;
}

/** At most one fault: the first one found. */
export function faultOfJsonValue(value: unknown, path: readonly string[] = []): JsonFault | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) return { path, message: "is out of range for a number" };
  if (typeof value === "string" && !value.isWellFormed()) return { path, message: "has half of a surrogate pair" };
  if (typeof value !== "object" || value === null) return undefined;
  if (path.length >= JSON_DEPTH_MAX) return { path, message: `is nested deeper than ${JSON_DEPTH_MAX}` };
  for (const [key, item] of Object.entries(value)) {
    if (key === "__proto__") return { path: [...path, key], message: "is not allowed as a key" };
    if (!key.isWellFormed()) return { path, message: "has a key with half of a surrogate pair" };
    const fault = faultOfJsonValue(item, [...path, key]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
