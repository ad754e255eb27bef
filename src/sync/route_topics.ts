/**
 * Route topics of one node: what it says itself, what each link has said last, and what is to be passed on where.
 * The last word of a link replaces its earlier one whatever it is, and goes with a withdraw or with the link.
 *
 * Of the words on a topic that may be passed on to a link, the one that has come the shortest way is; among equals
 * that of the lowest node key. What is due is a dirty flag per (link, topic); the word is chosen when it is written.
 * Pure; the bytes are opaque here.
 */

import { assert } from "#base/assert.ts";
import { equalBytes } from "#base/digest.ts";
import type { LinkRelation } from "#link/link_port.ts";
import { TOPICS_MAX } from "#wire/limits.ts";
import type { SyncMessage } from "#wire/sync_message.ts";
import type { Party, Topic } from "./topic_rules.ts";
import { mayHearRoute, maySayRoute, parseTopic } from "./topic_rules.ts";

/** Words that one link may have said at a time. */
export const ROUTE_TOPICS_MAX = TOPICS_MAX;

export type RouteMessage = Extract<SyncMessage, { readonly kind: "route" } | { readonly kind: "withdraw" }>;

/** What a link said last on a topic. `hops`: links that it had come over before that one. */
export interface RouteWord {
  readonly topic: string;
  readonly serial: number;
  readonly hops: number;
  readonly bytes: Uint8Array;
}

export type RouteRefusal = "route_not_offered" | "too_many_routes";

/** Called when the machine is consistent again. They must not throw. */
export interface RouteEffects {
  ready(serial: number): void;
  /** This link's word on the topic is another one now, or none. Not told when the link goes down: all its words go. */
  changed(change: { readonly serial: number; readonly topic: string; readonly word: RouteWord | undefined }): void;
  refused(reason: RouteRefusal): void;
}

interface RouteLink {
  readonly serial: number;
  readonly peer: Party & { readonly relation: LinkRelation };
  readonly heard: Map<string, RouteWord>;
  readonly said: Map<string, { readonly hops: number; readonly bytes: Uint8Array }>;
  readonly dirty: Set<string>;
}

interface KnownTopic {
  readonly parsed: Topic;
  /** What this node says itself. */
  own: Uint8Array | undefined;
  readonly words: Map<number, RouteWord>;
}

export class RouteTopics {
  readonly #self: Party;
  readonly #effects: RouteEffects;
  readonly #links = new Map<number, RouteLink>();
  readonly #topics = new Map<string, KnownTopic>();

  constructor(options: { readonly self: Party; readonly effects: RouteEffects }) {
    this.#self = { key: options.self.key, role: options.self.role };
    this.#effects = options.effects;
  }

  /** Our own word on our own topic: `attached/<self>` or `applied/<self>`. Replaces the last one. */
  say(topic: string, bytes: Uint8Array): void {
    const parsed = parseTopic(topic);
    assert(
      parsed !== undefined && parsed.kind !== "activity" && parsed.gateway.key === this.#self.key,
      "a route topic of this node",
    );
    this.#known(topic, parsed).own = bytes;
    this.#due(topic);
  }

  withdraw(topic: string): void {
    const known = this.#topics.get(topic);
    if (known?.own === undefined) return;
    known.own = undefined;
    this.#due(topic);
    this.#tidy(topic);
  }

