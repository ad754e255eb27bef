/**
 * SHA-256 and HMAC-SHA-256 on Deno, synchronous: crypto.subtle answers by promise only.
 */

import { createHash, createHmac } from "node:crypto";
import type { Digest } from "#base/digest.ts";

export const denoDigest: Digest = {
  sha256: (...parts) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    // A plain Uint8Array: a Buffer's slice() shares memory, and that of others does not.
    return new Uint8Array(hash.digest());
  },
  hmacSha256: (key, ...parts) => {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    return new Uint8Array(hmac.digest());
  },
};
