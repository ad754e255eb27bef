/**
 * What every node answers about itself: describe, health, hop, routes, nodes, topic. Reads only.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { LinkStatus, PeerLink } from "#link/link_port.ts";
import type { AppliedView } from "#mesh/applied_view.ts";
import type { Directory } from "#mesh/directory.ts";
import { describeHop } from "#mesh/hop.ts";
import type { Router } from "#mesh/router.ts";
import type { AppliedTopic, NodeDescription, NodeHealth, NodeRow, Problem } from "#rpc/node_report.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import type { Server } from "#rpc/server.ts";
import type { StateTopics } from "#sync/state_topics.ts";
import { versionText } from "#sync/version.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeKey } from "#wire/role.ts";
import { idOfKey, keyOfId } from "#wire/role.ts";

export interface RuntimeServiceOptions {
  readonly self: Identity;
  readonly release: string;
  readonly policy: string | undefined;
  readonly clock: Clock;
  readonly server: Server;
  readonly directory: Directory;
  readonly router: Router;
  readonly states: StateTopics;
  readonly applied: AppliedView;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly links: (key: NodeKey) => PeerLink | undefined;
  readonly status: () => readonly LinkStatus[];
  readonly modules: () => readonly string[];
  readonly logins: () => number;
  readonly isDraining: () => boolean;
}

export class RuntimeService {
  readonly #options: RuntimeServiceOptions;

  constructor(options: RuntimeServiceOptions) {
    this.#options = options;
    const { server } = options;
    server.serve(RuntimeContract.describe, () => this.describe());
    server.serve(RuntimeContract.health, () => this.health());
    server.serve(RuntimeContract.hop, (question) => describeHop(this.#options, question));
    server.serve(RuntimeContract.routes, () => ({ routes: this.routes() }));
    server.serve(RuntimeContract.nodes, () => ({ nodes: this.nodes() }));
    server.serve(RuntimeContract.topic, ({ topic }) => this.#topic(topic));
    server.serve(RuntimeContract.topicBytes, ({ topic }) => this.#topicBytes(topic));
    server.serve(RuntimeContract.applied, () => ({ applied: this.appliedTopics() }));
  }

  describe(): NodeDescription {
    const { self, release, clock, policy, counters } = this.#options;
    return {
      id: self.id,
      role: self.role,
      shard: self.shard,
      boot: self.boot,
      release,
      startedAtMs: self.startedAtMs,
      uptimeMs: Math.max(0, clock.wallMs() - self.startedAtMs),
      draining: this.#options.isDraining(),
      policy,
      links: [...this.#options.status()],
      applied: this.appliedTopics(),
      modules: [...this.#options.modules()],
      logins: this.#options.logins(),
      counters: counters.all(),
    };
  }

  /** What is wrong, in words: alarms, and links that ought to be up and are not. */
  health(): NodeHealth {
    const problems: Problem[] = this.#options.alarms.all().map((alarm) => ({
      name: alarm.name,
      detail: Object.entries(alarm.detail)
        .map(([key, value]) => `${key} ${String(value)}`)
        .join(", "),
      sinceMs: alarm.sinceMs,
    }));
    for (const link of this.#options.status()) {
      if (link.state === "up" || link.state === "closed") continue;
      const error = link.lastError === undefined ? "" : `, last error: ${link.lastError}`;
      problems.push({
        name: `link:${link.peer}`,
        detail: `link to ${link.peer} at ${link.address} is ${link.state}, attempt ${link.attempt}${error}`,
        sinceMs: link.sinceMs,
      });
    }
    if (this.#options.isDraining()) {
      problems.push({ name: "draining", detail: "this node is leaving", sinceMs: this.#options.clock.wallMs() });
    }
    return { id: this.#options.self.id, ok: problems.length === 0, problems };
  }

  /** This node and all that it can reach, by key. */
  nodes(): NodeRow[] {
    const { self, directory, applied, clock } = this.#options;
    applied.refresh(clock.wallMs());
    const above = directory
      .entries()
      .find((entry) => entry.paths[0]?.distance === 1 && entry.paths[0].link.relation === "above");
    const own: NodeRow = {
      ...rowOf(self),
      gateway: above === undefined || self.role === "gateway" ? self.id : above.identity.id,
      current: true,
      behindSinceMs: undefined,
    };
    const others = directory.entries().map((entry): NodeRow => ({
      ...rowOf(entry.identity),
      gateway: entry.gateway.id,
      ...applied.stateOf(entry.identity.key),
    }));
    return [own, ...others].toSorted((a, b) => keyOfId(a.id) - keyOfId(b.id));
  }

  routes() {
    return this.#options.directory.entries().map((entry) => ({
      target: entry.identity.id,
      shard: entry.identity.shard,
      via: entry.paths.map((path) => path.link.peer.id),
      distance: entry.paths[0]?.distance ?? 0,
    }));
  }

  appliedTopics(): AppliedTopic[] {
    return [...this.#options.states.copies()].map((copy) => ({
      topic: copy.topic,
      version: versionText(copy.version),
      appliedAtMs: copy.atMs,
    }));
  }

  #topic(topic: string) {
    const { copy, links: views } = this.#options.states.view(topic);
    const links = views.map((link) => ({
      peer: idOfKey(link.peer),
      heard: link.heard === undefined ? undefined : versionText(link.heard.version),
      said: link.said === undefined ? undefined : versionText(link.said.version),
      waiting: link.due,
    }));
    return { version: copy === undefined ? undefined : versionText(copy.version), appliedAtMs: copy?.atMs, links };
  }

  #topicBytes(topic: string) {
    const copy = this.#options.states.copy(topic);
    if (copy === undefined || copy.tombstone) return { held: undefined };
    return { held: { ...copy.version, bytes: copy.bytes.slice() } };
  }
}

function rowOf(identity: Identity): Pick<NodeRow, "id" | "role" | "shard" | "boot" | "startedAtMs"> {
  const { id, role, shard, boot, startedAtMs } = identity;
  return { id, role, shard, boot, startedAtMs };
}
