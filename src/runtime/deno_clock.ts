/**
 * Clock on the real time of the machine, on Deno.
 */

import { setImmediate } from "node:timers";
import type { Clock } from "#base/clock.ts";
import { SystemTimer } from "./system_timer.ts";

export const denoClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs, fn) => new SystemTimer(delayMs, fn),
  // Immediates do not wait for I/O on Deno, however many follow each other; a timer fires in a later turn, and a turn
  // polls first. The first may be of the turn that is under way; the immediate lets what was read be told before.
  afterPoll: (fn) => {
    setTimeout(() => setTimeout(() => setImmediate(fn), 0), 0);
  },
  soon: (fn) => queueMicrotask(fn),
};
