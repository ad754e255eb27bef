/**
 * Vectors of the bodies of route topics.
 */

import { toHex } from "#base/digest.ts";
import { encodeApplied } from "#sync/applied.ts";
import type { AppliedException } from "#sync/applied.ts";
import { encodeAttached } from "#sync/attached.ts";
import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import { NUMBER_MAX, ROLE_NUMBERS, nodeKey, numberOfKey, roleNumberOfKey } from "#wire/role.ts";

export interface AttachedNode {
  readonly role: number;
  readonly number: number;
  readonly shard: number;
  readonly boot: string;
  readonly startedAtMs: number;
}

export interface RouteBodyVector {
  readonly name: string;
  readonly topic: string;
  readonly body: string;
  readonly fields:
    | { readonly nodes: readonly AttachedNode[] }
    | {
        readonly digest: string;
        readonly exceptions: readonly {
          readonly role: number;
          readonly number: number;
          readonly digest: string;
          readonly sinceMs: number;
        }[];
      }
    | null;
  /** False: it is read like this, but not written. */
  readonly written: boolean;
}

const hex64 = (value: bigint): string => value.toString(16).padStart(16, "0");

export function plainNode(node: Identity): AttachedNode {
  const { number, shard, boot, startedAtMs } = node;
  return { role: ROLE_NUMBERS[node.role], number, shard, boot, startedAtMs };
}

export function plainException({ node, digest, sinceMs }: AppliedException): {
  readonly role: number;
  readonly number: number;
  readonly digest: string;
  readonly sinceMs: number;
} {
  return { role: roleNumberOfKey(node), number: numberOfKey(node), digest: hex64(digest), sinceMs };
}

export function routeBodyVectors(): readonly RouteBodyVector[] {
  const gateway = identity({
    role: "gateway",
    number: 3,
    shard: 3,
    boot: "000102030405060708090a0b0c0d0e0f",
    startedAtMs: 1_767_225_600_000,
  });
  const user = identity({ role: "user", number: 301, shard: 3, boot: "f0".repeat(16), startedAtMs: 1_767_225_600_001 });
  const largest = identity({
    role: "map",
    number: NUMBER_MAX,
    shard: NUMBER_MAX,
    boot: "ff".repeat(16),
    startedAtMs: Number.MAX_SAFE_INTEGER,
  });
  const attached = (name: string, nodes: readonly Identity[]): RouteBodyVector => ({
    name,
    topic: "attached/gateway:3",
    body: toHex(encodeAttached(nodes)),
    fields: { nodes: nodes.map(plainNode) },
    written: true,
  });
  const applied = (name: string, digest: bigint, exceptions: readonly AppliedException[]): RouteBodyVector => ({
    name,
    topic: "applied/gateway:3",
    body: toHex(encodeApplied({ digest, exceptions })),
    fields: { digest: hex64(digest), exceptions: exceptions.map(plainException) },
    written: true,
  });
  const bad = (name: string, topic: string, body: string): RouteBodyVector => ({
    name,
    topic,
    body,
    fields: null,
    written: false,
  });
  const alone = attached("attached: the gateway alone", [gateway]);
  const both = attached("attached: three nodes", [gateway, user, largest]);
  const exceptions = [
    { node: nodeKey("user", 301), digest: 0n, sinceMs: 1_767_225_600_500 },
    { node: nodeKey("map", NUMBER_MAX), digest: 0xffff_ffff_ffff_ffffn, sinceMs: 0 },
  ];
  const two = applied("applied: two nodes lack something", 0x0123_4567_89ab_cdefn, exceptions);
  const unknownRole = `0002${alone.body.slice(4)}00c8${"00".repeat(32)}`;
  return [
    alone,
    both,
    { ...alone, name: "attached: a node of an unknown role is skipped", body: unknownRole, written: false },
    bad("attached: nobody", alone.topic, "0000"),
    bad("attached: no bytes", alone.topic, ""),
    bad("attached: one byte short", alone.topic, alone.body.slice(0, -2)),
    bad("attached: one byte more", alone.topic, `${alone.body}00`),
    bad("attached: 8193 nodes", alone.topic, `2001${alone.body.slice(4)}`),
    bad("attached: the first is of an unknown role", alone.topic, `000100c8${"00".repeat(32)}`),
    applied("applied: all have everything", 0n, []),
    two,
    bad("applied: one byte short", two.topic, two.body.slice(0, -2)),
    bad("applied: one byte more", two.topic, `${two.body}00`),
  ];
}
