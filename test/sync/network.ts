/**
 * A small cluster of real Sync machines over queues, driven by a seed: links that drop, messages that are lost or
 * doubled, nodes that crash, owners that lose what they had persisted. No time passes but heartbeats.
 * A direction carries one sync message at a time, as a full queue would, and is asked only after syncReady.
 */

import { Counters } from "#base/counters.ts";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import type { LinkRelation, PeerLink } from "#link/link_port.ts";
import { encodeAttached } from "#sync/attached.ts";
import { Sync } from "#sync/sync.ts";
import { TopicOwner } from "#sync/topic_owner.ts";
import { isNewer, versionText } from "#sync/version.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId, Role } from "#wire/role.ts";
import type { SyncMessage, Version } from "#wire/sync_message.ts";
import { decodeSync, encodeSync } from "#wire/sync_message.ts";
import { digest, node, snapshot } from "./kit.ts";

/** Longer than the window in which an owner counts its bumps is wide apart: chance is not a second owner. */
const BEAT_MS = 30_000;
const STEPS_PER_DRAIN_MAX = 20_000;

type Frame =
  | { readonly kind: "sync"; readonly method: number; readonly body: Uint8Array }
  | { readonly kind: "beat"; readonly said: bigint };

interface Direction {
  readonly from: string;
  readonly to: string;
  readonly relation: LinkRelation;
  readonly queue: Frame[];
  isReady: boolean;
  link: PeerLink | undefined;
}

interface Pair {
  readonly ends: readonly [Direction, Direction];
  isUp: boolean;
  isForbidden: boolean;
}

interface Life {
  readonly identity: Identity;
  readonly sync: Sync;
  readonly owner: TopicOwner | undefined;
  /** Highest version accepted in this life. */
  readonly accepted: Map<string, Version>;
}

export class Network {
  readonly random: Random;
  readonly trace: string[] = [];
  readonly violations: string[] = [];
  readonly counters = new Counters();
  syncMessages = 0;
  #serial = 0;
  #boots = 0;
  #contents = 0;
  #nowMs = 0;
  readonly #lives = new Map<string, Life | undefined>();
  readonly #pairs: Pair[] = [];
  /** What owners have persisted: the epoch. */
  readonly #disk = new Map<string, number>();
  readonly #topics: ReadonlyMap<string, readonly string[]>;

