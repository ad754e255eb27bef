/**
 * Reads the JUnit report that `bun test` writes.
 * Covers what Bun emits and no more: nested suites, attributes in double
 * quotes, and failure, error or skipped inside a case.
 */

export interface TestCase {
  readonly file: string;
  /** The names of its groups and its own, joined with " > ". */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly message: string;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const CASE = /<testcase\b((?:\s+[\w:-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/testcase>)/g;
const FAILURE = /<(?:failure|error)\b((?:\s+[\w:-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/;

export function parseJunit(xml: string): TestCase[] {
  return Array.from(xml.matchAll(CASE), ([, attributes = "", body = ""]) => {
    const group = attribute(attributes, "classname");
    const name = attribute(attributes, "name");
    const failure = FAILURE.exec(body);
    const isSkipped = /<skipped\b/.test(body);
    return {
      file: attribute(attributes, "file"),
      name: group === "" ? name : `${group} > ${name}`,
      outcome: failure !== null ? "failed" : isSkipped ? "skipped" : "passed",
      message: failure === null ? "" : failureText(failure),
    };
  });
}

export function countCases(cases: readonly TestCase[]): Counts {
  const count = (outcome: TestCase["outcome"]) => cases.filter((found) => found.outcome === outcome).length;
  return {
    passed: count("passed"),
    failed: count("failed"),
    skipped: count("skipped"),
  };
}

export function addCounts(left: Counts, right: Counts): Counts {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

/** The line that ends the output of the test command. */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  const line = `${passed} passed, ${failed} failed`;
  return skipped === 0 ? line : `${line}, ${skipped} skipped`;
}

function failureText([, attributes = "", body = ""]: RegExpExecArray): string {
  const text = decode(body).trim();
  if (text !== "") return text;
  const type = attribute(attributes, "type");
  const message = attribute(attributes, "message");
  return [type, message].filter((part) => part !== "").join(": ");
}

function attribute(attributes: string, name: string): string {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes);
  return decode(found?.[1] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function decode(text: string): string {
  return text
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, inner: string) => inner.replaceAll("&", "&amp;"))
    .replace(/&(#x?[0-9a-fA-F]+|\w+);/g, (whole, name: string) => {
      if (!name.startsWith("#")) return ENTITIES[name] ?? whole;
      const isHex = name.charAt(1) === "x";
      const code = Number.parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10);
      return String.fromCodePoint(code);
    });
}
