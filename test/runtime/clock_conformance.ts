/**
 * What every Clock on real time promises (base/clock.ts), as one suite.
 */

import { describe, expect, test } from "#test";
import type { Clock } from "#base/clock.ts";
import type { Conn, Transport } from "#link/transport.ts";

function busy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

export function clockConformance(
  name: string,
  given: { readonly clock: Clock; readonly transport: () => Transport },
): void {
  const { clock } = given;
  describe(`${name}: conformance`, () => {
    test("never calls a timer before its time", async () => {
      const early: number[] = [];
      await Promise.all(
        [0, 0.4, 1, 1.5, 3.3, 7.9].map((delayMs) => {
          const dueMs = clock.nowMs() + delayMs;
          return new Promise<void>((resolve) => {
            clock.after(delayMs, () => {
              if (clock.nowMs() < dueMs) early.push(delayMs);
              resolve();
            });
          });
        }),
      );
      expect(early).toEqual([]);
    });

    test("does not call a cancelled timer, nor one that is too long for the runtime", async () => {
      const called: string[] = [];
      clock.after(1, () => called.push("cancelled")).cancel();
      const long = clock.after(2 ** 32, () => called.push("long"));
      await new Promise<void>((resolve) => {
        clock.after(10, resolve);
      });
      long.cancel();
      expect(called).toEqual([]);
    });

    test("afterPoll comes after bytes that had arrived while the process stood still", async () => {
      const order: string[] = [];
      const transport = given.transport();
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
          clock.after(0, () => {
            far.write(new Uint8Array(1));
            busy(5);
            clock.afterPoll(() => {
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
        clock.after(0, () => order.push("timer"));
        clock.afterPoll(() => {
          order.push("poll");
          clock.after(1, resolve);
        });
        clock.soon(() => order.push("soon"));
      });
      expect(order[0]).toBe("soon");
      expect(order.toSorted()).toEqual(["poll", "soon", "timer"]);
    });
  });
}
