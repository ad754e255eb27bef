/**
 * Splits the command line into tokens by node:util. Judges nothing: cli.ts does.
 */

import { parseArgs } from "node:util";
import { type ArgvToken, FLAGS } from "../cli.ts";

export function splitArgv(args: readonly string[]): ArgvToken[] {
  const options: Record<string, { type: "string" | "boolean"; multiple: true }> = {};
  for (const [name, { takes }] of Object.entries(FLAGS)) {
    options[name] = { type: takes === undefined ? "boolean" : "string", multiple: true };
  }
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  return tokens.flatMap((token): ArgvToken[] => {
    if (token.kind === "option") {
      return [{ kind: "flag", name: token.name, raw: token.rawName, value: token.value }];
    }
    return token.kind === "positional" ? [{ kind: "word", value: token.value }] : [];
  });
}
