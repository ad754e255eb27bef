/**
 * A gateway with one healthy link, frames that a bad peer may send it, and the check that all tests of bad input
 * share: that one link closes with the named reason, its counter moves, and nobody else notices.
 */

import { expect } from "#test";
import type { CloseReason } from "#link/link_port.ts";
import { encodeHello } from "#wire/handshake.ts";
import { Kind, Offset, encodeFrame, writeU32 } from "#wire/header.ts";
import type { NodeKey } from "#wire/role.ts";
import { ROLE_NUMBERS, nodeKey } from "#wire/role.ts";
import type { TestNode } from "./harness.ts";
import { GATEWAY, World, cast } from "./harness.ts";

export const text = (value: string): Uint8Array => new TextEncoder().encode(value);
export const EMPTY = new Uint8Array(0);
export const frame = (kind: Kind, body: Uint8Array = EMPTY): Uint8Array =>
  encodeFrame({ kind, source: nodeKey("center", 1), target: GATEWAY, hops: 1 }, body);

/** Bytes with the size and the magic of a frame and nothing right behind them. */
export function withSize(size: number): Uint8Array {
  const bytes = frame(Kind.hello);
  writeU32(bytes, Offset.size, size);
  return bytes;
}

export function hello(
  change: Partial<Parameters<typeof encodeHello>[0]>,
  source: NodeKey = nodeKey("center", 1),
): Uint8Array {
  const body = encodeHello({
    protocolMin: 1,
    protocolMax: 1,
    capabilities: 0,
    heartbeatMs: 1000,
    nonce: new Uint8Array(32),
    boot: "aa".repeat(16),
    startedAtMs: 1,
    roleNumber: ROLE_NUMBERS.center,
    number: 1,
    shard: 1,
    targetRoleNumber: ROLE_NUMBERS.gateway,
    targetNumber: 1,
    cluster: "test",
    ...change,
  });
  return encodeFrame({ kind: Kind.hello, source, target: GATEWAY, hops: 1 }, body);
}

export interface Ground {
  readonly world: World;
  readonly gateway: TestNode;
  /** A healthy node beside the bad one. */
  readonly map: TestNode;
}

export function ground(): Ground {
  const world = new World();
  const gateway = world.node({ role: "gateway", number: 1 });
  const map = world.node({ role: "map", number: 101 });
  world.connect(map, gateway);
  world.clock.run(100);
  return { world, gateway, map };
}

/** The one thing that all of these have in common. */
export function expectOnlyThatOne({ world, gateway, map }: Ground, reason: CloseReason): void {
  const closed = Object.keys(gateway.counters.all()).filter((name) => name.startsWith("link.closed:"));
  expect(closed).toEqual([`link.closed:${reason}`]);
  expect(gateway.counters.get(`link.closed:${reason}`)).toBe(1);
  expect(map.record.heard).toEqual(["up gateway:1"]);
  map.link(GATEWAY).send(cast("still here"), 0, "may");
  world.clock.run(5);
  expect(gateway.record.texts).toEqual(["still here"]);
  expect(gateway.lines.filter((line) => line.level === "error")).toEqual([]);
}
