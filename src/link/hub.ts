/**
 * All links of one node: listens, dials, and knows what is up. The one thing of this layer that the layers
 * above construct; what happens on links they hear through LinkEvents.
 */

import type { Alarms } from "#base/alarms.ts";
import { assert } from "#base/assert.ts";
import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Digest } from "#base/digest.ts";
import type { Log } from "#base/log.ts";
import type { Random } from "#base/random.ts";
import type { GoodbyeReason } from "#wire/handshake.ts";
import { CLUSTER_NAME_SIZE_MAX } from "#wire/limits.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import type { ExpectedShard } from "./accept_policy.ts";
import { Acceptor } from "./acceptor.ts";
import { Dialer } from "./dialer.ts";
import { EndedLinks } from "./ended_links.ts";
import { Farewells } from "./farewell.ts";
import { Flusher } from "./flusher.ts";
import type { DialTarget } from "./handshake_dialer.ts";
import { HEARTBEAT_MS_MAX, HEARTBEAT_MS_MIN } from "./heartbeat.ts";
import type { LinkContext } from "./link_context.ts";
import type { LinkEvents, LinkStatus, PeerLink } from "./link_port.ts";
import { LinkRegistry } from "./link_registry.ts";
import { LogLimit } from "./log_limit.ts";
import { SegmentPool } from "./segment_pool.ts";
import { SendBudget } from "./send_budget.ts";
import { SharedTicks } from "./shared_ticks.ts";
import type { Address, Transport } from "./transport.ts";

const KEYS_MAX = 2;

export interface LinkHubOptions {
  readonly self: Identity;
  readonly cluster: string;
  /** The cluster key; the first one signs. Two during a rotation. */
  readonly keys: readonly Uint8Array[];
  readonly heartbeatMs: number;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly log: Log;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly events: LinkEvents;
  /** What the config says about the shard of a node that it names. */
  readonly expectedShard?: ExpectedShard | undefined;
  /** Shared by all hubs of a process; without it this hub has one of its own. */
  readonly budget?: SendBudget | undefined;
  /** Beyond it those that dial are refused. */
  readonly linksMax?: number | undefined;
}

export class LinkHub {
  readonly #context: LinkContext;
  readonly #transport: Transport;
  readonly #registry: LinkRegistry;
  readonly #acceptor: Acceptor;
  readonly #dialers = new Map<NodeId, Dialer>();
  readonly #ended: EndedLinks;
  #isOpen = true;

  constructor(options: LinkHubOptions) {
    const { self, cluster, keys, heartbeatMs, random, digest, expectedShard } = options;
    const { clock, log, counters, alarms, events, transport } = options;
    assert(
      keys.length >= 1 && keys.length <= KEYS_MAX && keys.every((key) => key.length > 0),
      "a hub has one or two cluster keys",
    );
    assert(
      heartbeatMs >= HEARTBEAT_MS_MIN && heartbeatMs <= HEARTBEAT_MS_MAX,
      "the heartbeat interval is within its bounds",
    );
    assert(
      cluster.length > 0 && cluster.length <= CLUSTER_NAME_SIZE_MAX,
      "the cluster has a name that fits into a hello",
    );
    let serial = 0;
    this.#context = {
      own: { self, cluster, keys, heartbeatMs, random, digest, expectedShard },
      clock,
      log,
      logLimit: new LogLimit({ clock, log }),
      counters,
      alarms,
      events,
      flusher: new Flusher(clock),
      ticks: new SharedTicks(clock),
      farewells: new Farewells(),
      pool: new SegmentPool(),
      budget: options.budget ?? new SendBudget(),
      nextSerial: () => (serial += 1),
    };
    this.#transport = transport;
    this.#registry = new LinkRegistry(this.#context, options.linksMax);
    this.#ended = new EndedLinks(clock);
    this.#acceptor = new Acceptor({
      context: this.#context,
      transport,
      registry: this.#registry,
      ended: (link, reason, detail) => this.#ended.add(link, detail === "" ? reason : `${reason}: ${detail}`),
    });
  }

  /** Throws ListenError. Returns the address with the port that the system chose. */
  listen(address: Address): Address {
    assert(this.#isOpen, "a closed hub does not listen");
    return this.#acceptor.listen(address);
  }

  /** Keeps a link to this node from now on, whatever happens. */
  dial(target: DialTarget, address: Address): void {
    assert(this.#isOpen, "a closed hub does not dial");
    const id = nodeId(target.role, target.number);
    assert(!this.#dialers.has(id), "a node is dialled at one address");
    const dialer = new Dialer({
      context: this.#context,
      transport: this.#transport,
      registry: this.#registry,
      target,
      address,
    });
    this.#dialers.set(id, dialer);
    dialer.start();
  }

  /** While `paceMs` is given, redials of the target come at least that often and wait no longer for a connection. */
  hurry(target: NodeId, paceMs: number | undefined): void {
    this.#dialers.get(target)?.hurry(paceMs);
  }

  /** Those that are up. */
  links(): readonly PeerLink[] {
    return this.#registry.all();
  }

  link(key: NodeKey): PeerLink | undefined {
    return this.#registry.get(key);
  }

  /** Conns that have not proved the key. */
  get unprovedCount(): number {
    return this.#acceptor.unprovedCount;
  }
  get budget(): SendBudget {
    return this.#context.budget;
  }

  /** What is dialled, up or not; what was accepted and is up; and the last accepted ones that ended. */
  status(): LinkStatus[] {
    const rows = [...this.#dialers.values()].map((dialer) => dialer.status());
    for (const link of this.#registry.all()) {
      if (this.#dialers.has(link.peer.id)) continue;
      rows.push({
        peer: link.peer.id,
        relation: link.relation,
        address: link.remote,
        state: "up",
        sinceMs: link.upSinceWallMs,
        attempt: 0,
        lastError: this.#ended.lastError(link.peer.key),
        nextRetryMs: undefined,
        rttMs: link.rttMs,
        queuedSize: link.queuedSize,
        boot: link.peer.boot,
      });
    }
    return [...rows, ...this.#ended.status((key) => this.#registry.get(key) !== undefined)];
  }

  /** New links are refused from now on; those that are up stay. */
  stopAccepting(): void {
    this.#acceptor.stop();
  }

  /** Writes what is queued, says goodbye on every link and closes them well. Resolves within FAREWELL_MS_MAX. */
  async goodbye(reason: GoodbyeReason, detail: string): Promise<void> {
    this.#stop();
    for (const link of this.#registry.all()) link.leave(reason, detail);
    await this.#context.farewells.allDone();
  }

  /** At once. */
  close(): void {
    this.#stop();
    this.#acceptor.close();
    for (const link of this.#registry.all()) link.end("stopping", "");
    this.#context.farewells.terminateAll();
  }

  #stop(): void {
    this.#isOpen = false;
    this.#acceptor.stop();
    for (const dialer of this.#dialers.values()) dialer.stop();
    this.#registry.closeAll();
  }
}
