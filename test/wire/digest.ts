/**
 * Digest for the tests of wire/: SHA-256 and HMAC from the runtime, which Bun and Deno both have.
 */

import { createHash, createHmac } from "node:crypto";
import type { Digest } from "#base/digest.ts";

export const digest: Digest = {
  sha256: (...parts) => {
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    return new Uint8Array(hash.digest());
  },
  hmacSha256: (key, ...parts) => {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    return new Uint8Array(hmac.digest());
  },
};
