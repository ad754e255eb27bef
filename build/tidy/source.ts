/**
 * A TypeScript source with its comments and texts taken out.
 * `code` has the length and the lines of the text: a comment, the inside of a
 * string or of a regular expression is blank there, so that a search in it
 * finds code only. Not a parser: whether "/" divides or begins a regular
 * expression is judged by what stands before it.
 */

export interface TextToken {
  /** Index of the opening quote, or of the brace before a piece of a template. */
  readonly start: number;
  readonly value: string;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  readonly code: string;
  /** Strings and the literal pieces of templates. */
  readonly strings: readonly TextToken[];
}

export interface Import {
  readonly specifier: string;
  /** `import type`: nothing of it is there when the program runs. */
  readonly isType: boolean;
  readonly line: number;
}

export function readSource(path: string, text: string): Source {
  const scanner = new Scanner(text);
  scanner.scanCode(false);
  return { path, text, code: scanner.code(), strings: scanner.strings };
}

export function lineAt(source: Source, index: number): number {
  let line = 1;
  for (let at = source.text.indexOf("\n"); at !== -1 && at < index;) {
    line += 1;
    at = source.text.indexOf("\n", at + 1);
  }
  return line;
}

/** Static and dynamic imports, re-exports and imports of types alike. */
export function findImports(source: Source): Import[] {
  const imports: Import[] = [];
  for (const { start, value } of source.strings) {
    // The piece of a template after "${from}" begins with its brace.
    if (source.code.charAt(start) === "}") continue;
    const before = source.code.slice(Math.max(0, start - 200), start);
    if (!/(?<![\w$.])(?:from|import|import\s*\(|require\s*\()\s*$/.test(before)) continue;
    const isType = /(?<![\w$.])import\s+type\b[^;]*$/.test(before);
    imports.push({ specifier: value, isType, line: lineAt(source, start) });
  }
  return imports;
}

/** Every match of a global pattern in the code, as the line it is in. */
export function findInCode(source: Source, pattern: RegExp): { readonly match: string; readonly line: number }[] {
  return Array.from(source.code.matchAll(pattern), (found) => ({
    match: found[0].trim(),
    line: lineAt(source, found.index + found[0].search(/\S/)),
  }));
}

const REGEX_AFTER_WORD =
  /(?<![\w$.])(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield|instanceof)$/;
const REGEX_AFTER_SIGN = "([{,;=:!&|?+-*%<>~^";

class Scanner {
  readonly strings: TextToken[] = [];
  readonly #text: string;
  readonly #kept: string[];
  #index = 0;

  constructor(text: string) {
    this.#text = text;
    this.#kept = Array.from({ length: text.length }, (_, index) => (text[index] === "\n" ? "\n" : " "));
  }

  code(): string {
    return this.#kept.join("");
  }

  /** Up to the end, or to the brace that closes a template's `${`. */
  scanCode(insideTemplate: boolean): void {
    let depth = 0;
    while (this.#index < this.#text.length) {
      const sign = this.#text.charAt(this.#index);
      const next = this.#text.charAt(this.#index + 1);
      if (sign === "/" && next === "/") this.#skipTo("\n", 0);
      else if (sign === "/" && next === "*") this.#skipTo("*/", 2);
      else if (sign === '"' || sign === "'") this.#scanString(sign);
      else if (sign === "`") this.#scanTemplate();
      else if (sign === "/" && this.#regexMayStart()) this.#scanRegex();
      else {
        if (sign === "{") depth += 1;
        if (sign === "}" && insideTemplate && depth === 0) return;
        if (sign === "}") depth -= 1;
        this.#keep();
      }
    }
  }

  #keep(): void {
    this.#kept[this.#index] = this.#text.charAt(this.#index);
    this.#index += 1;
  }

  #skipTo(end: string, extra: number): void {
    const at = this.#text.indexOf(end, this.#index + extra);
    this.#index = at === -1 ? this.#text.length : at + extra;
  }

  #scanString(quote: string): void {
    const start = this.#index;
    this.#keep();
    while (this.#index < this.#text.length) {
      const sign = this.#text.charAt(this.#index);
      if (sign === quote || sign === "\n") break;
      this.#index += sign === "\\" ? 2 : 1;
    }
    this.strings.push({
      start,
      value: this.#text.slice(start + 1, this.#index),
    });
    if (this.#index < this.#text.length) this.#keep();
  }

  #scanTemplate(): void {
    let start = this.#index;
    this.#keep();
    while (this.#index < this.#text.length) {
      const sign = this.#text.charAt(this.#index);
      if (sign === "\\") {
        this.#index += 2;
      } else if (sign === "`") {
        break;
      } else if (sign === "$" && this.#text.charAt(this.#index + 1) === "{") {
        this.#pushPiece(start);
        this.#keep();
        this.#keep();
        this.scanCode(true);
        start = this.#index;
        if (this.#index < this.#text.length) this.#keep();
      } else {
        this.#index += 1;
      }
    }
    this.#pushPiece(start);
    if (this.#index < this.#text.length) this.#keep();
  }

  #pushPiece(start: number): void {
    const value = this.#text.slice(start + 1, this.#index);
    this.strings.push({ start, value });
  }

  #regexMayStart(): boolean {
    const from = Math.max(0, this.#index - 100);
    const before = this.#kept.slice(from, this.#index).join("").trimEnd();
    if (before === "") return true;
    if (REGEX_AFTER_SIGN.includes(before.slice(-1))) return true;
    return REGEX_AFTER_WORD.test(before);
  }

  #scanRegex(): void {
    let inClass = false;
    this.#keep();
    while (this.#index < this.#text.length) {
      const sign = this.#text.charAt(this.#index);
      if (sign === "\n" || (sign === "/" && !inClass)) break;
      if (sign === "[") inClass = true;
      if (sign === "]") inClass = false;
      this.#index += sign === "\\" ? 2 : 1;
    }
    if (this.#index < this.#text.length) this.#keep();
  }
}
