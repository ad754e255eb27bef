import { describe, expect, test } from "#test";
import { ListenError } from "#link/transport.ts";
import { Recorder, adopt, connected, makeWorld, pattern } from "./recorder.ts";

/** Writes all of it, as a link does: what was not taken goes out when there is room. */
function writeAll(from: Recorder, bytes: Uint8Array): { readonly partial: number } {
  const count = { partial: 0 };
  let at = 0;
  const push = (): void => {
    while (at < bytes.length) {
      const taken = from.conn?.write(bytes.subarray(at)) ?? -1;
      if (taken < 0) return;
      at += taken;
      if (at < bytes.length) {
        count.partial += 1;
        return;
      }
    }
  };
  from.drained = push;
  push();
  return count;
}

describe("SimNetwork", () => {
  test("keeps the order of bytes through partial writes, full buffers and any cut into chunks", () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const { world, a, b } = connected({ seed, network: { bufferSizeMin: 100, bufferSizeMax: 3000 } });
      const sent = pattern(20_000);
      const count = writeAll(a, sent);
      expect(world.runUntil(() => b.bytes.length === sent.length, 60_000)).toBe(true);
      expect(b.bytes).toEqual([...sent]);
      expect(count.partial).toBeGreaterThan(5);
    }
  });

  test("takes nothing once the buffer is full, and says when there is room", () => {
    const { world, a, b } = connected({ network: { bufferSizeMin: 1000, bufferSizeMax: 1000 } });
    b.conn?.pause();
    let taken = 0;
    for (let round = 0; round < 50; round += 1) {
      taken += a.conn?.write(pattern(100)) ?? 0;
      world.run(10);
    }
    expect(taken).toBe(1000);
    expect(a.conn?.write(pattern(1))).toBe(0);
    expect(b.bytes.length).toBe(0);
    a.events.length = 0;
    b.conn?.resume();
    world.run(100);
    expect(b.bytes.length).toBe(1000);
    expect(a.events).toEqual(["drained"]);
  });

  test("delivers not before the latency, and in order although each segment has its own jitter", () => {
    const { world, a, b } = connected({ network: { latencyMinMs: 30, latencyMaxMs: 40, jitterMaxMs: 25 } });
    const startMs = world.nowMs;
    for (let index = 0; index < 50; index += 1) {
      a.conn?.write(pattern(1, index));
      world.run(1);
    }
    world.run(1000);
    expect(b.bytes).toEqual([...pattern(50)]);
    for (const [index, atMs] of b.atMs.entries()) expect(atMs - (startMs + index)).toBeGreaterThanOrEqual(30);
    expect(Math.max(...b.atMs) - startMs).toBeLessThan(50 + 40 + 25);
  });

  test("a cut swallows bytes without a word and brings them late when it heals", () => {
    const { world, network, a, b } = connected();
    network.cut("a", "b");
    a.conn?.write(pattern(10));
    world.run(20_000);
    expect(b.bytes).toEqual([]);
    expect([...a.events, ...b.events]).toEqual([]);
    network.heal("a", "b");
    world.run(7000);
    expect(b.bytes).toEqual([...pattern(10)]);
  });

  test("a one-way cut stops one way; the other goes on until its acknowledgements are missed", () => {
    const { world, network, a, b } = connected({ network: { bufferSizeMin: 500, bufferSizeMax: 500 } });
    network.cut("b", "a");
    b.conn?.write(pattern(10));
    writeAll(a, pattern(2000));
    world.run(5000);
    expect(a.bytes).toEqual([]);
    expect(b.bytes.length).toBe(500);
    network.heal("b", "a");
    world.run(10_000);
    expect(a.bytes).toEqual([...pattern(10)]);
    expect(b.bytes).toEqual([...pattern(2000)]);
  });

  test("shutdown ends one way after its bytes; both ways close the conn at both ends", () => {
    const { world, a, b } = connected();
    a.conn?.write(pattern(100));
    a.conn?.shutdown();
    world.run(100);
    expect(b.bytes.length).toBe(100);
    expect(b.events).toEqual(["ended"]);
    b.conn?.write(pattern(5));
    b.conn?.shutdown();
    world.run(100);
    expect(a.bytes).toEqual([...pattern(5)]);
    expect(a.events).toEqual(["ended", "closed ended"]);
    expect(b.events).toEqual(["ended", "closed ended"]);
    expect(a.conn?.write(pattern(1))).toBe(-1);
  });

  test("terminate closes at once here and later there", () => {
    const { world, a, b } = connected({ network: { latencyMinMs: 20, latencyMaxMs: 20 } });
    a.conn?.terminate();
    expect(a.events).toEqual(["closed terminated"]);
    expect(b.events).toEqual([]);
    world.run(100);
    expect(b.events).toEqual(["closed reset"]);
    a.conn?.terminate();
    expect(a.events).toEqual(["closed terminated"]);
  });

  test("a killed process shows as a reset or an end", () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed += 1) {
      const { world, network, a, b } = connected({ seed });
      network.kill(world.host("a"));
      world.run(100);
      seen.add(b.events.join());
      b.conn?.write(pattern(1));
      world.run(100);
      expect(b.events.at(-1)).toBe("closed reset");
      expect(a.events).toEqual([]);
    }
    expect([...seen].toSorted()).toEqual(["closed reset", "ended"]);
  });

  test("a dark machine says nothing until its kernel is back and is written to", () => {
    const { world, network, b } = connected();
    const host = world.host("a");
    network.powerOff(host);
    b.conn?.write(pattern(10));
    world.run(60_000);
    expect(b.events).toEqual([]);
    network.powerOn(host);
    world.run(10_000);
    expect(b.events).toEqual(["closed reset"]);
  });

  test("an end that hears nothing of a reset stays open as long as it writes nothing", () => {
    const { world, network, a, b } = connected();
    network.cut("a", "b");
    a.conn?.terminate();
    world.run(100);
    network.heal("a", "b");
    world.run(10_000);
    expect(b.events).toEqual([]);
    b.conn?.write(pattern(1));
    world.run(100);
    expect(b.events).toEqual(["closed reset"]);
  });

  test("a dial is refused where nobody listens, waits where nothing answers, and gives up in the end", () => {
    const { world, network } = makeWorld();
    const a = network.transport(world.host("a").start());
    world.host("b").start();
    const refused = new Recorder(world);
    a.dial({ host: "b", port: 9 }, adopt(refused));
    world.run(100);
    expect(refused.events).toEqual(["failed refused"]);

    network.powerOff(world.host("b"));
    const waiting = new Recorder(world);
    const cancelled = new Recorder(world);
    a.dial({ host: "b", port: 9 }, adopt(waiting));
    a.dial({ host: "b", port: 9 }, adopt(cancelled)).cancel();
    world.run(60_000);
    expect(waiting.events).toEqual([]);
    world.run(70_000);
    expect(waiting.events).toEqual(["failed timed out"]);
    expect(cancelled.events).toEqual([]);
  });

  test("a dial that opens after it was cancelled is terminated", () => {
    const { world, network } = makeWorld({ network: { latencyMinMs: 10, latencyMaxMs: 10, jitterMaxMs: 0 } });
    const b = new Recorder(world);
    network.transport(world.host("b").start()).listen({ host: "b", port: 7 }, (conn) => {
      b.conn = conn;
      return b;
    });
    const a = new Recorder(world);
    const attempt = network.transport(world.host("a").start()).dial({ host: "b", port: 7 }, adopt(a));
    world.run(15);
    expect(b.conn === undefined).toBe(false);
    attempt.cancel();
    world.run(100);
    expect(a.conn).toBeUndefined();
    expect(b.events).toEqual(["closed reset"]);
  });

  test("a frozen process has its conns accepted by the kernel and hears of them after the thaw", () => {
    const { world, network } = makeWorld();
    const server = world.host("b").start();
    const b = new Recorder(world);
    network.transport(server).listen({ host: "b", port: 7 }, (conn) => {
      b.conn = conn;
      return b;
    });
    server.freeze();
    const a = new Recorder(world);
    network.transport(world.host("a").start()).dial({ host: "b", port: 7 }, adopt(a));
    world.run(1000);
    expect(a.conn === undefined).toBe(false);
    expect(b.conn).toBeUndefined();
    a.conn?.write(pattern(10));
    world.run(1000);
    server.thaw();
    world.run(1);
    expect(b.bytes).toEqual([...pattern(10)]);
  });

  test("gives a free port for port 0 and refuses one that is taken or not its own", () => {
    const { world, network } = makeWorld();
    const transport = network.transport(world.host("b").start());
    const handler = (): Recorder => new Recorder(world);
    const first = transport.listen({ host: "b", port: 0 }, handler);
    const second = transport.listen({ host: "b", port: 0 }, handler);
    expect(first.address.port).not.toBe(second.address.port);
    expect(() => transport.listen(first.address, handler)).toThrow(ListenError);
    expect(() => transport.listen({ host: "c", port: 7 }, handler)).toThrow(ListenError);
    first.close();
    expect(transport.listen(first.address, handler).address).toEqual(first.address);
  });

  test("a restarted process can listen where the one before did", () => {
    const { world, network } = connected();
    network.kill(world.host("b"));
    const again = network.transport(world.host("b").start());
    expect(again.listen({ host: "b", port: 7 }, () => new Recorder(world)).address.port).toBe(7);
  });

  test("a slow reader reads nothing while it writes on", () => {
    const { world, network, a, b } = connected();
    network.setSlow("b", true);
    a.conn?.write(pattern(10));
    b.conn?.write(pattern(20));
    world.run(1000);
    expect(b.bytes.length).toBe(0);
    expect(a.bytes.length).toBe(20);
    network.setSlow("b", false);
    world.run(100);
    expect(b.bytes.length).toBe(10);
  });

  test("a reset between two machines reaches both ends, a storm a share of all ends", () => {
    const { world, network, a, b } = connected();
    expect(network.reset("b", "a")).toBe(2);
    expect([a.events, b.events]).toEqual([["closed reset"], ["closed reset"]]);
    expect(network.reset("a", "b")).toBe(0);
    const again = connected();
    expect(again.network.resetStorm(1)).toBe(2);
    again.world.run(10);
    expect(again.network.resetStorm(1)).toBe(0);
    expect(world.nowMs).toBeGreaterThan(0);
  });
});
