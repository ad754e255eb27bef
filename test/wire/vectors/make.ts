/**
 * Makes the test vectors of the wire protocol: file name -> content. `generate.ts` writes them, a test compares
 * them with the files that are committed. The files are the specification; this is how they came about.
 */

import { messageBodyVectors } from "./make_body.ts";
import { digestVectors } from "./make_digest.ts";
import { badFrameVectors, frameVectors, streamVectors } from "./make_frames.ts";
import { bodyVectors, transcriptVectors } from "./make_handshake.ts";
import { routeBodyVectors } from "./make_route.ts";
import { callErrorVectors } from "./make_routed.ts";
import { heartbeatVectors, syncVectors } from "./make_sync.ts";

export function makeVectors(): Readonly<Record<string, unknown>> {
  return {
    "frames.json": frameVectors(),
    "streams.json": streamVectors(),
    "bad_frames.json": badFrameVectors(),
    "handshake_bodies.json": bodyVectors(),
    "handshake_transcripts.json": transcriptVectors(),
    "heartbeats.json": heartbeatVectors(),
    "sync.json": syncVectors(),
    "digest.json": digestVectors(),
    "route_bodies.json": routeBodyVectors(),
    "message_bodies.json": messageBodyVectors(),
    "call_errors.json": callErrorVectors(),
  };
}
