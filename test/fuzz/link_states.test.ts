/** A million mutated frames, into a link in each of its states. SEED=n replays; the rate is only printed. */

import { describe, expect, test } from "#test";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { MAC_SIZE } from "#wire/handshake.ts";
import { HEADER_SIZE } from "#wire/limits.ts";
import { FuzzGround } from "./link_ground.ts";
import type { FuzzedState } from "./link_states.ts";
import { LINK_STATES, reach } from "./link_states.ts";
import { Mutator, fuzzSeed, join } from "./wire_mutate.ts";

const FRAMES_FUZZED = 1_000_000;
/** To one conn, if it stays open; to one that is only leaving, which looks at nothing. */
const FRAMES_PER_CONN_MAX = 64;
const FRAMES_WHILE_LEAVING_MAX = 3;
/** Of the frames of each state. */
const FRAMES_MIN = 30_000;
/** Nothing is kept, so the heap may be larger at the end than after a tenth by no more than noise. */
const GROWTH_MAX = 24 * 1024 * 1024;

function heapSize(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}

/** In one piece or in some; the last piece of one frame may come together with the first of the next. */
function pieces(bytes: Uint8Array, random: Random): Uint8Array[] {
  const out: Uint8Array[] = [];
  let at = 0;
  for (let cuts = randomIndex(random, 4); cuts > 0 && at < bytes.length; cuts -= 1) {
    const size = randomIndex(random, bytes.length - at + 1);
    out.push(bytes.slice(at, at + size));
    at += size;
  }
  out.push(bytes.slice(at));
  return out;
}

/** Does one of the frames carry the MAC of the frame that would have been right? Then the key was proved after all. */
function carriesMac(sent: readonly Uint8Array[], right: Uint8Array | undefined): boolean {
  if (right === undefined) return false;
  const mac = Buffer.from(right.subarray(HEADER_SIZE, HEADER_SIZE + MAC_SIZE));
  return sent.some((bytes) => Buffer.from(bytes).includes(mac));
}

describe("fuzz: links", () => {
  const seed = fuzzSeed();

  test(`${FRAMES_FUZZED} mutated frames in every state: no crash, none accepted before ready, memory flat (SEED=${seed})`, () => {
    const random = seededRandom(seed);
    const mutator = new Mutator(random);
    const ground = new FuzzGround(random);
    const { witness } = ground;
    const frames = new Map<FuzzedState, number>();
    const startedMs = performance.now();
    let count = 0;
    let connCount = 0;
    let provedCount = 0;
    let baseSize: number | undefined;

    for (; count < FRAMES_FUZZED; connCount += 1) {
      const state = LINK_STATES[connCount % LINK_STATES.length] as FuzzedState;
      const { conn, next, ups, done } = reach(ground, state);
      const isUp = state.endsWith(": up");
      const isLeaving = state === "accepting: refused, leaving";
      const framesMax = isLeaving ? FRAMES_WHILE_LEAVING_MAX : FRAMES_PER_CONN_MAX;
      const toldBefore = witness.toldCount;
      const sent: Uint8Array[] = [];
      let tail: Uint8Array = new Uint8Array(0);
      for (let index = 0; index < framesMax && conn.isOpen && (isLeaving || !conn.isShut); index += 1) {
        const good = random.unit() < (isUp ? 0.9 : 0.5) ? next() : undefined;
        const frame = good ?? mutator.pick();
        const bytes = random.unit() < (isUp ? 0.1 : 0.4) ? mutator.damageAnything(frame) : mutator.damageBody(frame);
        if (!isUp) sent.push(bytes);
        const parts = pieces(bytes, random);
        const last = parts.pop() as Uint8Array;
        for (const part of parts) {
          conn.say(tail.length === 0 ? part : join(tail, part));
          tail = new Uint8Array(0);
        }
        tail = join(tail, last);
        if (random.unit() < 0.8) {
          conn.say(tail);
          tail = new Uint8Array(0);
        }
        count += 1;
        frames.set(state, (frames.get(state) ?? 0) + 1);
        conn.heard.length = 0;
      }
      conn.say(tail);
      if (!isUp && witness.ups.length > ups) {
        expect({ state, seed, isProved: carriesMac(sent, next()) }).toEqual({ state, seed, isProved: true });
        provedCount += 1;
      } else if (!isUp && witness.toldCount > toldBefore) {
        expect({ state, seed, told: witness.toldCount - toldBefore }).toEqual({ state, seed, told: 0 });
      }
      conn.end();
      done();
      witness.ups.length = 0;
      if (witness.upCount > 0) expect({ state, seed, up: witness.upCount }).toEqual({ state, seed, up: 0 });
      if (baseSize === undefined && count >= FRAMES_FUZZED / 10) baseSize = heapSize();
    }

    const tookMs = performance.now() - startedMs;
    expect(ground.errors).toEqual([]);
    expect(ground.counters.get("link.closed:internal_error")).toBe(0);
    expect(witness.wrongCount).toBe(0);
    for (const state of LINK_STATES) {
      expect({ state, isEnough: (frames.get(state) ?? 0) >= FRAMES_MIN }).toEqual({ state, isEnough: true });
    }
    // Nobody is left over: no link, no timer but the dialer's next attempt, no bytes that wait.
    expect(ground.above.links().length).toBe(0);
    ground.clock.advance(120_000);
    expect(ground.clock.timerCount).toBeLessThanOrEqual(2);
    const growth = heapSize() - (baseSize ?? 0);
    expect({ growth: growth > GROWTH_MAX ? growth : 0 }).toEqual({ growth: 0 });
    // And a good peer is welcome at once.
    const last = reach(ground, "accepting: up");
    expect(ground.above.links().map((link) => String(link.peer.id))).toEqual(["user:101"]);
    last.conn.end();
    const closed = Object.entries(ground.counters.all()).filter(([name]) => name.startsWith("link.closed:"));
    expect(closed.length).toBeGreaterThan(10);
    console.log(
      [
        `fuzz: ${count} mutated frames over ${connCount} conns, seed ${seed}, ${Math.round(count / (tookMs / 1000))} frames/s`,
        `by state: ${[...frames].map(([state, sum]) => `${state} ${sum}`).join(", ")}`,
        `closed: ${closed.map(([name, sum]) => `${name.slice("link.closed:".length)} ${sum}`).join(", ")}`,
        `frames that were still a proof of the key: ${provedCount}; heap grew by ${Math.round(growth / 1024)} KiB`,
      ].join("\n"),
    );
  }, 600_000);
});
