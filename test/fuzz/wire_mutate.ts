/**
 * Mutated frames for fuzzing the wire: good frames of every kind from the test vectors, then seeded damage.
 * SEED in the environment replays one run; without it the seed is fixed, so that a gate is repeatable.
 */

import { fromHex } from "#base/digest.ts";
import type { Random } from "#base/random.ts";
import { randomIndex } from "#base/random.ts";
import { Kind, encodeFrame, writeU32 } from "#wire/header.ts";
import { HEADER_SIZE, SIZE_FIELD_SIZE } from "#wire/limits.ts";
import { nodeKey } from "#wire/role.ts";
import { BAD_FRAMES, CALL_ERRORS, FRAMES, HANDSHAKE_BODIES, HEARTBEATS, SYNC, TRANSCRIPTS } from "../wire/vectors.ts";

const SEED_DEFAULT = 20_260_101;

export function fuzzSeed(): number {
  const given = Number(process.env["SEED"] ?? SEED_DEFAULT);
  if (!Number.isSafeInteger(given)) throw new Error(`Cannot fuzz: SEED is ${process.env["SEED"]}, wish is an integer`);
  return given;
}

const source = nodeKey("cross_gateway", 1);
const target = nodeKey("gateway", 3);

/** Good frames of every kind, and the vectors that are good only up to some byte. */
export function fuzzCorpus(): Uint8Array[] {
  const frame = (kind: Kind, body: string, method = 0): Uint8Array =>
    encodeFrame({ kind, source, target, method }, fromHex(body));
  return [
    ...FRAMES.map((one) => fromHex(one.hex)),
    ...BAD_FRAMES.map((one) => fromHex(one.hex)),
    ...TRANSCRIPTS.flatMap((one) => [one.hello, one.challenge, one.proof, one.welcome ?? one.proof].map(fromHex)),
    ...HANDSHAKE_BODIES.map((one) => frame(Kind[one.kind], one.body)),
    ...HEARTBEATS.map((one) => frame(Kind.ping, one.body)),
    ...HEARTBEATS.map((one) => frame(Kind.pong, one.body)),
    ...SYNC.map((one) => frame(Kind.sync, one.body, one.method)),
    ...CALL_ERRORS.map((one) => frame(Kind.error, one.body)),
  ];
}

/** Values that break arithmetic, more often than chance would. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xff] as const;

export class Mutator {
  readonly #random: Random;
  readonly #corpus: readonly Uint8Array[];

  constructor(random: Random) {
    this.#random = random;
    this.#corpus = fuzzCorpus();
  }

  /** A good frame of the corpus, in a buffer of its own. */
  pick(): Uint8Array {
    return (this.#corpus[randomIndex(this.#random, this.#corpus.length)] as Uint8Array).slice();
  }

  /** Damages the body alone, and mends the size, so that the damage reaches the decoders of bodies. */
  damageBody(frame: Uint8Array): Uint8Array {
    if (frame.length < HEADER_SIZE) return frame;
    const body = this.#damage(frame.subarray(HEADER_SIZE));
    const out = new Uint8Array(HEADER_SIZE + body.length);
    out.set(frame.subarray(0, HEADER_SIZE));
    out.set(body, HEADER_SIZE);
    writeU32(out, 0, out.length - SIZE_FIELD_SIZE);
    return out;
  }

  damageAnything(frame: Uint8Array): Uint8Array {
    return this.#damage(frame);
  }

  #damage(bytes: Uint8Array): Uint8Array {
    const random = this.#random;
    let out: Uint8Array = bytes.slice();
    const rounds = 1 + randomIndex(random, 3);
    for (let round = 0; round < rounds; round += 1) {
      const at = randomIndex(random, out.length + 1);
      switch (randomIndex(random, 6)) {
        case 0:
          if (at < out.length) out[at] = (out[at] as number) ^ (1 << randomIndex(random, 8));
          break;
        case 1:
          if (at < out.length) out[at] = EDGES[randomIndex(random, EDGES.length)] as number;
          break;
        case 2:
          out = out.slice(0, at);
          break;
        case 3:
          out = join(out.subarray(0, at), random.bytes(randomIndex(random, 20)), out.subarray(at));
          break;
        case 4:
          out.fill(EDGES[randomIndex(random, EDGES.length)] as number, at, at + 4);
          break;
        default:
          out = join(out.subarray(0, at), this.pick().subarray(HEADER_SIZE), out.subarray(at));
      }
    }
    return out;
  }
}

/** Pieces of 0 to `sizeMax` bytes. */
export function cutAnywhere(bytes: Uint8Array, random: Random, sizeMax: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = randomIndex(random, sizeMax + 1);
    chunks.push(bytes.slice(at, at + size));
    at += size;
  }
  return chunks;
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