  constructor(options: {
    readonly seed: number;
    readonly nodes: readonly NodeId[];
    readonly links: readonly (readonly [NodeId, NodeId])[];
    readonly topics: ReadonlyMap<string, readonly string[]>;
  }) {
    this.random = seededRandom(options.seed);
    this.#topics = options.topics;
    for (const id of options.nodes) this.#lives.set(id, undefined);
    for (const [below, above] of options.links) {
      const isPeer = below.startsWith("cross_gateway:") && above.startsWith("cross_gateway:");
      const end = (from: string, to: string, relation: LinkRelation): Direction => ({
        from,
        to,
        relation: isPeer ? "peer" : relation,
        queue: [],
        isReady: false,
        link: undefined,
      });
      this.#pairs.push({
        ends: [end(below, above, "above"), end(above, below, "below")],
        isUp: false,
        isForbidden: false,
      });
    }
  }

  sync(id: string): Sync {
    const life = this.#lives.get(id);
    if (life === undefined) throw new Error(`${id} is not alive`);
    return life.sync;
  }

  boot(id: string): void {
    if (this.#lives.get(id) !== undefined) return;
    this.#boots += 1;
    const [role, number] = id.split(":");
    const self = node(role as Role, Number(number), this.#boots);
    const accepted = new Map<string, Version>();
    const topics = this.#topics.get(id);
    const owner = topics === undefined ? undefined : new TopicOwner();
    const sync = new Sync({
      self,
      digest,
      wallMs: () => this.#nowMs,
      counters: this.counters,
      events: {
        accepted: ({ topic, version, owner: by }) => {
          const last = accepted.get(topic);
          if (by === self.key) this.violations.push(`${id} was told its own ${topic}`);
          if (last !== undefined && !isNewer(version, last))
            this.violations.push(`${id} fell to ${versionText(version)} of ${topic}`);
          accepted.set(topic, version);
        },
        dropped: (topic) => accepted.delete(topic),
        reported: ({ topic, claims }) => {
          if (owner === undefined) return;
          const verdict = owner.judge(topic, { held: sync.state.copy(topic)?.version, claims }, this.#nowMs);
          this.#note(`${id} hears ${claims.map(versionText).join(" ")} of ${topic}: ${verdict.kind}`);
          if (verdict.kind === "bump") {
            this.#disk.set(id, verdict.epoch);
            this.publish(id, topic);
          } else if (verdict.kind !== "ignore") this.violations.push(`${id} judges ${verdict.kind} of ${topic}`);
        },
        routeChanged: () => {},
      },
    });
    this.#lives.set(id, { identity: self, sync, owner, accepted });
    this.#note(`boot ${id}`);
    if (owner !== undefined) {
      this.#disk.set(id, owner.start(this.#disk.get(id) ?? 0));
      for (const topic of topics ?? []) this.publish(id, topic);
    }
    if (self.role === "gateway" || self.role === "cross_gateway")
      sync.routes.say(`attached/${id}`, encodeAttached([self]));
  }

  /** Fresh content; a tombstone when asked for. */
  publish(id: string, topic: string, isTombstone = false): void {
    const life = this.#lives.get(id);
    if (life?.owner === undefined) return;
    this.#contents += 1;
    const held = life.sync.state.copy(topic)?.version;
    const epoch = life.owner.epoch;
    const revision = held?.epoch === epoch ? held.revision + 1 : 1;
    life.sync.state.publish(snapshot(topic, epoch, revision, isTombstone ? "" : `content ${this.#contents}`));
    this.#note(`publish ${topic} ${epoch}.${revision}`);
  }

  crash(id: string): void {
    if (this.#lives.get(id) === undefined) return;
    this.#note(`crash ${id}`);
    for (const pair of this.#pairs) if (pair.ends.some(({ from }) => from === id)) this.cut(pair);
    this.#lives.set(id, undefined);
  }

  loseDisk(id: string): void {
    this.crash(id);
    this.#disk.delete(id);
    this.#note(`lose disk ${id}`);
  }

  pair(a: string, b: string): Pair {
    const found = this.#pairs.find(({ ends }) => ends.some(({ from, to }) => from === a && to === b));
    if (found === undefined) throw new Error(`no link ${a} ${b}`);
    return found;
  }

  forbid(a: string, b: string): void {
    const pair = this.pair(a, b);
    pair.isForbidden = true;
    this.cut(pair);
  }

  cut(pair: Pair): void {
    if (!pair.isUp) return;
    pair.isUp = false;
    this.#note(`cut ${pair.ends[0].from} ${pair.ends[0].to}`);
    for (const end of pair.ends) {
      const life = this.#lives.get(end.from);
      const link = end.link;
      end.link = undefined;
      end.queue.length = 0;
      end.isReady = false;
      if (link !== undefined) life?.sync.linkDown(link);
    }
  }

  connect(pair: Pair): void {
    const lives = pair.ends.map(({ from }) => this.#lives.get(from));
    if (pair.isUp || pair.isForbidden || lives.includes(undefined)) return;
    pair.isUp = true;
    this.#note(`up ${pair.ends[0].from} ${pair.ends[0].to}`);
    for (const end of pair.ends) end.link = this.#link(end);
    for (const end of pair.ends) if (end.link !== undefined) this.#lives.get(end.from)?.sync.linkUp(end.link);
  }

  /** One thing that a healthy network may do next. False when there is nothing. */
  step(): boolean {
    const moves: (() => void)[] = [];
    for (const pair of this.#pairs) {
      if (!pair.isUp) continue;
      for (const end of pair.ends) {
        if (end.queue.length > 0) moves.push(() => this.#deliver(end));
        if (end.isReady && !end.queue.some(({ kind }) => kind === "sync")) moves.push(() => this.#fill(end));
      }
    }
    moves[randomIndex(this.random, Math.max(1, moves.length))]?.();
    return moves.length > 0;
  }

  /** Everything that is under way arrives. */
  drain(): void {
    let steps = 0;
    while (this.step()) {
      steps += 1;
      if (steps > STEPS_PER_DRAIN_MAX) throw new Error("Cannot drain the network: it never falls quiet");
    }
  }

  /** One heartbeat interval of every link that is up. */
  beat(): void {
    this.#nowMs += BEAT_MS;
    for (const pair of this.#pairs) {
      for (const end of pair.ends) {
        if (!pair.isUp || end.link === undefined) continue;
        const { sync } = this.#live(end.from);
        sync.tick(end.link);
        end.queue.push({ kind: "beat", said: sync.saidDigest(end.link) });
      }
    }
  }

  /** One thing that goes wrong, of all that may. Without loss a link gives all that was said on it, or ends. */
  fault(withLoss: boolean): void {
    const ids = [...this.#lives.keys()];
    const id = ids[randomIndex(this.random, ids.length)] ?? "";
    switch (randomIndex(this.random, withLoss ? 10 : 6)) {
      case 0:
        this.crash(id);
        break;
      case 1:
        if (this.#topics.has(id)) this.loseDisk(id);
        break;
      case 2:
      case 3:
        this.cut(this.#somePair());
        break;
      case 4:
      case 5:
        this.publishSomething();
        break;
      default:
        this.lose();
    }
  }

  /** A message that is under way is lost, or comes twice. */
  lose(): void {
    const ends = this.#pairs
      .flatMap((pair) => pair.ends)
      .filter(({ queue }) => queue.some(({ kind }) => kind === "sync"));
    const end = ends[randomIndex(this.random, Math.max(1, ends.length))];
    if (end === undefined) return;
    const at = end.queue.findIndex(({ kind }) => kind === "sync");
    const [frame] = end.queue.splice(at, 1);
    if (frame !== undefined && randomIndex(this.random, 4) === 0) end.queue.splice(at, 0, frame, frame);
  }

  heal(): void {
    for (const id of this.#lives.keys()) this.boot(id);
    for (const pair of this.#pairs) this.connect(pair);
  }

  /** Starts or connects one thing that is down. */
  repair(): void {
    const ids = [...this.#lives.keys()];
    if (randomIndex(this.random, 2) === 0) this.boot(ids[randomIndex(this.random, ids.length)] ?? "");
    this.connect(this.#somePair());
  }

  /** Undefined when every node holds exactly the owners' copies, else the first difference. */
  difference(): string | undefined {
    for (const [owner, topics] of this.#topics) {
      for (const topic of topics) {
        const wanted = this.sync(owner).state.copy(topic);
        for (const id of this.#lives.keys()) {
          const held = this.sync(id).state.copy(topic);
          const texts = [wanted, held].map((copy) => (copy === undefined ? "nothing" : versionText(copy.version)));
          if (texts[0] !== texts[1]) return `${id} holds ${texts[1]} of ${topic}, its owner ${texts[0]}`;
        }
      }
    }
    return undefined;
  }

  #somePair(): Pair {
    const pair = this.#pairs[randomIndex(this.random, this.#pairs.length)];
    if (pair === undefined) throw new Error("a network without links");
    return pair;
  }

  publishSomething(): void {
    const owners = [...this.#topics.keys()];
    const owner = owners[randomIndex(this.random, owners.length)] ?? "";
    const topics = this.#topics.get(owner) ?? [];
    const topic = topics[randomIndex(this.random, topics.length)];
    if (topic !== undefined) this.publish(owner, topic, randomIndex(this.random, 5) === 0);
  }

  #deliver(end: Direction): void {
    const frame = end.queue.shift();
    const { link } = this.pair(end.to, end.from).ends.find(({ from }) => from === end.to) ?? {};
    if (frame === undefined || link === undefined) return;
    const { sync } = this.#live(end.to);
    if (frame.kind === "beat") {
      const beat = { sequence: 0, clusterMs: 0, echoMs: 0, saidDigest: frame.said, appliedDigest: 0n };
      sync.heartbeat(link, beat);
      return;
    }
    const message = decodeSync(frame.method, frame.body);
    if (message === undefined) {
      this.violations.push("a message that cannot be read");
      return;
    }
    this.#note(`${end.from} > ${end.to} ${describeMessage(message)}`);
    sync.receive(link, message);
  }

  #fill(end: Direction): void {
    const { link } = end;
    if (link === undefined) return;
    const message = this.#live(end.from).sync.next(link);
    if (message === undefined) {
      end.isReady = false;
      return;
    }
    this.syncMessages += 1;
    end.queue.push({ kind: "sync", ...encodeSync(message) });
  }

  #live(id: string): Life {
    const life = this.#lives.get(id);
    if (life === undefined) throw new Error(`${id} is not alive`);
    return life;
  }

  #link(end: Direction): PeerLink {
    this.#serial += 1;
    return {
      serial: this.#serial,
      peer: this.#live(end.to).identity,
      relation: end.relation,
      upSinceMs: 0,
      isUp: true,
      heartbeatMs: 1000,
      receivedSize: 0,
      rttMs: undefined,
      clusterOffsetMs: undefined,
      dataQueuedSize: 0,
      dataWrittenSize: 0,
      send: () => "closed",
      sendParts: () => "closed",
      close: () => {},
      syncReady: () => {
        end.isReady = true;
      },
    };
  }

  #note(line: string): void {
    this.trace.push(line);
  }
}

function describeMessage(message: SyncMessage): string {
  switch (message.kind) {
    case "list":
      return `list ${message.entries.map(({ topic, version }) => `${topic}@${versionText(version)}`).join(" ")}`;
    case "snapshot":
      return `snapshot ${message.snapshot.topic}@${versionText(message.snapshot.version)}`;
    case "want":
      return `want ${message.topics.join(" ")}`;
    case "report":
      return `report ${message.reports.map(({ topic, claims }) => `${topic}@${claims.map(versionText).join("|")}`).join(" ")}`;
    case "route":
      return `route ${message.topic} ${message.hops}`;
    case "relist":
      return "relist";
    case "withdraw":
      return `withdraw ${message.topic}`;
  }
}
