/**
 * Body of ping and pong, 40 bytes:
 *
 *   sequence u32      a pong repeats the ping's
 *   flags u32         0 in this version
 *   clusterMs u64     the sender's estimate of the cluster's time (wall clock of a cross gateway)
 *   echoMs u64        pong: the clusterMs of the ping
 *   saidDigest u64    of the state topics that the sender has said on this link
 *   appliedDigest u64 of the state topics that the sender holds and has applied
 */

import { ByteReader, ByteWriter } from "./bytes.ts";

export const HEARTBEAT_SIZE = 40;

export interface Heartbeat {
  readonly sequence: number;
  readonly clusterMs: number;
  readonly echoMs: number;
  readonly saidDigest: bigint;
  readonly appliedDigest: bigint;
}

export function encodeHeartbeat(beat: Heartbeat): Uint8Array {
  return new ByteWriter()
    .u32(beat.sequence)
    .u32(0)
    .ms(beat.clusterMs)
    .ms(beat.echoMs)
    .u64(beat.saidDigest)
    .u64(beat.appliedDigest)
    .finish();
}

export function decodeHeartbeat(body: Uint8Array): Heartbeat | undefined {
  const reader = new ByteReader(body);
  const sequence = reader.u32();
  reader.u32();
  const beat: Heartbeat = {
    sequence,
    clusterMs: reader.ms(),
    echoMs: reader.ms(),
    saidDigest: reader.u64(),
    appliedDigest: reader.u64(),
  };
  return reader.ok ? beat : undefined;
}
