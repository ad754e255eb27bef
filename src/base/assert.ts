/**
 * Assertions: a failed one is a bug of this program, never an everyday outcome.
 * Whoever catches an AssertionError ends what it was doing; the process ends unless module code raised it.
 */

export class AssertionError extends Error {
  override readonly name = "AssertionError";
}

/** Throws AssertionError unless `condition` holds. `message` says what was expected. */
export function assert(condition: boolean, message = "assertion failed"): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** The end of an exhaustive switch: the type checker proves that it is never reached. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${String(value)}`);
}
