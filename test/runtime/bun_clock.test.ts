import { describe, expect, test } from "#test";
import { bunClock } from "../../src/runtime/bun_clock.ts";
import { BunTransport } from "../../src/runtime/bun_transport.ts";
import type { Conn } from "../../src/link/transport.ts";

function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe("bunClock", () => {
  test("never calls a timer before its time", async () => {
    const early: number[] = [];
    await Promise.all(
      [0, 0.4, 1, 1.5, 3.3, 7.9].map((delayMs) => {
        const dueMs = bunClock.nowMs() + delayMs;
        return new Promise<void>((resolve) => {
          bunClock.after(delayMs, () => {
            if (bunClock.nowMs() < dueMs) early.push(delayMs);
            resolve();
          });
        });
      }),
    );
    expect(early).toEqual([]);
  });

  test("does not call a cancelled timer, nor one that is too long for the runtime", async () => {
    const called: string[] = [];
    bunClock.after(1, () => called.push("cancelled")).cancel();
    const long = bunClock.after(2 ** 32, () => called.push("long"));
    await new Promise<void>((resolve) => {
      bunClock.after(10, resolve);
    });
    long.cancel();
    expect(called).toEqual([]);
  });

  test("afterPoll comes after bytes that had arrived while the process stood still", async () => {
    const order: string[] = [];
    const transport = new BunTransport({ connsMax: 10 });
    const accepted = Promise.withResolvers<Conn>();
    const handler = { data: () => order.push("data"), drained: () => {}, ended: () => {}, closed: () => {} };
    const listener = transport.listen({ host: "127.0.0.1", port: 0 }, (conn) => {
      accepted.resolve(conn);
      return handler;
    });
    const opened = Promise.withResolvers<Conn>();
    transport.dial(listener.address, {
      opened: (conn) => {
        opened.resolve(conn);
        return handler;
      },
      failed: (reason) => opened.reject(new Error(reason)),
    });
    const [far, near] = await Promise.all([accepted.promise, opened.promise]);
    const rounds = 5;
    for (let round = 0; round < rounds; round += 1) {
      await new Promise<void>((resolve) => {
        bunClock.after(0, () => {
          far.write(new Uint8Array(1));
          busy(5);
          bunClock.afterPoll(() => {
            order.push("polled");
            resolve();
          });
        });
      });
    }
    expect(order).toEqual(Array.from({ length: rounds }, () => ["data", "polled"]).flat());
    listener.close();
    near.terminate();
    far.terminate();
  });

  test("soon comes before timers, immediates and promises' later turns", async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      bunClock.after(0, () => order.push("timer"));
      bunClock.afterPoll(() => {
        order.push("poll");
        bunClock.after(1, resolve);
      });
      bunClock.soon(() => order.push("soon"));
    });
    expect(order[0]).toBe("soon");
    expect(order.toSorted()).toEqual(["poll", "soon", "timer"]);
  });
});
