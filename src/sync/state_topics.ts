/**
 * State topics of one node, whatever its role: owner, relay or replica. Takes what happens on links and says what
 * to write there. No timers, no I/O; time comes as ticks and as a wall clock for people.
 *
 * A copy is accepted only if it is newer, and then pushed to every link that is offered it, whoever delivered it.
 * Nothing but a dirty flag per (link, topic) remembers what is due: the newest content is taken when it is written.
 * The rules are those of docs/protocol.md; test/model/sync.pml is their checked model.
 *
 * A topic that lives has at least one byte; a tombstone has none. So the hash tells the two apart.
 */

import { assert, unreachable } from "#base/assert.ts";
import type { Digest } from "#base/digest.ts";
import type { LinkRelation } from "#link/link_port.ts";
import { TOPICS_MAX, TOPIC_SIZE_MAX } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import type { ListEntry, Report, Snapshot } from "#wire/sync_message.ts";
import { nobodySays, ownerLacks } from "./absence.ts";
import { nextMessage } from "./link_turn.ts";
import type { Heard } from "./link_view.ts";
import { LinkView } from "./link_view.ts";
import { StateAnswers } from "./state_answers.ts";
import { StateOutbox } from "./state_outbox.ts";
import type { Copy, StateEffects, StateMessage } from "./state_types.ts";
import { ABSENT_GRACE_TICKS, ABSENT_TICKS, DISPUTE_TICKS } from "./state_types.ts";
import { faultOf, isAhead } from "./topic_judge.ts";
import type { Party } from "./topic_rules.ts";
import { stateOwner } from "./topic_rules.ts";
import type { TopicView } from "./topic_view.ts";
import { viewTopic } from "./topic_view.ts";
import { hashOf, isNewer, isSame } from "./version.ts";
import { VersionHashes, VersionTable } from "./version_table.ts";

export class StateTopics {
  readonly #self: Party;
  readonly #digest: Digest;
  readonly #wallMs: () => number;
  readonly #hashes: VersionHashes;
  readonly #copies: VersionTable<Copy>;
  readonly #links = new Map<number, LinkView>();
  readonly #outbox: StateOutbox;
  readonly #answers: StateAnswers;

