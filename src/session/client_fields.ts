/**
 * Reads the fields of a packet one after the other and checks each by hand. The first fault is kept and what follows
 * reads as something harmless, so that a decoder is a list of fields and looks at `fault` once, at its end.
 * A fault says place, what was found and what is allowed; text from the wire is described, never repeated.
 */

import { U32_MAX } from "./client_packets.ts";

export class FieldReader {
  readonly #name: string;
  readonly #fields: readonly unknown[];
  #index = 1;
  #fault: string | undefined;

  constructor(name: string, fields: readonly unknown[]) {
    this.#name = name;
    this.#fields = fields;
  }

  /** What is wrong, once all fields were read. */
  get fault(): string | undefined {
    if (this.#fault !== undefined) return this.#fault;
    if (this.#fields.length === this.#index) return undefined;
    return `${this.#name} has ${this.#fields.length} fields, allowed is ${this.#index}`;
  }

  integer(place: string, { min = 0, max = U32_MAX }: { readonly min?: number; readonly max?: number } = {}): number {
    const value = this.any(place);
    if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
    return this.#wrong(place, value, `an integer from ${min} to ${max}`) ?? min;
  }

  integerOrNull(place: string): number | null {
    if (this.#fields[this.#index] !== null) return this.integer(place);
    this.#index += 1;
    return null;
  }

  text(place: string, { min = 1, max }: { readonly min?: number; readonly max: number }): string {
    const value = this.any(place);
    if (typeof value === "string" && value.length >= min && value.length <= max) return value;
    return this.#wrong(place, value, `text of ${min} to ${max} characters`) ?? "";
  }

  boolean(place: string): boolean {
    const value = this.any(place);
    if (typeof value === "boolean") return value;
    return this.#wrong(place, value, "true or false") ?? false;
  }

  booleanOrNull(place: string): boolean | null {
    if (this.#fields[this.#index] !== null) return this.boolean(place);
    this.#index += 1;
    return null;
  }

  /** The fields of an array within, with a place of its own. */
  list(place: string): readonly unknown[] {
    const value = this.any(place);
    if (Array.isArray(value)) return value;
    return this.#wrong(place, value, "an array") ?? [];
  }

  record(place: string): Readonly<Record<string, unknown>> {
    const value = this.any(place);
    if (isRecord(value)) return value;
    return this.#wrong(place, value, "an object") ?? {};
  }

  any(place: string): unknown {
    if (this.#index >= this.#fields.length) {
      this.#fault ??= `${this.#name} has ${this.#fields.length} fields, ${place} is missing`;
    }
    const value = this.#fields[this.#index];
    this.#index += 1;
    return value;
  }

  /** Of a reader for a part of this packet. */
  take(fault: string | undefined): void {
    this.#fault ??= fault;
  }

  #wrong(place: string, value: unknown, allowed: string): undefined {
    this.#fault ??= `${this.#name} has ${describe(value)} as ${place}, allowed is ${allowed}`;
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

/** Numbers as they are; of all else the kind alone, since it may be secret. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  switch (typeof value) {
    case "number":
    case "bigint":
      return String(value);
    case "string":
      return `text of ${value.length} characters`;
    case "boolean":
      return String(value);
    case "undefined":
      return "nothing";
    default:
      return "an object";
  }
}
