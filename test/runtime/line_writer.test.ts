import { describe, expect, test } from "#test";
import { LineWriter } from "../../src/runtime/line_writer.ts";

/** Holds each write until the test lets it go. */
function slowWriter(): {
  writer: LineWriter;
  written: string[];
  now: string[];
  /** Ends the write that is under way, after it took so many bytes; all of them by default. */
  release: (size?: number, error?: Error) => void;
  pending: () => number;
} {
  const written: string[] = [];
  const now: string[] = [];
  let held: { bytes: Uint8Array; done: (error: Error | null, size: number) => void } | undefined;
  const writer = new LineWriter({
    write: (bytes, done) => {
      held = { bytes, done };
    },
    writeNow: (bytes) => now.push(new TextDecoder().decode(bytes)),
    pause: () => now.push("pause"),
    dropped: (count) => `dropped ${count}`,
  });
  return {
    writer,
    written,
    now,
    pending: () => held?.bytes.length ?? 0,
    release: (size, error) => {
      const current = held;
      held = undefined;
      if (current === undefined) return;
      const taken = error === undefined ? (size ?? current.bytes.length) : 0;
      written.push(new TextDecoder().decode(current.bytes.subarray(0, taken)));
      current.done(error ?? null, taken);
    },
  };
}

describe("LineWriter", () => {
  test("writes the first line at once and gathers the others meanwhile", () => {
    const { writer, written, release } = slowWriter();
    writer.line("a");
    writer.line("b");
    writer.line("c");
    release();
    release();
    expect(written).toEqual(["a\n", "b\nc\n"]);
  });

  test("goes on after a partial write", () => {
    const { writer, written, release } = slowWriter();
    writer.line("abcdef");
    release(2);
    release();
    expect(written.join("")).toBe("abcdef\n");
  });

  test("drops what is too much, says how much, and goes on", () => {
    const { writer, written, release } = slowWriter();
    const line = "x".repeat(1024 * 1024);
    for (let count = 0; count < 10; count += 1) writer.line(line);
    release();
    release();
    release();
    const text = written.join("");
    expect(text.split("\n").filter((each) => each === line).length + 6).toBe(10);
    expect(text).toContain("\ndropped 6\n");
    writer.line("after");
    release();
    expect(written.at(-1)).toBe("after\n");
  });

  test("flush waits for what was written before, or for its deadline", async () => {
    const { writer, release } = slowWriter();
    await writer.flush(60_000);
    writer.line("a");
    writer.line("b");
    let isFlushed = false;
    const flushed = writer.flush(60_000).then(() => (isFlushed = true));
    release();
    await Promise.resolve();
    expect(isFlushed).toBe(false);
    release();
    await flushed;
    writer.line("stuck");
    await writer.flush(1);
  });

  test("flushNow writes what waits, once, and what follows at once", () => {
    const { writer, now, pending } = slowWriter();
    writer.line("under way");
    writer.line("last words");
    writer.flushNow();
    writer.flushNow();
    expect(now).toEqual(["pause", "last words\n"]);
    expect(pending()).toBe("under way\n".length);
    writer.line("after that");
    expect(now).toEqual(["pause", "last words\n", "after that\n"]);
  });

  test("gives up a write that nobody reads, and tries the next", () => {
    const { writer, written, release } = slowWriter();
    writer.line("a");
    release(0, Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    writer.line("b");
    release();
    expect(written).toEqual(["", "b\n"]);
  });
});
