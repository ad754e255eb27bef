import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { AttachedNews } from "#mesh/attached_news.ts";
import { SIM_DIGEST } from "#module/simulator/sim_digest.ts";
import { decodeApplied } from "#sync/applied.ts";
import { Sync } from "#sync/sync.ts";
import { hashOf } from "#sync/version.ts";
import { FakeClock, FakeLink, node } from "./harness.ts";

const INTERVAL_MS = 1000;

/** A shard gateway with a cross gateway above it, which offers it an activity. */
function setUp() {
  const self = node("gateway:1");
  const clock = new FakeClock();
  const accepted: (() => void)[] = [];
  const sync = new Sync({
    self,
    digest: SIM_DIGEST,
    wallMs: () => clock.wallMs(),
    counters: new Counters(),
    events: {
      accepted: () => {
        for (const tell of accepted) tell();
      },
      dropped: () => undefined,
      reported: () => undefined,
      routeChanged: () => undefined,
    },
  });
  const news = new AttachedNews({ self, clock, sync, intervalMs: INTERVAL_MS });
  accepted.push(() => news.ownChanged());
  const above = new FakeLink("cross_gateway:1", "above");
  sync.linkUp(above);
  /** The digests that it has told of itself since it was asked last, as far as they are not 0. */
  const told = (): bigint[] => {
    const out: bigint[] = [];
    for (let message = sync.next(above); message !== undefined; message = sync.next(above)) {
      if (message.kind !== "route" || !message.topic.startsWith("applied/")) continue;
      const digest = decodeApplied(message.bytes)?.digest ?? 0n;
      if (digest !== 0n) out.push(digest);
    }
    return out;
  };
  return {
    clock,
    sync,
    news,
    told,
    offer: (revision: number) => {
      const bytes = new Uint8Array([revision]);
      const version = { epoch: 1, revision, hash: hashOf(SIM_DIGEST, bytes) };
      const snapshot = { topic: "activity/cross_center:1/boss", version, tombstone: false, bytes };
      sync.receive(above, { kind: "snapshot", snapshot });
    },
  };
}

describe("AttachedNews", () => {
  test("tells what the gateway has applied itself a moment after a change, once for changes that come together", () => {
    const { clock, sync, told, offer } = setUp();
    clock.advance(5 * INTERVAL_MS + 500);
    expect(told()).toEqual([]);
    offer(1);
    offer(2);
    expect(told()).toEqual([]);
    clock.advance(INTERVAL_MS / 4 - 1);
    expect(told()).toEqual([]);
    clock.advance(1);
    expect(told()).toEqual([sync.appliedDigest()]);
    clock.advance(5 * INTERVAL_MS);
    expect(told()).toEqual([]);
  });

  test("tells a later change within an interval and a quarter of it, and nothing after it was stopped", () => {
    const { clock, sync, news, told, offer } = setUp();
    clock.advance(500);
    offer(1);
    clock.advance(INTERVAL_MS / 4);
    expect(told().length).toBe(1);
    offer(2);
    clock.advance(INTERVAL_MS + INTERVAL_MS / 4);
    expect(told()).toEqual([sync.appliedDigest()]);
    offer(3);
    news.stop();
    clock.advance(5 * INTERVAL_MS);
    expect(told()).toEqual([]);
  });
});
