/**
 * What a browser loads for the players' client: small, and nothing of servers or of a runtime.
 */

import { describe, expect, test } from "#test";
import { bundleForBrowser } from "./harness/browser_bundle.ts";

const SIZE_COMPRESSED_MAX = 24 * 1024;
/** With a contract of a team, whose schemas a caller's types come from. */
const SIZE_COMPRESSED_MAX_WITH_CONTRACT = 32 * 1024;

const CLIENT = [
  /^src\/client\//,
  /^src\/session\/client_/,
  /^src\/wire\/(?:body|bytes|call_error|header|limits|plain_value|role)\.ts$/,
  /^src\/base\//,
  /^node_modules\/msgpackr\//,
];
const CONTRACT = [
  /^src\/rpc\/contract\.ts$/,
  /^src\/activity\/term\.ts$/,
  /^src\/module\/module\.ts$/,
  /^node_modules\/valibot\//,
  /^test\/browser\/harness\/page_player\.ts$/,
  /^test\/cluster\/modules\/strongbox\.ts$/,
];
const RUNTIMES = /\bnode:|\bbun:|\bBun\b|\bDeno\b|\bprocess\b|\brequire\(/g;

function strangers(files: readonly string[], allowed: readonly RegExp[]): readonly string[] {
  return files.filter((file) => !allowed.some((pattern) => pattern.test(file)));
}

describe("What a browser loads", () => {
  test("the client alone: its codec and nothing else, no name of a runtime, and it stays small", async () => {
    const { text, sizeCompressed, files } = await bundleForBrowser("src/client/client.ts");
    console.log(`      the client: ${text.length} bytes, ${sizeCompressed} compressed, from ${files.length} files`);
    expect(strangers(files, CLIENT)).toEqual([]);
    expect(files).toContain("src/client/client_state.ts");
    expect(text.match(RUNTIMES) ?? []).toEqual([]);
    expect(sizeCompressed).toBeLessThan(SIZE_COMPRESSED_MAX);
  });

  test("with a contract from a module's own file: its schemas, and no server behind them", async () => {
    const { text, sizeCompressed, files } = await bundleForBrowser("test/browser/harness/page_player.ts");
    console.log(
      `      with a contract: ${text.length} bytes, ${sizeCompressed} compressed, from ${files.length} files`,
    );
    expect(strangers(files, [...CLIENT, ...CONTRACT])).toEqual([]);
    expect(files).toContain("test/cluster/modules/strongbox.ts");
    expect(text.match(RUNTIMES) ?? []).toEqual([]);
    expect(sizeCompressed).toBeLessThan(SIZE_COMPRESSED_MAX_WITH_CONTRACT);
  });
});
