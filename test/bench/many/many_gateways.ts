/**
 * Many shard gateways in one process, each a whole node with a real socket: asked to link to a cross gateway, to
 * say when they have applied an activity, and when they were linked again after the cross gateway was gone.
 *
 *   many_gateways.ts COUNT PORT
 */

import type { OpenedEvent } from "#activity/activity_event.ts";
import type { DialHandler, Transport } from "#link/transport.ts";
import type { Node } from "#module/node.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import { nodeId } from "#wire/role.ts";
import { answers } from "../answers.ts";
import { makeIdentity, makeNode } from "../bench_node.ts";

const FIRST = 1001;
/** Links that are being made at once while the nodes start. */
const AT_ONCE = 6;
const POLL_MS = 5;
const WAIT_MS_MAX = 120_000;

const [countText, portText] = process.argv.slice(2);
const count = Number(countText);
const dials = [{ id: nodeId("cross_gateway", 1), port: Number(portText) }];
const real = new BunTransport({ connsMax: count * 2 + 100 });
/** By the wall clock, which all processes of a machine share. */
let dialledAtMs: number[] = [];
let lostAtMs: number[] = [];
const transport: Transport = {
  listen: (address, accept) => real.listen(address, accept),
  dial: (address, handler: DialHandler) => {
    dialledAtMs.push(wallMs());
    return real.dial(address, handler);
  },
};
const nodes: Node[] = [];

function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (!isTrue()) {
    if (performance.now() > endMs) throw new Error(`Cannot go on: ${what} took more than ${WAIT_MS_MAX} ms`);
    await Bun.sleep(POLL_MS);
  }
}

function linkedCount(): number {
  return nodes.filter((node) => node.mesh.hub.links().length > 0).length;
}

async function start(): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    await until("a link", () => nodes.length - linkedCount() < AT_ONCE);
    const number = FIRST + index;
    const node = makeNode({ self: makeIdentity("gateway", number, number), transport, dials });
    node.mesh.events.on((event) => {
      if (event.kind === "disconnected") lostAtMs.push(wallMs());
    });
    nodes.push(node);
    await node.start();
  }
  await until("the last link", () => linkedCount() === count);
}

type Question =
  | { readonly what: "start" | "watch" }
  | { readonly what: "applied"; readonly id: string }
  | { readonly what: "relinked"; readonly id: string };

/** Answers when the last node knows the activity as open. */
async function applied(id: string): Promise<{ firstAtMs: number; lastAtMs: number }> {
  let firstAtMs = 0;
  let lastAtMs = 0;
  let waiting = nodes.length;
  const all = Promise.withResolvers<void>();
  const opened = (event: OpenedEvent): void => {
    if (event.id !== id) return;
    lastAtMs = wallMs();
    if (waiting === nodes.length) firstAtMs = lastAtMs;
    waiting -= 1;
    if (waiting === 0) all.resolve();
  };
  const stops = nodes.map((node) => node.replica.listen({ module: "bench", opened }));
  await all.promise;
  for (const stop of stops) stop();
  return { firstAtMs, lastAtMs };
}

async function relinked(id: string): Promise<unknown> {
  const opened = applied(id);
  await until("the loss", () => lostAtMs.length >= count);
  await until("the last link", () => linkedCount() === count);
  const linkedAtMs = wallMs();
  const lost = lostAtMs.reduce((least, one) => Math.min(least, one));
  const { lastAtMs } = await opened;
  return { lostAtMs: lost, linkedAtMs, dialledAtMs, appliedAtMs: lastAtMs };
}

answers<Question>(async (question) => {
  switch (question.what) {
    case "start":
      await start();
      return {};
    case "watch":
      dialledAtMs = [];
      lostAtMs = [];
      return {};
    case "applied":
      return applied(question.id);
    case "relinked":
      return relinked(question.id);
  }
});
