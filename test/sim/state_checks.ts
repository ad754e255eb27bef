/**
 * Looks at the replicas, links and queues of a simulated cluster while it runs: what may never be, and whether it
 * has come to rest.
 */

import type { PeerLink } from "#link/link_port.ts";
import { compareOrder, isSame, versionText } from "#sync/version.ts";
import type { Version } from "#wire/sync_message.ts";
import type { Life, SimCluster } from "./sim_cluster.ts";
import type { Workload } from "./workload.ts";
import { idOf } from "./workload.ts";

/** DESIGN 5: a link's data queue, and one frame that may have been let in just below the limit. */
/** Two silent ticks come at most three intervals after the last byte; one more for a tick that a thaw has spoilt. */
const SILENT_INTERVALS_MAX = 4.3;
const LINK_QUEUE_MAX = 33 * 1024 * 1024;

export class StateChecks {
  readonly #cluster: SimCluster;
  readonly #lastVersions = new Map<string, { readonly version: Version; readonly tombstone: boolean }>();

  readonly #lastHeard = new Map<string, { size: number; atMs: number; frozenMs: number }>();

  constructor(cluster: SimCluster) {
    this.#cluster = cluster;
  }

  every(intervalMs: number): void {
    const again = (): void => {
      this.#look();
      this.#cluster.world.after(intervalMs, again);
    };
    again();
  }

  /** Every node runs, has all its links, and holds what the owner holds. */
  isConverged(): boolean {
    const { topology, lives } = this.#cluster;
    if (lives.length < topology.nodes.length) return false;
    let links = 0;
    for (const life of lives) {
      if (!life.node.isStarted) return false;
      links += life.node.node.mesh.hub.links().length;
    }
    if (links < topology.pairs.length * 2) return false;
    const owned = this.#owned();
    return lives.every((life) => {
      const { state } = life.node.node.mesh.sync;
      return owned.every(({ topic, version }) => {
        const held = state.copy(topic)?.version;
        return held !== undefined && isSame(held, version);
      });
    });
  }

  /** For people: what there is still to come. */
  lacking(): string {
    const { topology } = this.#cluster;
    const out: string[] = [];
    for (const spec of topology.nodes) {
      const life = this.#cluster.life(spec.id);
      if (life?.node.isStarted !== true) {
        out.push(`${spec.id} is not running`);
        continue;
      }
      out.push(...life.node.node.ready().waitingFor.map((what) => `${spec.id} waits for ${what}`));
      for (const { topic, version } of this.#owned()) {
        const held = life.node.node.mesh.sync.state.copy(topic)?.version;
        if (held !== undefined && isSame(held, version)) continue;
        out.push(
          `${spec.id} holds ${topic} ${held === undefined ? "not" : versionText(held)} but ${versionText(version)}`,
        );
      }
    }
    return out.join("; ");
  }

  /** Whatever the owner does not have and others do is adopted. */
  rescueOrphans(workload: Workload): void {
    const life = this.#cluster.lives.find((one) => one.spec.role === "cross_center");
    for (const { topic } of life?.node.node.activities?.owner.orphans() ?? []) {
      if (life !== undefined) workload.rescue(life, { id: idOf(topic), verb: "adopt" });
    }
  }

  /** No node has more, less or something else than the others, tombstones apart that are on their way out. */
  replicasAreEqual(): void {
    const living = (life: Life): string =>
      life.node.node.mesh.sync.state
        .copies()
        .filter((copy) => !copy.tombstone)
        .map((copy) => `${copy.topic} ${versionText(copy.version)}`)
        .join();
    const { ledger, lives } = this.#cluster;
    const owner = lives.find((life) => life.spec.role === "cross_center");
    const wanted = owner === undefined ? "" : living(owner);
    for (const life of lives) {
      if (living(life) !== wanted) ledger.violation(`${life.name} holds ${living(life)}, the owner ${wanted}`);
    }
  }

  linkSerials(): string {
    return this.#cluster.lives
      .flatMap((life) => life.node.node.mesh.hub.links().map((link) => `${life.name}:${link.serial}`))
      .toSorted()
      .join();
  }

