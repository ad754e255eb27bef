/**
 * The counters of a node as metrics: `layer.what:reason` is `kuafu_layer_what_total` with the label `reason`. Those that
 * the runtime counts are all there from the start, so that a rule can name them before they have counted anything.
 *
 * Series are as many as there are names of counters, which are bounded (base/counters.ts).
 */

import type { Counters } from "#base/counters.ts";
import type { Registry } from "prom-client";
import { Counter } from "prom-client";

/** What the runtime counts. A counter that is not listed here is a metric from its first count on. */
export const COUNTER_HELP: Readonly<Record<string, string>> = {
  "admin.audit_failed": "Changes whose line in the audit trail could not be written",
  "admin.call_failed": "Questions of the admin API that ended with a call error, by code",
  "admin.failed": "Requests of the admin API that ended with an error of ours",
  "admin.refused": "Requests that the admin API refused, by reason",
  "base.counter_overflow": "Counts whose counter found no room",
  "delivery.acknowledged": "Rewards that a shard has acknowledged",
  "delivery.applied": "Rewards that this shard has got, as mails",
  "delivery.claimed": "Mails whose items are in the bag",
  "delivery.failed": "Attempts to send rewards, or to compare them, that failed",
  "delivery.held": "Rewards that a shard refused, and that wait for an operator",
  "delivery.known": "Rewards that this shard had already when they came",
  "delivery.refused": "Rewards that this shard refused because of what is in them",
  "delivery.sent_again": "Rewards that are sent again because their shard lacks some of the term",
  "link.beat_ignored": "Pings and pongs beyond the limit of one interval",
  "link.closed": "Links and attempts that ended, by reason",
  "link.duplicate_identity": "Newcomers refused because a node of their id is alive",
  "link.refused": "Nodes that this node refused to link with, by reason",
  "link.refused_by_peer": "Refusals that this node was told, by reason",
  "link.turn_spent": "Turns that ended before all was handled that one peer had sent",
  "link.up": "Links that came up",
  "mesh.attached_refused": "Route news that said what its gateway cannot say",
  "mesh.cast_dropped": "Casts that found no way or no room on their way",
  "mesh.duplicate_identity": "Times that two processes with one node id were seen",
  "mesh.exit": "Deaths of the gateway that this node follows, by reason",
  "mesh.hops_exhausted": "Frames that were forwarded too often",
  "mesh.no_route": "Frames for which there was no way",
  "mesh.overloaded": "Calls that found a full send queue on their way",
  "mesh.reply_dropped": "Replies and errors that found no way",
  "mesh.source_refused": "Frames whose source cannot be behind the link they came on",
  "module.faults": "Faults in modules",
  "player_data.commits": "Transactions on players' data that were committed",
  "player_data.committed": "Pieces of work in these transactions: changes, loads and looks",
  "player_data.fenced": "Changes that were planned again because another node had taken the player over",
  "player_data.load_failed": "Players whose data could not be loaded when they logged in",
  "player_data.loaded": "Times that this node has taken a player's data over",
  "player_data.unsaved": "Transactions on players' data that failed, by reason",
  "rpc.cast_dropped": "Casts of this node that could not leave it",
  "rpc.foreign_reply": "Replies from a node that was not called",
  "rpc.handler_failed": "Handlers that threw",
  "rpc.late_reply": "Replies to calls that had ended",
  "rpc.refused": "Calls that this node answered with an error, by code",
  "rpc.reply_dropped": "Replies of this node that could not leave it",
  "rpc.reply_too_late": "Calls whose handler answered after their deadline",
  "rpc.retries": "Further attempts of calls",
  "session.conn_ended": "Connections of players that ended after their welcome, by reason",
  "session.lost": "Sessions whose players did not come back in time",
  "session.opened": "Sessions that players have begun",
  "session.reconcile_failed": "Comparisons of sessions that failed",
  "session.refused": "Connections of players that ended before a welcome, by reason",
  "session.request": "Requests of players that were handed on",
  "session.request_failed": "Requests of players that were answered with an error, by code",
  "session.resumed": "Sessions that players have come back to",
  "session.tell_failed": "Logins and logouts that a node could not be told",
  "sync.refused": "Entries of topics that were not taken, by reason",
};

/** Of them, those that are counted by reason: their series begin with the first count. All others begin with 0. */
export const REASONED: ReadonlySet<string> = new Set([
  "admin.call_failed",
  "admin.refused",
  "link.closed",
  "link.refused",
  "link.refused_by_peer",
  "mesh.exit",
  "player_data.unsaved",
  "rpc.refused",
  "session.conn_ended",
  "session.refused",
  "session.request_failed",
  "sync.refused",
]);

export class CounterMetrics {
  readonly #registry: Registry;
  readonly #counters: Counters;
  readonly #metrics = new Map<string, Counter>();

  constructor(registry: Registry, counters: Counters) {
    this.#registry = registry;
    this.#counters = counters;
    for (const what of Object.keys(COUNTER_HELP)) this.#metricOf(what);
  }

  /** Takes over what the counters say now. */
  refresh(): void {
    for (const metric of this.#metrics.values()) metric.reset();
    // Without a first 0 nobody would see an increase to 1.
    for (const what of Object.keys(COUNTER_HELP)) if (!REASONED.has(what)) this.#metricOf(what).inc(0);
    for (const [name, count] of Object.entries(this.#counters.all())) {
      const [what = name, ...reason] = name.split(":");
      const metric = this.#metricOf(what);
      if (reason.length > 0) metric.inc({ reason: reason.join(":") }, count);
      else metric.inc(count);
    }
  }

  #metricOf(what: string): Counter {
    const name = `kuafu_${what.replace(/[^A-Za-z0-9_]/g, "_")}_total`;
    const known = this.#metrics.get(name);
    if (known !== undefined) return known;
    const help = COUNTER_HELP[what] ?? `Counter ${what}`;
    const made = new Counter({ name, help, labelNames: ["reason"], registers: [this.#registry] });
    this.#metrics.set(name, made);
    return made;
  }
}
