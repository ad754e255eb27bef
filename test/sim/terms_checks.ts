/**
 * Looks at all nodes of the terms simulation while it runs, and at the end: what replicas hold was committed, groups do
 * not change in a term anywhere, nothing raises an alarm for long, and what was issued has arrived once.
 */

import { activityTopic } from "#activity/activity_topic.ts";
import { isRunning } from "#activity/phases.ts";
import { readMail } from "#delivery/reward.ts";
import { bytesOf, textOf } from "#store/row.ts";
import type { NodeId } from "#wire/role.ts";
import type { SimCluster } from "./sim_cluster.ts";
import type { TermBook } from "./term_book.ts";
import { rewardText } from "./terms_kinds.ts";
import type { TermsWorld } from "./terms_world.ts";
import { hostOf } from "./topology.ts";

export class TermsChecks {
  readonly #terms: TermsWorld;
  readonly #cluster: SimCluster;
  readonly #book: TermBook;
  /** By life and topic: the version that was looked at last. */
  readonly #seen = new Map<string, string>();

  constructor(terms: TermsWorld) {
    this.#terms = terms;
    this.#cluster = terms.cluster;
    this.#book = terms.book;
  }

  every(intervalMs: number): void {
    const again = (): void => {
      this.#look();
      this.#cluster.world.after(intervalMs, again);
    };
    again();
  }

  /** Every term is over, and nothing is on its way to a shard. */
  async unfinished(): Promise<string[]> {
    const out: string[] = [];
    for (const life of this.#cluster.lives) {
      for (const view of life.node.node.activities?.owner.list() ?? []) {
        if (view.stopped !== undefined) out.push(`${view.id} is stopped: ${view.stopped}`);
        if (view.term !== undefined && view.phase !== "closed" && view.phase !== "cancelled")
          out.push(`${view.id} is in ${view.phase}`);
      }
    }
    for (const owner of this.#terms.owners) {
      const sql = "SELECT activity, term, player, shard, state FROM outbox WHERE state <> 'acknowledged'";
      const rows = await this.#cluster.disk(hostOf(owner as NodeId)).transaction((tx) => tx.all(sql));
      if (rows.length > 0) out.push(`${owner} has ${rows.length} rewards to deliver, like ${JSON.stringify(rows[0])}`);
    }
    return out;
  }

  /** At the very end: each reward that was earned is one mail at the shard where its player lives. */
  async rewardsArrived(): Promise<void> {
    const { ledger } = this.#cluster;
    const earned = this.#earned();
    const issued = new Set<string>();
    for (const owner of this.#terms.owners) {
      const rows = await this.#cluster
        .disk(hostOf(owner as NodeId))
        .transaction((tx) => tx.all("SELECT * FROM outbox"));
      for (const row of rows) {
        const key = { activity: textOf(row, "activity"), term: textOf(row, "term"), group: textOf(row, "group_name") };
        const rest = { ranking: textOf(row, "ranking"), player: textOf(row, "player"), tier: textOf(row, "tier") };
        issued.add(rewardText({ ...key, ...rest }));
      }
    }
    for (const key of earned.keys()) if (!issued.has(key)) ledger.violation(`${key} was earned and not issued`);
    for (const key of issued) if (!earned.has(key)) ledger.violation(`${key} was issued and not earned`);
    const granted = new Set<string>();
    for (const shard of this.#terms.livingShards()) {
      const rows = await this.#cluster
        .disk(`center-${shard}`)
        .transaction((tx) => tx.all("SELECT player, bytes FROM mail"));
      for (const row of rows) {
        const read = readMail(bytesOf(row, "bytes"));
        const key = read.kind === "ok" ? read.mail.text : `a mail that is ${read.detail}`;
        ledger.count("mails");
        if (granted.has(key)) ledger.violation(`${key} has come twice`);
        granted.add(key);
        const home = earned.get(key);
        if (home === undefined) ledger.violation(`${key} has come and was not earned`);
        else if (this.#terms.homeOf(home) !== shard) ledger.violation(`${key} of shard ${home} has come to ${shard}`);
      }
    }
    for (const key of earned.keys()) if (!granted.has(key)) ledger.violation(`${key} was earned and has not come`);
  }

  /** What an operator would see now. Nothing fails any more, so nothing has a reason but shards without a group. */
  noAlarms(): void {
    const { ledger, lives } = this.#cluster;
    for (const life of lives) {
      for (const { name, detail } of life.node.node.alarms.all()) {
        if (!name.startsWith("ungrouped:")) {
          ledger.violation(`${life.name} raises ${name}: ${JSON.stringify(detail)}`);
          continue;
        }
        const id = name.slice("ungrouped:".length);
        const found = life.node.node.activities?.owner.get(id);
        if (found?.schedule.kind !== "shard_day")
          ledger.violation(`${life.name} raises ${name} and no term of it runs`);
      }
    }
  }

  /** Each life has heard of exactly the terms that are open. */
  openTermsAgree(): void {
    const { ledger, lives } = this.#cluster;
    for (const owner of lives) {
      for (const view of owner.node.node.activities?.owner.list() ?? []) {
        const wanted = view.phase === "open" ? view.term : undefined;
        for (const life of lives) {
          const found = ledger.openTerm(life.name, `${view.owner}/${view.id}`);
          if (found !== wanted) ledger.violation(`${life.name} has ${found} of ${view.id} open, wish is ${wanted}`);
        }
      }
    }
  }

  /** By reward: the shard that its player was at home in. */
  #earned(): ReadonlyMap<string, number> {
    const earned = new Map<string, number>();
    for (const { term, group, ranking, places, activity, rewarded, entries } of this.#book.settlements.values()) {
      if (this.#book.terms.get(term)?.phases.includes("reward") !== true) continue;
      if (rewarded !== entries)
        this.#cluster.ledger.violation(`${term}/${group}/${ranking} is rewarded up to ${rewarded} of ${entries}`);
      for (const [index, { player, shard }] of places.entries()) {
        for (const tier of index === 0 ? ["place", "first"] : ["place"]) {
          earned.set(rewardText({ activity, term, group, ranking, player, tier }), shard);
        }
      }
    }
    return earned;
  }

  #look(): void {
    const { ledger, lives } = this.#cluster;
    this.#terms.lookAtFacts();
    for (const life of lives) {
      for (const { owner, id, version, content, tombstone } of life.node.node.replica.view()) {
        const topic = activityTopic(owner, id);
        const key = `${life.name} ${topic}`;
        if (this.#seen.get(key) === version) continue;
        this.#seen.set(key, version);
        ledger.count("versions seen");
        if (!this.#book.versions.has(`${topic} ${version}`))
          ledger.violation(`${life.name} holds ${topic} ${version}, which was never committed`);
        if (tombstone || content === undefined || !isRunning(content)) continue;
        const known = this.#book.terms.get(content.term?.id ?? "");
        const groups = JSON.stringify(content.term?.groups ?? null);
        if (known?.groups !== groups)
          ledger.violation(`${key} has the groups ${groups}, its term began with ${known?.groups}`);
      }
    }
  }
}
