/**
 * Clock on the real time of the machine.
 */

import type { Clock } from "#base/clock.ts";
import { SystemTimer } from "./system_timer.ts";

export const bunClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, fn) => new SystemTimer(delayMs, fn),
  // One immediate may run before this turn's poll; one that was set inside an immediate runs after it.
  afterPoll: (fn) => {
    setImmediate(() => setImmediate(fn));
  },
  soon: (fn) => queueMicrotask(fn),
};
