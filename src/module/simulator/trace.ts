/**
 * What a simulated run did: a running hash over everything, so that two runs of one seed can be compared, and the
 * last entries as text, for the report of a failure. Text is made only when it is asked for.
 */

const ENTRIES_MAX = 4096;

interface Entry {
  readonly atMs: number;
  readonly who: string;
  readonly what: string;
  readonly detail: unknown;
}

export class Trace {
  #high = 0x811c9dc5;
  #low = 0x9747b28c;
  readonly #entries: (Entry | undefined)[] = Array.from({ length: ENTRIES_MAX });
  #count = 0;

  /** Sixteen hex digits; equal when everything that was mixed in is equal, in order. */
  get digest(): string {
    return (this.#high >>> 0).toString(16).padStart(8, "0") + (this.#low >>> 0).toString(16).padStart(8, "0");
  }

  /** Entries ever noted. */
  get count(): number {
    return this.#count;
  }

  /** Mixes in a 32-bit integer. */
  mix(value: number): void {
    this.#high = Math.imul(this.#high ^ value, 0x01000193);
    const low = Math.imul(this.#low ^ (value + (this.#high >>> 16)), 0x85ebca6b);
    this.#low = low ^ (low >>> 13);
  }

  mixText(text: string): void {
    let hash = text.length;
    for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    this.mix(hash);
  }

  mixBytes(bytes: Uint8Array): void {
    let hash = bytes.length;
    for (let index = 0; index < bytes.length; index += 1) hash = Math.imul(hash ^ (bytes[index] as number), 0x01000193);
    this.mix(hash);
  }

  /** An entry for people; its time and text are mixed in, `detail` is not (pass only plain data that stays). */
  note(atMs: number, who: string, what: string, detail?: unknown): void {
    this.mix(Math.floor(atMs * 1000));
    this.mixText(who);
    this.mixText(what);
    this.#entries[this.#count % ENTRIES_MAX] = { atMs, who, what, detail };
    this.#count += 1;
  }

  /** The last `count` entries, oldest first. */
  last(count: number): string[] {
    const size = Math.min(count, this.#count, ENTRIES_MAX);
    const out: string[] = [];
    for (let index = this.#count - size; index < this.#count; index += 1) {
      const entry = this.#entries[index % ENTRIES_MAX];
      if (entry !== undefined) out.push(entryText(entry));
    }
    return out;
  }
}

function entryText(entry: Entry): string {
  const detail = entry.detail === undefined ? "" : typeof entry.detail === "string" ? entry.detail : json(entry.detail);
  return `${entry.atMs.toFixed(3).padStart(12)} ${entry.who.padEnd(16)} ${entry.what} ${detail}`.trimEnd();
}

function json(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? `${inner}n` : inner)) ?? "";
}
