/**
 * The answering half of StateTopics: what is heard on a link is compared with what is held, when it comes and, as
 * long as the two differ, at every tick (the standing comparison: said equals heard does not show that the answer
 * has arrived). Answers are a want on that link, or a report towards the owner. Keeps nothing of its own.
 */

import { TOPICS_MAX } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import type { Report } from "#wire/sync_message.ts";
import type { Heard, LinkView } from "./link_view.ts";
import type { ReportOrigin } from "./report_route.ts";
import { reportRoute } from "./report_route.ts";
import type { StateOutbox } from "./state_outbox.ts";
import type { Copy } from "./state_types.ts";
import { judgeHeard } from "./topic_judge.ts";
import type { Party } from "./topic_rules.ts";
import { stateOwner } from "./topic_rules.ts";
import { isSame } from "./version.ts";
import type { VersionTable } from "./version_table.ts";

export class StateAnswers {
  readonly #self: Party;
  readonly #copies: VersionTable<Copy>;
  readonly #links: ReadonlyMap<number, LinkView>;
  readonly #outbox: StateOutbox;

  constructor(options: {
    readonly self: Party;
    readonly copies: VersionTable<Copy>;
    readonly links: ReadonlyMap<number, LinkView>;
    readonly outbox: StateOutbox;
  }) {
    this.#self = options.self;
    this.#copies = options.copies;
    this.#links = options.links;
    this.#outbox = options.outbox;
  }

  /** To a list entry, to a snapshot of no use, and to a difference that stands: want, report, or nothing. */
  answer(link: LinkView, topic: string, heard: Heard): void {
    const held = this.#copies.get(topic);
    const verdict = judgeHeard(heard.version, held?.version);
    if (verdict === "equal") return;
    if (verdict === "epoch_jump") {
      this.#outbox.refused("epoch_jump", heard);
      return;
    }
    heard.waitUntil = link.ticks + 2;
    if (verdict === "want") {
      if (held === undefined && this.#copies.size >= TOPICS_MAX) {
        this.#outbox.refused("too_many_topics", heard);
        return;
      }
      link.wants.add(topic);
      this.#outbox.ready(link.serial);
    } else if (held !== undefined) this.reportHeld(held, { kind: "own", link });
  }

  /** At a tick, for all that was heard on this link. */
  compareStanding(link: LinkView): void {
    for (const [topic, heard] of link.heard.entries()) this.#compareOne(link, topic, heard);
  }

  #compareOne(link: LinkView, topic: string, heard: Heard): void {
    if (heard.settled) return;
    const held = this.#copies.get(topic);
    if (held !== undefined && isSame(held.version, heard.version)) {
      heard.waitUntil = undefined;
      heard.asks = 0;
      return;
    }
    const owner = stateOwner(topic);
    if (owner === undefined || link.wants.has(topic)) return;
    if (this.#route(owner, { kind: "own", link }).some((towards) => towards.reports.has(topic))) return;
    // A difference that is new has one tick to settle by itself: the other uplink may just be slower.
    if (heard.waitUntil === undefined) heard.waitUntil = link.ticks + 1;
    else if (link.ticks >= heard.waitUntil) this.answer(link, topic, heard);
  }

  /** "I hold this", to whoever can bring it to the owner. */
  reportHeld(held: Copy, from: ReportOrigin): void {
    this.#add({ topic: held.topic, reporter: this.#self.key, claims: [held.version] }, held.owner, from);
  }

  /** A report from another node; our own version goes with it, and the slot keeps the higher one, or both when they clash. */
  forward(report: Report, owner: NodeKey, link: LinkView): void {
    const from: ReportOrigin = { kind: "forward", link };
    this.#add(report, owner, from);
    const held = this.#copies.get(report.topic);
    if (held !== undefined) this.reportHeld(held, from);
  }

  #add(report: Report, owner: NodeKey, from: ReportOrigin): void {
    for (const towards of this.#route(owner, from)) {
      if (towards.reports.add(report)) this.#outbox.ready(towards.serial);
      else this.#outbox.refused("too_many_topics");
    }
  }

  #route(owner: NodeKey, from: ReportOrigin): LinkView[] {
    return reportRoute(this.#self, this.#links.values(), { owner, from });
  }
}
