/**
 * Log as one JSON object per line, for services.
 */

import { type LogRecord, recordLine } from "./log_record.ts";
import type { RecordSink } from "./record_log.ts";

export function jsonSink(line: (text: string) => void): RecordSink {
  return (record: LogRecord) => line(recordLine(record));
}
