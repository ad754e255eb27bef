/**
 * Writes the test vectors beside this file: `dist/bun test/session/vectors/generate.ts`.
 */

import { writeFileSync } from "node:fs";
import { clientVectors } from "./make_client.ts";

writeFileSync(new URL("client.json", import.meta.url), `${JSON.stringify(clientVectors(), undefined, 2)}\n`);
