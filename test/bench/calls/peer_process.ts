/**
 * One end of a peer: loads its script from the folder where its packages are installed.
 *
 *   peer_process.ts SCRIPT server|client PORT
 */

import { answers } from "../answers.ts";
import type { Cell } from "./load.ts";
import { runLoad } from "./load.ts";

interface PeerScript {
  /** Resolves with the call, on the client. */
  start(role: string, port: string): Promise<((body: Uint8Array) => Promise<unknown>) | undefined>;
}

const [script, role, port] = process.argv.slice(2) as [string, string, string];
const peer = (await import(script)) as PeerScript;
const call = await peer.start(role, port);

answers<{ readonly cell?: Cell }>(({ cell }) => {
  if (call === undefined || cell === undefined) return {};
  const body = new Uint8Array(cell.size).fill(7);
  return runLoad(() => call(body), cell);
});
