/**
 * A kind's own code has failed, or what is stored of its term can't be read: an operating failure of one activity, which
 * stops that activity and no other.
 */

import { messageOf } from "#base/log.ts";
import { StoreError } from "#store/store.ts";

export class KindFault extends Error {
  override readonly name = "KindFault";
  readonly code = "KIND_FAULT";

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
  }
}

/** What stops one activity as a KindFault, what concerns the whole store as it is. */
export function faultOf(error: unknown, of: { readonly doing: string; readonly kind: string }): unknown {
  if (error instanceof KindFault) return error;
  if (!(error instanceof StoreError)) {
    return new KindFault(`Cannot ${of.doing}: the kind "${of.kind}" has failed: ${messageOf(error)}`, error);
  }
  return error.code === "corrupt" ? new KindFault(`Cannot ${of.doing}: ${error.message}`, error) : error;
}
