import { describe, expect, test } from "#test";
import { randomIndex, seededRandom } from "#base/random.ts";
import { BodyError, unpackBody } from "#wire/body.ts";
import { decodeCallError } from "#wire/call_error.ts";
import { Decoder } from "#wire/decoder.ts";
import { decodeChallenge, decodeGoodbye, decodeHello, decodeRefuse } from "#wire/handshake.ts";
import { Kind, Offset, frameBody, frameKind, frameSize, kindName, readU16 } from "#wire/header.ts";
import { decodeHeartbeat } from "#wire/heartbeat.ts";
import { FRAME_SIZE_MAX, FRAME_SIZE_MAX_HANDSHAKE, HEADER_SIZE, SIZE_FIELD_SIZE } from "#wire/limits.ts";
import { decodeSync } from "#wire/sync_message.ts";
import type { SyncMessage } from "#wire/sync_message.ts";
import { Mutator, cutAnywhere, fuzzSeed } from "./wire_mutate.ts";

const FRAMES_FUZZED = 200_000;

/** Bytes and items that a message holds: no more than its body can have said. */
function heldCount(message: SyncMessage): number {
  switch (message.kind) {
    case "list":
      return message.entries.length;
    case "snapshot":
      return message.snapshot.bytes.length;
    case "want":
      return message.topics.length;
    case "report":
      return message.reports.reduce((sum, report) => sum + report.claims.length, 0);
    case "route":
      return message.bytes.length;
    case "relist":
    case "withdraw":
      return 0;
  }
}

/** True when the body is one that its kind allows. Throws when a decoder does. */
function decodeBody(kind: number, method: number, body: Uint8Array): boolean {
  switch (kind) {
    case Kind.hello:
      return decodeHello(body) !== undefined;
    case Kind.challenge:
      return decodeChallenge(body) !== undefined;
    case Kind.refuse:
      return decodeRefuse(body) !== undefined;
    case Kind.goodbye:
      return decodeGoodbye(body) !== undefined;
    case Kind.ping:
    case Kind.pong:
      return decodeHeartbeat(body) !== undefined;
    case Kind.error:
      return decodeCallError(body) !== undefined;
    case Kind.sync: {
      const message = decodeSync(method, body);
      if (message !== undefined) expect(heldCount(message)).toBeLessThanOrEqual(body.length);
      return message !== undefined;
    }
    default:
      try {
        unpackBody(body);
        return true;
      } catch (error) {
        if (error instanceof BodyError) return false;
        throw error;
      }
  }
}

describe("fuzz: wire", () => {
  const seed = fuzzSeed();

  test(`${FRAMES_FUZZED} mutated frames: no throw, bounded memory (SEED=${seed})`, () => {
    const random = seededRandom(seed);
    const mutator = new Mutator(random);
    const counts = new Map<string, number>();
    const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
    for (let index = 0; index < FRAMES_FUZZED; index += 1) {
      const picked = mutator.pick();
      const bytes = index % 3 === 0 ? mutator.damageAnything(picked) : mutator.damageBody(picked);
      const decoder = new Decoder();
      const isReady = index % 4 !== 0;
      if (isReady) decoder.setReady();
      const carryMax = (isReady ? FRAME_SIZE_MAX : FRAME_SIZE_MAX_HANDSHAKE) + SIZE_FIELD_SIZE;
      const chunks = index % 2 === 0 ? [bytes] : cutAnywhere(bytes, random, 1 + randomIndex(random, 80));
      for (const chunk of chunks) {
        const fault = decoder.push(chunk, (buffer, offset) => {
          const kind = frameKind(buffer, offset);
          const name = kindName(kind);
          expect(name).toBeDefined();
          expect(offset + frameSize(buffer, offset)).toBeLessThanOrEqual(buffer.length);
          const isGood = decodeBody(kind, readU16(buffer, offset + Offset.method), frameBody(buffer, offset));
          count(`${name} ${isGood ? "taken" : "refused"}`);
          return true;
        });
        if (decoder.carryCapacity > carryMax) expect(decoder.carryCapacity).toBeLessThanOrEqual(carryMax);
        if (fault === undefined) continue;
        count(fault.code);
        expect(decoder.carryCapacity).toBe(0);
        break;
      }
      if (decoder.copiedSize > bytes.length + HEADER_SIZE * chunks.length) {
        expect(decoder.copiedSize).toBeLessThanOrEqual(bytes.length + HEADER_SIZE * chunks.length);
      }
    }
    // Damage that never got past the header, or never got caught, would prove nothing.
    for (const kind of ["hello", "challenge", "refuse", "goodbye", "ping", "pong", "error", "sync"]) {
      expect(counts.get(`${kind} taken`) ?? 0).toBeGreaterThan(100);
      expect(counts.get(`${kind} refused`) ?? 0).toBeGreaterThan(100);
    }
    for (const fault of ["bad_magic", "bad_size", "bad_protocol", "bad_kind", "bad_flags"]) {
      expect(counts.get(fault) ?? 0).toBeGreaterThan(100);
    }
    console.log(`fuzz: ${FRAMES_FUZZED} mutated frames, seed ${seed}, ${JSON.stringify(Object.fromEntries(counts))}`);
  }, 120_000);
});
