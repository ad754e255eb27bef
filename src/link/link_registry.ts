/**
 * Which links there are: one per node. Decides about a second one after its proof. The same boot is the same
 * process that dialled again: its new link replaces the old one. Another boot means either that the old process
 * has died unnoticed or that there are twins: the old one is pinged, any byte from it within one interval
 * refuses the newcomer, silence replaces the old one.
 */

import type { Timer } from "#base/clock.ts";
import type { NodeKey } from "#wire/role.ts";
import type { HandshakeConn } from "./handshake_conn.ts";
import type { Link, LinkOptions } from "./link.ts";
import type { LinkContext } from "./link_context.ts";

/** Longest wait for the old link's sign of life, so that the newcomer's handshake does not run out meanwhile. */
const PROBE_MS_MAX = 2_000;
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
  readonly #links = new Map<NodeKey, Link>();
  readonly #probes = new Map<NodeKey, Probe>();
  readonly #twinAlarms = new Map<string, Timer>();

  constructor(context: LinkContext) {
    this.#context = context;
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
    const made = newcomer.link({ relation, ended, forget: (link) => this.#forget(link) });
    if (made === undefined) return;
    const { link, welcome } = made;
    this.#links.set(link.peer.key, link);
    wishes.admitted(link);
    link.start(welcome);
  }

  #forget(link: Link): void {
    if (this.#links.get(link.peer.key) === link) this.#links.delete(link.peer.key);
  }

  #startProbe(old: Link, newcomer: HandshakeConn, wishes: LinkWishes): void {
    const { clock } = this.#context;
    const { key } = old.peer;
    const seenSize = old.receivedSize;
    const decide = (): void => {
      const probe = this.#probes.get(key);
      if (probe === undefined) return;
      this.#probes.delete(key);
      probe.timer.cancel();
      old.onLife = undefined;
      if (!probe.newcomer.isDeciding) return;
      if (old.isUp && old.receivedSize !== seenSize) return this.#refuseTwin(old, probe.newcomer);
      if (old.isUp) old.leave("replaced", "silent while another process of this id came");
      this.offer(probe.newcomer, probe.wishes);
    };
    // After a poll: bytes that wait in the system are signs of life as well.
    const timer = clock.after(Math.min(old.heartbeatMs, PROBE_MS_MAX), () => clock.afterPoll(decide));
    this.#probes.set(key, { newcomer, wishes, timer });
    old.onLife = decide;
    old.ping();
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
