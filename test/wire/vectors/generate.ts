/**
 * Writes the test vectors beside this file: `dist/bun test/wire/vectors/generate.ts`.
 */

import { writeFileSync } from "node:fs";
import { makeVectors } from "./make.ts";

for (const [file, content] of Object.entries(makeVectors())) {
  writeFileSync(new URL(file, import.meta.url), `${JSON.stringify(content, undefined, 2)}\n`);
}
