/**
 * One end of the routed call: the node that calls, or the node that serves.
 *
 *   kuafu_process.ts center|user PORT      PORT is the gateway's
 */

import * as v from "valibot";
import { contract } from "#rpc/contract.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import { nodeId, nodeKey } from "#wire/role.ts";
import { answers } from "../answers.ts";
import { makeIdentity, makeNode } from "../bench_node.ts";
import type { Cell } from "./load.ts";
import { runLoad } from "./load.ts";

const RAW = { id: 3000, name: "bench.echo" };
const Bench = contract("bench", {
  hit: {
    id: 3001,
    request: v.object({ player: v.string(), damage: v.number(), note: v.string() }),
    reply: v.object({ player: v.string(), rank: v.number(), note: v.string() }),
  },
});
/** What a typed body has besides its note: names of the fields, player, number. */
const TYPED_OVERHEAD = 40;

const [role, port] = process.argv.slice(2);
const isCaller = role === "center";
const node = makeNode({
  self: makeIdentity(isCaller ? "center" : "user", isCaller ? 1 : 101, 1),
  transport: new BunTransport({ connsMax: 100 }),
  dials: [{ id: nodeId("gateway", 1), port: Number(port) }],
});
const server = nodeId("user", 101);
const reachable = Promise.withResolvers<void>();
node.mesh.events.on((event) => {
  const wanted = isCaller ? server : nodeId("gateway", 1);
  if (event.kind === "reachable" && event.identity.id === wanted) reachable.resolve();
});
node.endpoint.server.serveRaw(RAW, (body) => body);
node.endpoint.server.serve(Bench.hit, ({ player, note }) => ({ player, rank: 7, note }));
await node.start();

answers<{ readonly what: "ready" } | { readonly what: "raw" | "typed"; readonly cell: Cell }>(async (question) => {
  await reachable.promise;
  if (question.what === "ready") return {};
  const { caller } = node.endpoint;
  const to = { key: nodeKey("user", 101) };
  const options = { to, timeoutMs: 10_000 };
  const { cell, what } = question;
  const body = new Uint8Array(cell.size).fill(7);
  const hit = { player: "player:1001", damage: 1234, note: "x".repeat(Math.max(0, cell.size - TYPED_OVERHEAD)) };
  const call = what === "raw" ? () => caller.callRaw(RAW, body, options) : () => caller.call(Bench.hit, hit, options);
  return runLoad(call, cell);
});
