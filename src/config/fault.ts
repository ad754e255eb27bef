/**
 * What is wrong with something that a person wrote: a config file, a key file, the command line. Always the same
 * four things, so that every refusal reads alike: where, at which place in it, what stands there, what may.
 */

export interface Fault {
  /** The file, or "kuafu" for the command line. */
  readonly file: string;
  /** e.g. `node[2].listen`, `--role`; empty when it is the whole file. */
  readonly place: string;
  /** What stands there, for people; never a secret. */
  readonly found: string;
  readonly allowed: string;
}

const SHOWN_MAX = 80;

/** One line: `examples/demo.toml: node[2].listen: found "127.0.0.1:7001", used by node[0] already; allowed: …`. */
export function faultText(fault: Fault): string {
  const place = fault.place === "" ? "" : `${fault.place}: `;
  return `${fault.file}: ${place}found ${fault.found}; allowed: ${fault.allowed}`;
}

/** A value as it would stand in the file, shortened. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}

/** `a, b or c`. */
export function anyOf(names: readonly string[]): string {
  if (names.length < 2) return names[0] ?? "nothing";
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1) ?? ""}`;
}
