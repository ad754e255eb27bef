/**
 * What a process printed, line by line: JSON log lines taken apart, anything else as it is.
 */

export interface LogLine {
  /** Clock of the tests: performance.now() when it was read. */
  readonly atMs: number;
  readonly text: string;
  /** Empty for a line that is no log line. */
  readonly phrase: string;
  readonly level: string;
  readonly node: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export function logLine(text: string): LogLine {
  const plain: LogLine = { atMs: performance.now(), text, phrase: "", level: "", node: "", data: {} };
  if (!text.startsWith("{")) return plain;
  try {
    const parsed = JSON.parse(text) as Partial<LogLine>;
    if (typeof parsed.phrase !== "string" || typeof parsed.data !== "object") return plain;
    return { ...plain, ...parsed, text, atMs: plain.atMs };
  } catch {
    return plain;
  }
}

/** Reads until the stream ends. */
export async function readLines(stream: ReadableStream<Uint8Array>, line: (line: LogLine) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) line(logLine(part));
  }
  if (rest !== "") line(logLine(rest));
}
