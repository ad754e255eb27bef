/**
 * Errors of calls: the closed set of codes, what each says about execution, and the body of an error frame:
 *
 *   code u8, atRole u16, atNumber u32, detail text16
 */

import { ByteReader, ByteWriter } from "./bytes.ts";
import type { NodeKey } from "./role.ts";
import { numberOfKey, roleNumberOfKey, wireKey } from "./role.ts";

export const CallErrorCode = {
  /** No path to the target at the node `at`. Not executed. */
  NO_ROUTE: 1,
  /** The link or the target went while the call was under way; `sent` tells whether it may have been executed. */
  LINK_LOST: 2,
  /** No reply in time. It may have been executed. */
  DEADLINE: 3,
  /** A bound was reached at `at`. Not executed. */
  OVERLOADED: 4,
  /** `at` takes no new work. Not executed. */
  DRAINING: 5,
  /** The target serves no such method. Not executed. */
  UNKNOWN_METHOD: 6,
  /** The request (at the caller or the target) or the reply is not what the contract says. */
  INVALID: 7,
  /** The handler threw. */
  FAILED: 8,
} as const;
export type CallErrorCode = keyof typeof CallErrorCode;

const NAMES = new Map(
  (Object.keys(CallErrorCode) as CallErrorCode[]).map((name) => [CallErrorCode[name] as number, name]),
);

const DETAIL_SIZE_MAX = 1024;

export interface CallErrorBody {
  readonly code: CallErrorCode;
  readonly at: NodeKey;
  readonly detail: string;
}

export function encodeCallError(error: CallErrorBody): Uint8Array {
  return new ByteWriter()
    .u8(CallErrorCode[error.code])
    .u16(roleNumberOfKey(error.at))
    .u32(numberOfKey(error.at))
    .text16(error.detail.slice(0, DETAIL_SIZE_MAX))
    .finish();
}

/** Undefined when it is too short. A code of a later release reads as FAILED. */
export function decodeCallError(body: Uint8Array): CallErrorBody | undefined {
  const reader = new ByteReader(body);
  const code = NAMES.get(reader.u8()) ?? "FAILED";
  const at = wireKey(reader.u16(), reader.u32());
  const detail = reader.text16();
  return reader.ok ? { code, at, detail } : undefined;
}
