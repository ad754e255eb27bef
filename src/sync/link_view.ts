/**
 * What one node knows of one link for its state topics: what was said and heard there, what is due to be said, and
 * the answers that wait. Data with its bookkeeping; the decisions are StateTopics'.
 */

import type { LinkRelation } from "#link/link_port.ts";
import type { NodeKey } from "#wire/role.ts";
import type { Version } from "#wire/sync_message.ts";
import { ReportSlots } from "./report_slots.ts";
import type { Party, Scope } from "./topic_rules.ts";
import { hearScope, inScope, offerScope } from "./topic_rules.ts";
import type { VersionHashes } from "./version_table.ts";
import { VersionTable } from "./version_table.ts";

export interface Said {
  readonly version: Version;
  /** Wall clock. */
  readonly atMs: number;
}

export interface Heard {
  readonly version: Version;
  /** Wall clock of when this version was first heard here. */
  readonly atMs: number;
  /** Refused, or known to be of no use: not answered again until another word comes. */
  settled: boolean;
  /** The tick of this link before which a standing difference is not answered again. */
  waitUntil: number | undefined;
  /** Answers given to this version so far. */
  asks: number;
}

/** A digest difference that was taken up. */
interface Dispute {
  readonly said: bigint;
  readonly heard: bigint;
  readonly tick: number;
}

export class LinkView {
  readonly serial: number;
  readonly peer: Party;
  readonly relation: LinkRelation;
  readonly offers: Scope;
  readonly hears: Scope;
  readonly said: VersionTable<Said>;
  heard: VersionTable<Heard>;
  /** The one dirty flag of each topic: its newest content is due here. */
  readonly dirty = new Set<string>();
  readonly wants = new Set<string>();
  readonly reports = new ReportSlots();
  listDue: boolean;
  relistDue = false;
  /** A whole list was heard, so that what it lacks is known to be lacking. */
  listHeard = false;
  /** The tick at which topics that the other end lacks are looked for. */
  absentDue = 0;
  ticks = 0;
  dispute: Dispute | undefined;

  constructor(options: {
    readonly self: Party;
    readonly serial: number;
    readonly peer: Party;
    readonly relation: LinkRelation;
    readonly hashes: VersionHashes;
  }) {
    this.serial = options.serial;
    this.peer = options.peer;
    this.relation = options.relation;
    this.offers = offerScope(options.self, options.peer, options.relation);
    this.hears = hearScope(options.self, options.peer, options.relation);
    this.said = new VersionTable(options.hashes);
    this.heard = new VersionTable(options.hashes);
    this.listDue = this.offers.kind !== "none";
  }

  mayOffer(owner: NodeKey): boolean {
    return inScope(this.offers, owner);
  }
  mayHear(owner: NodeKey): boolean {
    return inScope(this.hears, owner);
  }
}
