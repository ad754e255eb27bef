/**
 * Which links there are: one per node. Decides about a second one after its proof. The same boot is the same
 * process that dialled again: its new link replaces the old one. Another boot means either that the old process
 * has died unnoticed or that there are twins: the old one is pinged, its answer to that ping within one interval
 * refuses the newcomer, without it the newcomer replaces it. Other bytes are no answer: those of a process that
 * has died may still come in when the network heals.
 */

import type { Timer } from "#base/clock.ts";
import { ATTACHED_MAX } from "#wire/limits.ts";
import type { NodeKey } from "#wire/role.ts";
import type { HandshakeConn } from "./handshake_conn.ts";
import type { Link, LinkOptions } from "./link.ts";
import type { LinkContext } from "./link_context.ts";

/** Longest wait for the old link's sign of life, so that the newcomer's handshake does not run out meanwhile. */
const PROBE_MS_MAX = 2_000;
/** Links at a time: with the gateway itself its route news names no more than ATTACHED_MAX nodes. */
export const LINKS_MAX = ATTACHED_MAX - 1;
/** An alarm about twins goes when none was seen for so long. */
const TWINS_ALARM_MS = 60_000;

/** What the dialer or the acceptor wants of the link that it offers. */
export type LinkWishes = Pick<LinkOptions, "relation" | "ended"> & {
  /** The link is registered and about to start. */
  readonly admitted: (link: Link) => void;
};

interface Probe {
  newcomer: HandshakeConn;
  wishes: LinkWishes;
  readonly timer: Timer;
}

export class LinkRegistry {
  readonly #context: LinkContext;
  readonly #linksMax: number;
  readonly #links = new Map<NodeKey, Link>();
  readonly #probes = new Map<NodeKey, Probe>();
  readonly #twinAlarms = new Map<string, Timer>();

  constructor(context: LinkContext, linksMax: number = LINKS_MAX) {
    this.#context = context;
    this.#linksMax = linksMax;
  }

  get(key: NodeKey): Link | undefined {
    return this.#links.get(key);
  }

  all(): Link[] {
    return [...this.#links.values()];
  }

  /** Takes a proved handshake: it becomes a link now or after a probe, or is refused. */
  offer(newcomer: HandshakeConn, wishes: LinkWishes): void {
    const peer = newcomer.agreement?.peer;
    if (peer === undefined) return;
    const old = this.#links.get(peer.key);
    if (old === undefined) return this.#admit(newcomer, wishes);
    if (old.peer.boot === peer.boot) {
      old.leave("replaced", "a newer link of the same process");
      return this.#admit(newcomer, wishes);
    }
    const probe = this.#probes.get(peer.key);
    if (probe === undefined) return this.#startProbe(old, newcomer, wishes);
    // The latest one waits on: if it is a restart of a restart, the one before is gone already.
    const { newcomer: earlier } = probe;
    probe.newcomer = newcomer;
    probe.wishes = wishes;
    earlier.fail("replaced", "a newer attempt for the same node");
  }

  closeAll(): void {
    for (const timer of this.#twinAlarms.values()) timer.cancel();
    this.#twinAlarms.clear();
    for (const probe of [...this.#probes.values()]) {
      probe.timer.cancel();
      probe.newcomer.fail("stopping", "");
    }
    this.#probes.clear();
  }

  #admit(newcomer: HandshakeConn, wishes: LinkWishes): void {
    const { relation, ended } = wishes;
    // Those that this node dials itself are as many as its config names.
    if (relation === "below" && this.#links.size >= this.#linksMax) {
      return newcomer.refuse("too_many_links", `${this.#links.size} links are up, which is the limit`);
    }
    const made = newcomer.link({ relation, ended, forget: (link) => this.#forget(link) });
    if (made === undefined) return;
    const { link, welcome } = made;
    this.#links.set(link.peer.key, link);
    wishes.admitted(link);
    link.start(welcome);
  }

  #forget(link: Link): void {
    const { key } = link.peer;
    if (this.#links.get(key) !== link) return;
    this.#links.delete(key);
    const probe = this.#probes.get(key);
    // Behind the end that is under way: the layers above hear `down` before the next `up`.
    if (probe !== undefined) this.#context.clock.soon(() => this.#decide(link, probe, false));
  }

  #startProbe(old: Link, newcomer: HandshakeConn, wishes: LinkWishes): void {
    const { clock } = this.#context;
    const { key } = old.peer;
    // After a poll: an answer that waits in the system counts.
    const timer = clock.after(Math.min(old.heartbeatMs, PROBE_MS_MAX), () =>
      clock.afterPoll(() => this.#decide(old, probe, false)),
    );
    const probe: Probe = { newcomer, wishes, timer };
    this.#probes.set(key, probe);
    old.probe(() => this.#decide(old, probe, true));
  }

  #decide(old: Link, probe: Probe, answered: boolean): void {
    const { key } = old.peer;
    if (this.#probes.get(key) !== probe) return;
    this.#probes.delete(key);
    probe.timer.cancel();
    if (!probe.newcomer.isDeciding) return;
    if (answered) return this.#refuseTwin(old, probe.newcomer);
    if (old.isUp) old.leave("replaced", "silent while another process of this id came");
    this.offer(probe.newcomer, probe.wishes);
  }

  #refuseTwin(old: Link, newcomer: HandshakeConn): void {
    const { alarms, counters, clock, logLimit } = this.#context;
    const { id, startedAtMs, boot } = old.peer;
    const name = `duplicate_identity:${id}`;
    counters.add("link.duplicate_identity");
    alarms.raise(name, { node: id, alive: boot, refused: newcomer.agreement?.peer.boot, from: newcomer.remote });
    logLimit.warn("twin refused", { reason: "duplicate_identity", node: id, from: newcomer.remote });
    this.#twinAlarms.get(name)?.cancel();
    const timer = clock.after(TWINS_ALARM_MS, () => {
      this.#twinAlarms.delete(name);
      alarms.clear(name);
    });
    this.#twinAlarms.set(name, timer);
    newcomer.refuse("duplicate_identity", `${id} is linked and alive`, startedAtMs);
  }
}
