/**
 * Is a value plain, so that it travels as it is? The package that encodes bodies would take more and change it on the
 * way: a Set becomes an array, an instance of a class an object, a Float64Array other memory than its own. Allocates
 * nothing but the keys of objects. A cycle is deeper than any bound.
 */

/** What is wrong with the value, without repeating any of it; undefined when it is plain. `depthMax`: containers within it. */
export function faultOfPlain(value: unknown, depthMax: number): string | undefined {
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
    case "bigint":
    case "undefined":
      return undefined;
    case "object":
      break;
    default:
      return `it has a ${typeof value}`;
  }
  if (value === null || value instanceof Uint8Array) return undefined;
  if (depthMax === 0) return "it is cyclic or too deep";
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const fault = faultOfPlain(value[index], depthMax - 1);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return "it has an instance of a class";
  const record = value as Record<string, unknown>;
  for (const key of Object.keys(record)) {
    // The reader would rename it.
    if (key === "__proto__") return 'it has the key "__proto__"';
    const fault = faultOfPlain(record[key], depthMax - 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
