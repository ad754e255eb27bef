/**
 * A kind's own code has failed: an operating failure of one activity, which stops that activity and no other.
 */

export class KindFault extends Error {
  override readonly name = "KindFault";
  readonly code = "KIND_FAULT";

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}
