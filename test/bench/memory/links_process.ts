/**
 * Idle links, seen from the end that accepts them: a whole cross gateway, or bare sockets.
 *
 *   links_process.ts accept | bare         answers its port, then its memory after a collection
 *   links_process.ts dial COUNT PORT       so many shard gateways that only keep their link
 *   links_process.ts connect COUNT PORT    so many sockets
 */

import { setTimeout as sleep } from "node:timers/promises";
import { Alarms } from "#base/alarms.ts";
import { Counters } from "#base/counters.ts";
import { LinkHub } from "#link/hub.ts";
import type { LinkEvents } from "#link/link_port.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import { CLUSTER_NAME } from "../../cluster/harness/cluster_file.ts";
import { answers } from "../answers.ts";
import { CLUSTER_KEY_BYTES, HEARTBEAT_MS, QUIET, makeIdentity, makeNode } from "../bench_node.ts";
import { dialBare, listenBare } from "../calls/bare_socket.ts";

const AT_ONCE = 16;
const CONNS_MAX = 100_000;
const [what, countText, portText] = process.argv.slice(2);
const count = Number(countText);
const target = { host: "127.0.0.1", port: Number(portText) };

/** Resident size once it does not fall any more. */
async function settledSize(): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 5; turn += 1) {
    Bun.gc(true);
    await sleep(200);
    least = Math.min(least, process.memoryUsage.rss());
  }
  return least;
}

function dialHub(index: number): LinkHub {
  const log = QUIET;
  const events: LinkEvents = {
    up: () => {},
    down: () => {},
    routed: () => {},
    sync: () => {},
    heartbeat: () => {},
    tick: () => {},
    goodbye: () => {},
    nextSync: () => undefined,
    saidDigest: () => 0n,
    appliedDigest: () => 0n,
    clusterMs: () => bunClock.wallMs(),
    refused: () => {},
  };
  const hub = new LinkHub({
    self: makeIdentity("gateway", index + 1, index + 1),
    cluster: CLUSTER_NAME,
    keys: [CLUSTER_KEY_BYTES],
    heartbeatMs: HEARTBEAT_MS,
    transport,
    clock: bunClock,
    random: bunRandom,
    digest: bunDigest,
    log,
    counters: new Counters(),
    alarms: new Alarms({ clock: bunClock, log }),
    events,
  });
  hub.dial({ role: "cross_gateway", number: 1 }, target);
  return hub;
}

const transport = new BunTransport({ connsMax: CONNS_MAX });

switch (what) {
  case "accept": {
    const node = makeNode({
      self: makeIdentity("cross_gateway", 1, 0),
      transport,
      dials: [],
      listen: { host: "127.0.0.1", port: 0 },
    });
    await node.start();
    answers<{ readonly what: "port" | "size" }>(async (question) =>
      question.what === "port"
        ? { port: node.listening?.port ?? 0 }
        : { size: await settledSize(), links: node.mesh.hub.links().length },
    );
    break;
  }
  case "bare": {
    let links = 0;
    const port = listenBare(() => (links += 1));
    answers<{ readonly what: "port" | "size" }>(async (question) =>
      question.what === "port" ? { port } : { size: await settledSize(), links },
    );
    break;
  }
  case "dial": {
    const hubs: LinkHub[] = [];
    answers(async () => {
      while (hubs.length < count) {
        const batch = Array.from({ length: Math.min(AT_ONCE, count - hubs.length) }, (_, at) =>
          dialHub(hubs.length + at),
        );
        hubs.push(...batch);
        while (batch.some((hub) => hub.links().length === 0)) await sleep(1);
      }
      return {};
    });
    break;
  }
  case "connect":
    answers(async () => {
      for (let index = 0; index < count; index += 1) await dialBare(target.port);
      return {};
    });
    break;
  default:
    throw new Error(`Cannot run ${what}: it is no part of this benchmark`);
}
