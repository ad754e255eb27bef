/**
 * Runs all waiting promise jobs at once, so that a simulated run needs no await and is as fast as its code.
 */

import { drainMicrotasks } from "bun:jsc";

export function drain(): void {
  drainMicrotasks();
}
