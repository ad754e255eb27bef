/**
 * What a house rule reports: where, what was found and what is allowed there.
 */

export interface Finding {
  readonly file: string;
  /** Starts at 1. */
  readonly line: number;
  readonly found: string;
  readonly allowed: string;
}

export function formatFinding(finding: Finding): string {
  const { file, line, found, allowed } = finding;
  return `${file}:${line}: found ${found}; allowed: ${allowed}`;
}

export function byPlace(left: Finding, right: Finding): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  return left.line - right.line;
}
