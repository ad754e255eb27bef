/**
 * What a run of the benchmarks was asked for: by flags and by the environment.
 */

export interface Setting {
  /** The compiled executable. */
  readonly kuafu: string;
  readonly root: string;
  /** For everything that a part writes; gone after the run. */
  readonly folder: string;
  readonly cellMs: number;
  readonly rounds: number;
  readonly say: (text: string) => void;
}

export const CELL_MS_DEFAULT = 300;
export const ROUNDS_DEFAULT = 7;

/** A positive whole number from the environment; throws when it is something else. */
export function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined || text === "") return otherwise;
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`Cannot run benchmarks: ${name} is "${text}", allowed is a whole number from 1 on`);
}
