/**
 * Ends of links that belong to the life of a healthy cluster, and those that somebody should look at.
 */

import type { CloseReason } from "./link_port.ts";

const QUIET: ReadonlySet<CloseReason> = new Set<CloseReason>(["goodbye", "peer_closed", "replaced", "stopping"]);

export function isQuietEnd(reason: CloseReason): boolean {
  return QUIET.has(reason);
}
