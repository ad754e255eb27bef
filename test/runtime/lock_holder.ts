/**
 * Takes the lock of the folder that is its argument, says what came of it and keeps it until it is killed.
 */

import { acquireDataLock } from "../../src/runtime/data_lock.ts";

const result = acquireDataLock(process.argv[2] ?? "");
process.stdout.write(`${result.kind}\n`);
if (result.kind === "held") {
  // Both the timer and the lock live as long as the process.
  setInterval(() => result.kind, 1_000);
}
