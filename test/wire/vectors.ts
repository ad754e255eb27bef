/**
 * The committed vectors, typed. Tests read these files and never the functions that made them.
 */

import badFramesJson from "./vectors/bad_frames.json" with { type: "json" };
import callErrorsJson from "./vectors/call_errors.json" with { type: "json" };
import digestJson from "./vectors/digest.json" with { type: "json" };
import framesJson from "./vectors/frames.json" with { type: "json" };
import bodiesJson from "./vectors/handshake_bodies.json" with { type: "json" };
import transcriptsJson from "./vectors/handshake_transcripts.json" with { type: "json" };
import heartbeatsJson from "./vectors/heartbeats.json" with { type: "json" };
import messageBodiesJson from "./vectors/message_bodies.json" with { type: "json" };
import routeBodiesJson from "./vectors/route_bodies.json" with { type: "json" };
import streamsJson from "./vectors/streams.json" with { type: "json" };
import syncJson from "./vectors/sync.json" with { type: "json" };
import type { MessageBodyVector } from "./vectors/make_body.ts";
import type { DigestVectors } from "./vectors/make_digest.ts";
import type { BadFrameVector, FrameVector, StreamVector } from "./vectors/make_frames.ts";
import type { BodyVector, TranscriptVector } from "./vectors/make_handshake.ts";
import type { RouteBodyVector } from "./vectors/make_route.ts";
import type { CallErrorVector } from "./vectors/make_routed.ts";
import type { HeartbeatVector, SyncVector } from "./vectors/make_sync.ts";

export const FRAMES = framesJson as readonly FrameVector[];
export const STREAMS = streamsJson as readonly StreamVector[];
export const BAD_FRAMES = badFramesJson as readonly BadFrameVector[];
export const HANDSHAKE_BODIES = bodiesJson as readonly BodyVector[];
export const TRANSCRIPTS = transcriptsJson as readonly TranscriptVector[];
export const HEARTBEATS = heartbeatsJson as readonly HeartbeatVector[];
export const SYNC = syncJson as readonly SyncVector[];
export const CALL_ERRORS = callErrorsJson as readonly CallErrorVector[];
export const MESSAGE_BODIES = messageBodiesJson as readonly MessageBodyVector[];
export const ROUTE_BODIES = routeBodiesJson as readonly RouteBodyVector[];
export const DIGEST = digestJson as DigestVectors;

/** By file name, as they lie there: what the generator's output is compared with. */
export const FILES: Readonly<Record<string, unknown>> = {
  "frames.json": framesJson,
  "streams.json": streamsJson,
  "bad_frames.json": badFramesJson,
  "handshake_bodies.json": bodiesJson,
  "handshake_transcripts.json": transcriptsJson,
  "heartbeats.json": heartbeatsJson,
  "sync.json": syncJson,
  "call_errors.json": callErrorsJson,
  "message_bodies.json": messageBodiesJson,
  "digest.json": digestJson,
  "route_bodies.json": routeBodiesJson,
};
