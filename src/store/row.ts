/**
 * Typed reading of a row's columns. A value of another type means that somebody else wrote the database, or that it
 * is damaged: StoreError `corrupt`, never a wrong value that travels on.
 */

import type { Row } from "./store.ts";
import { StoreError } from "./store.ts";

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== "string") throw mismatch(row, column, "text");
  return value;
}

/** An integer that is safe as a number. */
export function integerOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw mismatch(row, column, "a safe integer");
  return value;
}

/** Any finite number, from a column of DOUBLE PRECISION. */
export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number" || !Number.isFinite(value)) throw mismatch(row, column, "a finite number");
  return value;
}

export function bytesOf(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof Uint8Array)) throw mismatch(row, column, "bytes");
  return value;
}

function mismatch(row: Row, column: string, wanted: string): StoreError {
  const found = Object.hasOwn(row, column) ? typeof row[column] : "no such column";
  return new StoreError("corrupt", `Cannot read column ${column}: ${found}, it should be ${wanted}`);
}
