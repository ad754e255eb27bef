/**
 * When two values are equal, as `toEqual` and `toMatchObject` mean it: by contents, properties that are undefined
 * do not count, and a matcher stands for all that it accepts.
 */

/** Stands in a wanted value for what it accepts. */
export class Matcher {
  readonly name: string;
  readonly accepts: (found: unknown) => boolean;

  constructor(name: string, accepts: (found: unknown) => boolean) {
    this.name = name;
    this.accepts = accepts;
  }
}

export function equal(found: unknown, wanted: unknown): boolean {
  if (wanted instanceof Matcher) return wanted.accepts(found);
  const known = compareKnown(found, wanted);
  if (known !== undefined) return known;
  const a = found as Record<string, unknown>;
  const b = wanted as Record<string, unknown>;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => equal(a[key], b[key]));
}

/** Objects may have more properties than wanted; arrays must be as long. */
export function matches(found: unknown, wanted: unknown): boolean {
  if (wanted instanceof Matcher) return wanted.accepts(found);
  if (Array.isArray(wanted)) {
    if (!Array.isArray(found) || found.length !== wanted.length) return false;
    return wanted.every((each, index) => matches(found[index], each));
  }
  if (!isPlain(wanted)) return equal(found, wanted);
  if (typeof found !== "object" || found === null) return false;
  return Object.keys(wanted).every((key) => key in found && matches(Reflect.get(found, key), wanted[key]));
}

/** Undefined: both are objects whose properties decide. */
function compareKnown(found: unknown, wanted: unknown): boolean | undefined {
  if (Object.is(found, wanted)) return true;
  if (typeof found !== "object" || typeof wanted !== "object" || found === null || wanted === null) return false;
  if (Array.isArray(found) || Array.isArray(wanted)) {
    if (!Array.isArray(found) || !Array.isArray(wanted) || found.length !== wanted.length) return false;
    return wanted.every((each, index) => equal(found[index], each));
  }
  if (ArrayBuffer.isView(found) || ArrayBuffer.isView(wanted)) return equalBytes(found, wanted);
  if (found instanceof Map || wanted instanceof Map) return equalMaps(found, wanted);
  if (found instanceof Set || wanted instanceof Set) return equalSets(found, wanted);
  if (found instanceof Date || wanted instanceof Date) {
    return found instanceof Date && wanted instanceof Date && found.getTime() === wanted.getTime();
  }
  if (found instanceof Error || wanted instanceof Error) {
    return found instanceof Error && wanted instanceof Error && found.message === wanted.message;
  }
  return undefined;
}

function equalBytes(found: object, wanted: object): boolean {
  if (!ArrayBuffer.isView(found) || !ArrayBuffer.isView(wanted) || found.byteLength !== wanted.byteLength) return false;
  const a = new Uint8Array(found.buffer, found.byteOffset, found.byteLength);
  const b = new Uint8Array(wanted.buffer, wanted.byteOffset, wanted.byteLength);
  return a.every((byte, index) => byte === b[index]);
}

function equalMaps(found: object, wanted: object): boolean {
  if (!(found instanceof Map) || !(wanted instanceof Map) || found.size !== wanted.size) return false;
  return [...wanted].every(([key, value]) => found.has(key) && equal(found.get(key), value));
}

function equalSets(found: object, wanted: object): boolean {
  if (!(found instanceof Set) || !(wanted instanceof Set) || found.size !== wanted.size) return false;
  return [...wanted].every((value) => found.has(value) || [...found].some((each) => equal(each, value)));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
