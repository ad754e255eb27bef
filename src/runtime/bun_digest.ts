/**
 * SHA-256 and HMAC-SHA-256 by Bun's native hasher, synchronous.
 */

import type { Digest } from "#base/digest.ts";

const HASH_SIZE = 32;

export const bunDigest: Digest = {
  sha256: (first, ...rest) => {
    // At once: without a hasher to be made and thrown away.
    if (first !== undefined && rest.length === 0)
      return Bun.SHA256.hash(first, new Uint8Array(HASH_SIZE)) as Uint8Array;
    return finish(new Bun.CryptoHasher("sha256"), first === undefined ? [] : [first, ...rest]);
  },
  hmacSha256: (key, ...parts) => finish(new Bun.CryptoHasher("sha256", key), parts),
};

function finish(hasher: Bun.CryptoHasher, parts: readonly Uint8Array[]): Uint8Array {
  for (const part of parts) hasher.update(part);
  // A plain Uint8Array: a Buffer's slice() shares memory, and that of others does not.
  return new Uint8Array(hasher.digest());
}
