import { describe, expect, test } from "#test";
import { toHex } from "#base/digest.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { Decoder } from "#wire/decoder.ts";
import { frameSize } from "#wire/header.ts";
import { Mutator, cutAnywhere, fuzzSeed, join } from "./wire_mutate.ts";

const STREAMS_FUZZED = 10_000;
const FRAMES_PER_STREAM_MAX = 12;

/** What came out, in order: frames in hex, then the fault. */
function outcome(
  chunks: readonly Uint8Array[],
  readyAfter: number,
): { readonly frames: readonly string[]; readonly fault: unknown } {
  const decoder = new Decoder();
  const frames: string[] = [];
  let fault: unknown;
  for (const chunk of chunks) {
    fault ??= decoder.push(chunk, (buffer, offset) => {
      frames.push(toHex(buffer.subarray(offset, offset + frameSize(buffer, offset))));
      if (frames.length === readyAfter) decoder.setReady();
      return true;
    });
  }
  return { frames, fault };
}

describe("fuzz: wire streams", () => {
  const seed = fuzzSeed();

  test(`${STREAMS_FUZZED} damaged streams come out the same in one piece and cut anywhere (SEED=${seed})`, () => {
    const random = seededRandom(seed);
    const mutator = new Mutator(random);
    let frameCount = 0;
    let faultCount = 0;
    for (let index = 0; index < STREAMS_FUZZED; index += 1) {
      const parts = Array.from({ length: 1 + randomIndex(random, FRAMES_PER_STREAM_MAX) }, () => {
        const picked = mutator.pick();
        const chance = random.unit();
        if (chance < 0.05) return mutator.damageAnything(picked);
        return chance < 0.5 ? mutator.damageBody(picked) : picked;
      });
      const bytes = join(...parts);
      const readyAfter = randomIndex(random, 4);
      const whole = outcome([bytes], readyAfter);
      const cut = outcome(cutAnywhere(bytes, random, 1 + randomIndex(random, 200)), readyAfter);
      expect(cut).toEqual(whole);
      frameCount += whole.frames.length;
      if (whole.fault !== undefined) faultCount += 1;
    }
    expect(faultCount).toBeGreaterThan(1000);
    expect(frameCount).toBeGreaterThan(STREAMS_FUZZED);
    console.log(`fuzz: ${STREAMS_FUZZED} streams, seed ${seed}, ${frameCount} frames, ${faultCount} faults`);
  }, 120_000);
});
