/**
 * Vectors of the bodies of error frames.
 */

import { toHex } from "#base/digest.ts";
import { CallErrorCode, encodeCallError } from "#wire/call_error.ts";
import { nodeKey } from "#wire/role.ts";

export interface CallErrorVector {
  readonly name: string;
  readonly body: string;
  readonly trailing: string;
  /** Null: the body must be refused. */
  readonly fields: {
    readonly code: string;
    readonly atRole: number;
    readonly atNumber: number;
    readonly detail: string;
  } | null;
}

export function callErrorVectors(): readonly CallErrorVector[] {
  const at = nodeKey("cross_gateway", 1);
  return [
    ...(Object.keys(CallErrorCode) as CallErrorCode[]).map((code): CallErrorVector => {
      const detail = code === "NO_ROUTE" ? "" : `because of ${code}`;
      return {
        name: code,
        body: toHex(encodeCallError({ code, at, detail })),
        trailing: "",
        fields: { code, atRole: 5, atNumber: 1, detail },
      };
    }),
    {
      name: "a code of a later version reads as FAILED",
      body: "ff0003000000030000",
      trailing: "",
      fields: { code: "FAILED", atRole: 3, atNumber: 3, detail: "" },
    },
    {
      name: "bytes of a later version",
      body: "0200030000000300017801",
      trailing: "01",
      fields: { code: "LINK_LOST", atRole: 3, atNumber: 3, detail: "x" },
    },
    { name: "cut in its text", body: "02000300000003000278", trailing: "", fields: null },
    { name: "empty", body: "", trailing: "", fields: null },
  ];
}
