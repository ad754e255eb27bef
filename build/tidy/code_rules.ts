/**
 * Names and constructs that a source may not contain.
 * Outside src/runtime/ and the mains nothing names a runtime, a clock, a timer
 * or chance: those are arguments, which is what makes simulation possible.
 */

import type { Finding } from "./finding.ts";
import { findImports, findInCode, type Source } from "./source.ts";

interface Pattern {
  readonly pattern: RegExp;
  readonly allowed: string;
}

const ARGUMENT = "an argument (src/runtime/ and src/main*.ts alone name a runtime)";

/** Not after a dot or "#": a method of that name on something else is fine. */
const RUNTIME_NAMES: readonly Pattern[] = [
  String.raw`Bun\b`,
  String.raw`Deno\b`,
  String.raw`globalThis\b`,
  String.raw`console\s*(?:\?\.|\.|\[)`,
  String.raw`Date\s*\.\s*now\b`,
  String.raw`new\s+Date\s*(?:\(\s*\)|(?![\w$(]))`,
  String.raw`setTimeout\b`,
  String.raw`setInterval\b`,
  String.raw`setImmediate\b`,
  String.raw`Math\s*\.\s*random\b`,
  String.raw`crypto\s*\.\s*(?:subtle|getRandomValues|randomUUID)\b`,
  String.raw`performance\s*\.\s*(?:now|timeOrigin)\b`,
  String.raw`WebSocket\b`,
].map(runtimeName);

/** The player's client runs where there is no src/runtime/: these files bring what browsers, Bun and Deno have in common. */
const WEB_NAMES: Readonly<Record<string, RegExp>> = {
  "src/client/web_socket.ts": /^WebSocket$/,
  "src/client/web_clock.ts": /^(?:setTimeout|Math\.random|performance\.now)$/,
};

const PROCESS = runtimeName(String.raw`process\s*(?:\?\.|\.|\[)`);

/** A simulated process may be called one: the name is the file's own then. */
const OWN_PROCESS =
  /\b(?:const|let)\s+(?:process\b|\{[^}]*\bprocess\b)|[(,]\s*process\s*:\s*[A-Z]|(?:\(\s*process\s*\)|\bprocess)\s*=>/;

const CONSTRUCTS: readonly Pattern[] = [
  {
    pattern: /(?<![\w$.#])(?:const\s+)?enum\s+[A-Za-z_$]/g,
    allowed: "a const object with a union type",
  },
  {
    pattern: /^[ \t]*(?:export\s+|declare\s+)*(?:namespace|module)\s+[\w.]+\s*\{/gm,
    allowed: "a file",
  },
  { pattern: /^[ \t]*@[A-Za-z_$][\w$]*/gm, allowed: "a function call" },
  {
    pattern: /(?:(?<=[:<|&[(]\s*)|(?<=\b(?:as|extends|satisfies|is)\s+)|(?<==>?\s*))any\b(?!\s*[(:.=])/g,
    allowed: "unknown, or the type",
  },
  {
    pattern: /(?<![\w$.#])export\s*\*/g,
    allowed: "an explicit list of names",
  },
];

const DEFAULT_EXPORT = /(?<![\w$.#])export\s+default\b|\bas\s+default\b/g;
/** `deno serve` asks the default export of this file. */
const SERVE_ENTRY = "src/main_deno_serve.ts";
const FOCUS = /(?<![\w$.#])(?:test|it|describe)\s*\.\s*(?:only|skip|todo|failing)\b/g;

function runtimeName(name: string): Pattern {
  return { pattern: new RegExp(String.raw`(?<![\w$.#])${name}`, "g"), allowed: ARGUMENT };
}

export function checkCode(source: Source): Finding[] {
  const { path } = source;
  const patterns = [...CONSTRUCTS];
  if (isPlain(path)) patterns.push(...RUNTIME_NAMES);
  if (isPlain(path) && !OWN_PROCESS.test(source.code)) patterns.push(PROCESS);
  if (!isTeamModule(path) && path !== SERVE_ENTRY) {
    patterns.push({ pattern: DEFAULT_EXPORT, allowed: "a named export" });
  }
  if (path.startsWith("test/")) {
    patterns.push({ pattern: FOCUS, allowed: "a test that runs" });
  }
  return [
    ...patterns.flatMap(({ pattern, allowed }) =>
      findInCode(source, pattern)
        .filter(({ match }) => allowed !== ARGUMENT || WEB_NAMES[path]?.test(match) !== true)
        .map(({ match, line }) => ({
          file: path,
          line,
          found: `"${match}"`,
          allowed,
        })),
    ),
    ...checkParameterProperties(source),
    ...checkRuntimeImports(source),
  ];
}

function isPlain(path: string): boolean {
  if (!path.startsWith("src/")) return false;
  return !path.startsWith("src/runtime/") && !/^src\/main\w*\.ts$/.test(path);
}

/** A team's module file hands its module over as the default export. */
function isTeamModule(path: string): boolean {
  return path.startsWith("examples/") || path.startsWith("test/cluster/modules/");
}

function checkRuntimeImports(source: Source): Finding[] {
  if (!isPlain(source.path)) return [];
  return findImports(source)
    .filter(({ specifier }) => /^(?:bun$|bun:|node:)/.test(specifier))
    .map(({ specifier, line }) => ({
      file: source.path,
      line,
      found: `"${specifier}"`,
      allowed: ARGUMENT,
    }));
}

function checkParameterProperties(source: Source): Finding[] {
  const findings: Finding[] = [];
  for (const found of source.code.matchAll(/(?<![\w$.#])constructor\s*\(/g)) {
    const start = found.index + found[0].length;
    let depth = 1;
    let parameter = "";
    for (let index = start; depth > 0; index += 1) {
      const sign = source.code.charAt(index);
      if (sign === "") break;
      if ("([{<".includes(sign)) depth += 1;
      if (")]}".includes(sign)) depth -= 1;
      if (sign === ">" && source.code.charAt(index - 1) !== "=") depth -= 1;
      if (depth > 1 || (depth === 1 && sign !== ",")) {
        parameter += sign;
        continue;
      }
      const modifier = /^\s*(public|private|protected|readonly|override)\s+[\w$]/.exec(parameter)?.[1];
      if (modifier !== undefined) {
        const before = source.code.slice(0, index - parameter.length);
        const lead = parameter.length - parameter.trimStart().length;
        const line = before.split("\n").length + parameter.slice(0, lead).split("\n").length - 1;
        findings.push({
          file: source.path,
          line,
          found: `parameter property "${modifier}"`,
          allowed: "a field that the constructor assigns",
        });
      }
      parameter = "";
    }
  }
  return findings;
}