  linkUp(link: { readonly serial: number; readonly peer: Party; readonly relation: LinkRelation }): void {
    assert(!this.#links.has(link.serial), "a link that is not up yet");
    const { serial, relation } = link;
    const peer = { key: link.peer.key, role: link.peer.role, relation };
    const added: RouteLink = { serial, peer, heard: new Map(), said: new Map(), dirty: new Set() };
    this.#links.set(serial, added);
    for (const topic of [...this.#topics.keys()].toSorted())
      if (this.#best(added, topic) !== undefined) added.dirty.add(topic);
    if (added.dirty.size > 0) this.#effects.ready(serial);
  }

  linkDown(serial: number): void {
    const link = this.#links.get(serial);
    if (link === undefined) return;
    this.#links.delete(serial);
    for (const topic of [...link.heard.keys()].toSorted()) {
      this.#topics.get(topic)?.words.delete(serial);
      this.#due(topic);
      this.#tidy(topic);
    }
  }

  receive(serial: number, message: RouteMessage): void {
    const link = this.#links.get(serial);
    if (link === undefined) return;
    if (message.kind === "route") this.#hear(link, message);
    else this.#hearWithdraw(link, message.topic);
  }

  /** The next message for this link; what it says counts as said from now on. */
  next(serial: number): RouteMessage | undefined {
    const link = this.#links.get(serial);
    if (link === undefined) return undefined;
    for (const topic of link.dirty) {
      link.dirty.delete(topic);
      if (!this.#differs(link, topic)) continue;
      const best = this.#best(link, topic);
      if (best === undefined) {
        link.said.delete(topic);
        return { kind: "withdraw", topic };
      }
      link.said.set(topic, best);
      return { kind: "route", topic, hops: best.hops, bytes: best.bytes };
    }
    return undefined;
  }

  /** Every link's last words, by topic, then by link. */
  words(): RouteWord[] {
    return [...this.#topics.keys()].toSorted().flatMap((topic) => this.wordsOn(topic));
  }

  /** The words on one topic, oldest link first. */
  wordsOn(topic: string): RouteWord[] {
    return [...(this.#topics.get(topic)?.words.values() ?? [])].toSorted((a, b) => a.serial - b.serial);
  }

  #hear(link: RouteLink, message: Extract<RouteMessage, { readonly kind: "route" }>): void {
    const { topic, hops, bytes } = message;
    const parsed = parseTopic(topic);
    if (parsed === undefined || !mayHearRoute(this.#self, link.peer, { topic: parsed, hops })) {
      this.#effects.refused("route_not_offered");
      return;
    }
    const last = link.heard.get(topic);
    if (last === undefined && link.heard.size >= ROUTE_TOPICS_MAX) {
      this.#effects.refused("too_many_routes");
      return;
    }
    if (last?.hops === hops && equalBytes(last.bytes, bytes)) return;
    const word: RouteWord = { topic, serial: link.serial, hops, bytes };
    link.heard.set(topic, word);
    this.#known(topic, parsed).words.set(link.serial, word);
    this.#effects.changed({ serial: link.serial, topic, word });
    this.#due(topic);
  }

  #hearWithdraw(link: RouteLink, topic: string): void {
    if (!link.heard.delete(topic)) return;
    this.#topics.get(topic)?.words.delete(link.serial);
    this.#effects.changed({ serial: link.serial, topic, word: undefined });
    this.#due(topic);
    this.#tidy(topic);
  }

  #known(topic: string, parsed: Topic): KnownTopic {
    const known = this.#topics.get(topic) ?? { parsed, own: undefined, words: new Map<number, RouteWord>() };
    this.#topics.set(topic, known);
    return known;
  }

  #tidy(topic: string): void {
    const known = this.#topics.get(topic);
    if (known?.own === undefined && known?.words.size === 0) this.#topics.delete(topic);
  }

  /** Marks the topic on each link whose last said word is not the best one any more. */
  #due(topic: string): void {
    const touched: number[] = [];
    for (const link of this.#links.values()) {
      if (!this.#differs(link, topic)) continue;
      link.dirty.add(topic);
      touched.push(link.serial);
    }
    for (const serial of touched) if (this.#links.has(serial)) this.#effects.ready(serial);
  }

  #differs(link: RouteLink, topic: string): boolean {
    const best = this.#best(link, topic);
    const said = link.said.get(topic);
    if (best === undefined || said === undefined) return best !== said;
    return best.hops !== said.hops || !equalBytes(best.bytes, said.bytes);
  }

  /** What to say on this link: our own word, else the one of the shortest way that may be passed on there. */
  #best(link: RouteLink, topic: string): { readonly hops: number; readonly bytes: Uint8Array } | undefined {
    const known = this.#topics.get(topic);
    if (known === undefined) return undefined;
    if (known.own !== undefined) {
      return maySayRoute(this.#self, link.peer, { topic: known.parsed, hops: 0 })
        ? { hops: 0, bytes: known.own }
        : undefined;
    }
    let best: { readonly hops: number; readonly bytes: Uint8Array; readonly key: number } | undefined;
    for (const word of known.words.values()) {
      const hops = word.hops + 1;
      if (word.serial === link.serial || !maySayRoute(this.#self, link.peer, { topic: known.parsed, hops })) continue;
      const key = this.#links.get(word.serial)?.peer.key ?? Number.POSITIVE_INFINITY;
      if (best === undefined || hops < best.hops || (hops === best.hops && key < best.key))
        best = { hops, bytes: word.bytes, key };
    }
    return best;
  }
}