  /** What modules have heard of openings is what the owner has open. */
  openTermsAgree(): void {
    const { ledger, lives } = this.#cluster;
    const owner = lives.find((life) => life.spec.role === "cross_center");
    for (const view of owner?.node.node.activities?.owner.list() ?? []) {
      const wanted = view.phase === "open" ? view.term : undefined;
      for (const life of lives) {
        const found = ledger.openTerm(life.name, `${view.owner}/${view.id}`);
        if (found !== wanted)
          ledger.violation(`${life.name} has term ${found ?? "none"} of ${view.id} open, wish is ${wanted ?? "none"}`);
      }
    }
  }

  /** Every node of a shard believes exactly what its gateway believes. */
  loginsAgree(): void {
    const { ledger, lives } = this.#cluster;
    for (const gateway of lives) {
      const { sessions } = gateway.node.node;
      if (sessions === undefined) continue;
      for (const life of lives) {
        const { logins, self } = life.node.node;
        if (logins === undefined || life.spec.dials[0] !== gateway.spec.id) continue;
        const wanted = sessions.bindingsOf(self);
        const wrong = wanted.filter(({ player, session }) => logins.sessionOf(player) !== session);
        ledger.count("logins agree", wanted.length - wrong.length);
        if (wrong.length > 0)
          ledger.violation(
            `${life.name} does not believe ${gateway.name} about ${wrong.map((one) => one.player).join()}`,
          );
        if (logins.count > wanted.length)
          ledger.violation(`${life.name} believes ${logins.count} logins, its gateway ${wanted.length}`);
      }
    }
  }

  /** The owner's own word on its topics. */
  #owned(): readonly { topic: string; version: Version }[] {
    return this.#cluster.lives
      .filter((life) => life.spec.role === "cross_center")
      .flatMap((life) => life.node.node.mesh.sync.state.copies());
  }

  /** A link on which nothing is heard for two intervals is closed (DESIGN 5). */
  #lookForSilence(life: Life, link: PeerLink): void {
    const { world, ledger } = this.#cluster;
    const key = `${life.name}:${link.serial}`;
    const last = this.#lastHeard.get(key);
    if (last === undefined || last.size !== link.receivedSize) {
      this.#lastHeard.set(key, { size: link.receivedSize, atMs: world.nowMs, frozenMs: life.process.frozenMs });
      return;
    }
    if (life.process.isFrozen) return;
    const intervals = (world.nowMs - last.atMs - (life.process.frozenMs - last.frozenMs)) / link.heartbeatMs;
    if (intervals <= SILENT_INTERVALS_MAX) return;
    ledger.violation(
      `${life.name} keeps a link to ${link.peer.id} that is silent for ${intervals.toFixed(1)} intervals`,
    );
    this.#lastHeard.set(key, { size: link.receivedSize, atMs: Number.POSITIVE_INFINITY, frozenMs: 0 });
  }

  #look(): void {
    const { ledger, lives } = this.#cluster;
    for (const life of lives) {
      const { mesh } = life.node.node;
      const wrong = life.death.stillHere();
      if (wrong !== undefined) {
        ledger.violation(wrong);
        life.death.leaving();
      }
      for (const link of mesh.hub.links()) {
        this.#lookForSilence(life, link);
        const size = link.dataQueuedSize - link.dataWrittenSize;
        if (size > LINK_QUEUE_MAX) ledger.violation(`${life.name} queues ${size} bytes for ${link.peer.id}`);
      }
      for (const { topic, version, tombstone } of mesh.sync.state.copies()) {
        const key = `${life.name} ${topic}`;
        const last = this.#lastVersions.get(key);
        // A tombstone that its owner has lost with all its data is forgotten everywhere, and the id begins anew.
        const mayBeginAnew = last?.tombstone === true && this.#cluster.wasWiped("cross_center-5");
        if (last !== undefined && !mayBeginAnew) {
          const order = compareOrder(version, last.version);
          if (order < 0) ledger.violation(`${key} fell from ${versionText(last.version)} to ${versionText(version)}`);
          if (order === 0 && version.hash !== last.version.hash)
            ledger.violation(`${key} changed under its version ${versionText(last.version)}`);
        }
        this.#lastVersions.set(key, { version, tombstone });
      }
    }
  }
}
