/**
 * What a child prints, passed into the log of its supervisor: its own records as they are, other text (a crash,
 * a library that prints) as a record that carries the line.
 */

import { parseRecordLine } from "./log_record.ts";
import type { RecordSink } from "./record_log.ts";

export function relayChildLine(sink: RecordSink, wallMs: () => number): (node: string, text: string) => void {
  return (node, text) => {
    if (text.trim() === "") return;
    const record = parseRecordLine(text);
    sink(record ?? { timeMs: wallMs(), level: "warn", phrase: "output", node, data: { line: text } });
  };
}