  constructor(options: {
    readonly self: Party;
    readonly digest: Digest;
    readonly wallMs: () => number;
    readonly effects: StateEffects;
  }) {
    this.#self = { key: options.self.key, role: options.self.role };
    this.#digest = options.digest;
    this.#wallMs = options.wallMs;
    this.#hashes = new VersionHashes(options.digest);
    this.#copies = new VersionTable(this.#hashes);
    this.#outbox = new StateOutbox(options.effects);
    this.#answers = new StateAnswers({
      self: this.#self,
      copies: this.#copies,
      links: this.#links,
      outbox: this.#outbox,
    });
  }

  /** Owner only. The version is to be newer than the last one published, its hash that of the bytes. */
  publish(snapshot: Snapshot): "ok" | "too_many_topics" | "too_large" {
    const { topic, version, bytes, tombstone } = snapshot;
    assert(stateOwner(topic) === this.#self.key, "a topic of this node");
    assert(tombstone === (bytes.length === 0), "bytes unless it is a tombstone");
    assert(version.hash === hashOf(this.#digest, bytes), "the hash of the bytes");
    const held = this.#copies.get(topic);
    assert(held === undefined || isNewer(version, held.version), "a newer version than the last");
    if (bytes.length > TOPIC_SIZE_MAX) return "too_large";
    if (held === undefined && this.#copies.size >= TOPICS_MAX) return "too_many_topics";
    this.#keep(snapshot, this.#self.key);
    this.#flush();
    return "ok";
  }

  /** Owner only: takes a tombstone whose time is over off every list. */
  forget(topic: string): void {
    assert(stateOwner(topic) === this.#self.key, "a topic of this node");
    this.#drop(topic, this.#self.key);
    this.#flush();
  }

  linkUp(link: { readonly serial: number; readonly peer: Party; readonly relation: LinkRelation }): void {
    assert(!this.#links.has(link.serial), "a link that is not up yet");
    const view = new LinkView({ ...link, self: this.#self, hashes: this.#hashes });
    this.#links.set(link.serial, view);
    if (view.listDue) this.#outbox.ready(view.serial);
    this.#flush();
  }

  linkDown(serial: number): void {
    this.#links.delete(serial);
  }

  receive(serial: number, message: StateMessage): void {
    const link = this.#links.get(serial);
    if (link === undefined) return;
    switch (message.kind) {
      case "list":
        this.#hearList(link, message.entries);
        break;
      case "snapshot":
        this.#hearSnapshot(link, message.snapshot);
        break;
      case "want":
        for (const topic of message.topics) this.#hearWant(link, topic);
        break;
      case "report":
        for (const report of message.reports) this.#hearReport(link, report);
        break;
      case "relist":
        if (link.offers.kind !== "none") this.#dueList(link);
        break;
      default:
        unreachable(message);
    }
    this.#flush();
  }

  /** The next message for this link; what it says counts as said from now on. */
  next(serial: number): StateMessage | undefined {
    const link = this.#links.get(serial);
    return link === undefined ? undefined : nextMessage(link, this.#copies, this.#wallMs());
  }

  /** For every ping and pong that arrived: the digest of what the other end has said on this link before it. */
  beat(serial: number, theirSaidDigest: bigint): void {
    const link = this.#links.get(serial);
    if (link === undefined) return;
    const heard = link.heard.digest;
    if (theirSaidDigest === heard) {
      link.dispute = undefined;
      return;
    }
    const last = link.dispute;
    if (last?.said === theirSaidDigest && last.heard === heard && link.ticks - last.tick < DISPUTE_TICKS) return;
    link.dispute = { said: theirSaidDigest, heard, tick: link.ticks };
    link.relistDue = true;
    this.#outbox.ready(serial);
    this.#flush();
  }

  /** At each tick of the link's own heartbeat. */
  tick(serial: number): void {
    const link = this.#links.get(serial);
    if (link === undefined) return;
    link.ticks += 1;
    this.#answers.compareStanding(link);
    if (link.listHeard && link.ticks >= link.absentDue) {
      link.absentDue = link.ticks + ABSENT_TICKS;
      for (const topic of this.#copies.topics()) this.#compareAbsent(link, topic);
    }
    this.#flush();
  }

  saidDigest(serial: number): bigint {
    return this.#links.get(serial)?.said.digest ?? 0n;
  }

  /** Over all copies held here: equal digests mean equal copies. */
  appliedDigest(): bigint {
    return this.#copies.digest;
  }

  get copyCount(): number {
    return this.#copies.size;
  }
  /** Links on which the other end has said something else than was heard. */
  get disputedCount(): number {
    let count = 0;
    for (const link of this.#links.values()) if (link.dispute !== undefined) count += 1;
    return count;
  }

  copy(topic: string): Copy | undefined {
    return this.#copies.get(topic);
  }

  /** All of them, tombstones too, by name. */
  copies(): Copy[] {
    return this.#copies.topics().flatMap((topic) => this.#copies.get(topic) ?? []);
  }

  /** What each link has said and heard of a topic: for "why does that node not have it?". */
  view(topic: string): TopicView {
    return viewTopic(topic, this.#copies.get(topic), this.#links.values());
  }

  #hearList(link: LinkView, entries: readonly ListEntry[]): void {
    const before = link.heard;
    link.heard = new VersionTable(this.#hashes);
    for (const entry of entries) this.#hear(link, entry, before.get(entry.topic));
    // Else a link that takes nothing could be made to remember the names of any number of lists.
    for (const topic of link.wants) if (link.heard.get(topic) === undefined) link.wants.delete(topic);
    if (!link.listHeard) link.absentDue = link.ticks + ABSENT_GRACE_TICKS;
    link.listHeard = true;
    for (const [topic, heard] of link.heard.entries()) {
      const owner = stateOwner(topic);
      if (owner === undefined || !link.mayHear(owner)) this.#outbox.refused("not_offered", heard);
      else this.#answers.answer(link, topic, heard);
    }
  }

  #hearSnapshot(link: LinkView, snapshot: Snapshot): void {
    const { topic, version } = snapshot;
    const heard = this.#hear(link, snapshot, link.heard.get(topic));
    if (heard === undefined) return;
    const owner = stateOwner(topic);
    if (owner === undefined || !link.mayHear(owner)) {
      this.#outbox.refused("not_offered", heard);
      return;
    }
    const held = this.#copies.get(topic);
    if (held !== undefined && !isNewer(version, held.version)) {
      this.#answers.answer(link, topic, heard);
      return;
    }
    const isFull = held === undefined && this.#copies.size >= TOPICS_MAX;
    const fault = isFull ? "too_many_topics" : faultOf(snapshot, held?.version, this.#digest);
    if (fault !== undefined) this.#outbox.refused(fault, heard);
    // A peer's tombstone that the owner itself has forgotten must not come back to life between peers.
    else if (held === undefined && snapshot.tombstone && ownerLacks(this.#links.values(), topic, owner))
      heard.settled = true;
    else this.#outbox.accepted(this.#keep(snapshot, owner));
  }

  /** Notes what was heard, before it is judged. Undefined when there is no room to note it. */
  #hear(link: LinkView, entry: ListEntry, before: Heard | undefined): Heard | undefined {
    const { topic, version } = entry;
    if (link.heard.get(topic) === undefined && link.heard.size >= TOPICS_MAX) {
      this.#outbox.refused("too_many_topics");
      return undefined;
    }
    const isKnown = before !== undefined && isSame(before.version, version);
    const heard = isKnown ? before : { version, atMs: this.#wallMs(), settled: false, waitUntil: undefined, asks: 0 };
    heard.settled = false;
    link.heard.set(topic, heard);
    return heard;
  }

  #hearWant(link: LinkView, topic: string): void {
    const copy = this.#copies.get(topic);
    if (copy === undefined) {
      if (link.said.get(topic) !== undefined) this.#dueList(link);
      return;
    }
    if (!link.mayOffer(copy.owner)) {
      this.#outbox.refused("not_offered");
      return;
    }
    link.dirty.add(topic);
    this.#outbox.ready(link.serial);
  }

  #hearReport(link: LinkView, report: Report): void {
    const owner = stateOwner(report.topic);
    if (owner === undefined || !link.mayOffer(owner)) this.#outbox.refused("not_offered");
    else if (owner !== this.#self.key) this.#answers.forward(report, owner, link);
    else if (isAhead(report.claims, this.#copies.get(report.topic)?.version)) this.#outbox.reported(report);
  }

  /** A copy that the other end may say but lacks: its owner may have lost it. A tombstone that nobody says is done. */
  #compareAbsent(link: LinkView, topic: string): void {
    const copy = this.#copies.get(topic);
    if (copy === undefined || !link.mayHear(copy.owner) || link.heard.get(topic) !== undefined) return;
    const links = [...this.#links.values()];
    if (!copy.tombstone) this.#answers.reportHeld(copy, { kind: "own", link });
    else if (ownerLacks(links, topic, copy.owner) || nobodySays(links, topic, copy.owner)) {
      this.#drop(topic, copy.owner);
      this.#outbox.dropped(topic);
    }
  }

  #keep(snapshot: Snapshot, owner: NodeKey): Copy {
    const copy: Copy = { ...snapshot, owner, atMs: this.#wallMs() };
    this.#copies.set(copy.topic, copy);
    for (const link of this.#links.values()) {
      if (!link.mayOffer(owner)) continue;
      link.dirty.add(copy.topic);
      this.#outbox.ready(link.serial);
    }
    return copy;
  }

  #drop(topic: string, owner: NodeKey): void {
    if (!this.#copies.delete(topic)) return;
    for (const link of this.#links.values()) {
      // Those that still say it are not asked for it again.
      const heard = link.heard.get(topic);
      if (heard !== undefined) heard.settled = true;
      link.dirty.delete(topic);
      if (link.mayOffer(owner)) this.#dueList(link);
    }
  }

  #dueList(link: LinkView): void {
    link.listDue = true;
    this.#outbox.ready(link.serial);
  }

  #flush(): void {
    this.#outbox.flush((serial) => this.#links.has(serial));
  }
}
