import { describe, expect, test } from "#test";
import { prefix64, toHex } from "#base/digest.ts";
import { seededRandom } from "#base/random.ts";
import { SIM_DIGEST } from "#module/simulator/sim_digest.ts";

const KEY = Uint8Array.of(1, 2, 3);

describe("SIM_DIGEST", () => {
  test("is as wide as SHA-256 and the same for the same input", () => {
    const input = seededRandom(1).bytes(100);
    expect(SIM_DIGEST.sha256(input).length).toBe(32);
    expect(SIM_DIGEST.sha256(input)).toEqual(SIM_DIGEST.sha256(input.slice()));
    expect(SIM_DIGEST.hmacSha256(KEY, input)).toEqual(SIM_DIGEST.hmacSha256(KEY, input.slice()));
  });

  test("differs with each bit, with the key, and with where one part ends", () => {
    const input = seededRandom(1).bytes(64);
    const seen = new Set([toHex(SIM_DIGEST.sha256(input))]);
    for (let bit = 0; bit < 512; bit += 1) {
      const changed = input.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      seen.add(toHex(SIM_DIGEST.sha256(changed)));
    }
    seen.add(toHex(SIM_DIGEST.hmacSha256(KEY, input)));
    seen.add(toHex(SIM_DIGEST.hmacSha256(Uint8Array.of(1, 2, 4), input)));
    seen.add(toHex(SIM_DIGEST.sha256(input.subarray(0, 10), input.subarray(10))));
    seen.add(toHex(SIM_DIGEST.sha256(input.subarray(0, 11), input.subarray(11))));
    expect(seen.size).toBe(1 + 512 + 4);
  });

  test("its first 64 bits do not clash for many small inputs", () => {
    const seen = new Set<bigint>();
    for (let number = 0; number < 50_000; number += 1) {
      seen.add(prefix64(SIM_DIGEST.sha256(Uint8Array.of(number >> 16, number >> 8, number))));
    }
    expect(seen.size).toBe(50_000);
  });
});
