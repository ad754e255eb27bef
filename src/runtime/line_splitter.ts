/**
 * Bytes in, lines out. A line that grows beyond LINE_SIZE_MAX is cut there and goes on as the next one.
 */

const LINE_SIZE_MAX = 64 * 1024;
const LINE_END = 0x0a;

export class LineSplitter {
  readonly #line: (text: string) => void;
  readonly #decoder = new TextDecoder();
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(line: (text: string) => void) {
    this.#line = line;
  }

  /** The chunk is kept until its line is whole. */
  push(chunk: Uint8Array): void {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_END, start);
      this.#add(chunk.subarray(start, end === -1 ? chunk.length : end));
      if (end === -1) return;
      this.#emit();
      start = end + 1;
    }
  }

  /** What is left is a line too. */
  end(): void {
    if (this.#size > 0) this.#emit();
  }

  #add(part: Uint8Array): void {
    let rest = part;
    while (this.#size + rest.length > LINE_SIZE_MAX) {
      const room = LINE_SIZE_MAX - this.#size;
      this.#parts.push(rest.subarray(0, room));
      rest = rest.subarray(room);
      this.#emit();
    }
    if (rest.length === 0) return;
    this.#parts.push(rest);
    this.#size += rest.length;
  }

  #emit(): void {
    let text = "";
    for (const part of this.#parts) text += this.#decoder.decode(part, { stream: true });
    text += this.#decoder.decode();
    this.#parts = [];
    this.#size = 0;
    this.#line(text.endsWith("\r") ? text.slice(0, -1) : text);
  }
}
