/**
 * Ends by a bug of the kind that its argument names, while something is pending at the top level.
 */

import { endOnFaults } from "../../src/runtime/bun_faults.ts";
import { onStopSignals } from "../../src/runtime/bun_signals.ts";
import { descriptorWriter } from "../../src/runtime/line_writer.ts";
import { jsonSink } from "../../src/runtime/log_json.ts";
import { recordLog } from "../../src/runtime/record_log.ts";

const output = descriptorWriter(1, (count) => `dropped ${count}`);
const sink = jsonSink((text) => output.line(text));
const log = recordLog({ node: "test", sink, wallMs: () => Date.now(), least: "info" });
endOnFaults(log, () => output.flushNow());
const kind = process.argv[2];
if (kind === "exception") {
  setTimeout(() => {
    throw new Error("a bug");
  }, 1);
} else if (kind === "rejection") {
  setTimeout(() => void Promise.reject(new Error("a bug")), 1);
} else {
  onStopSignals((signal) => {
    log.info("asked to stop", { signal });
    void output.flush(1_000).then(() => process.exit(0));
  });
  log.info("waiting");
}
setInterval(() => {}, 1_000);
await new Promise(() => {});
