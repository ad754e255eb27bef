/**
 * Looks at the doors, the players and the disks of the players simulation while it runs, and at the end: nobody is online
 * twice, and what is in all bags is what was granted, once for each key.
 */

import { readMail } from "#delivery/reward.ts";
import { bytesOf, integerOf, textOf } from "#store/row.ts";
import type { Watcher } from "./crash_points.ts";
import type { DataWitness } from "./data_witness.ts";
import { readBag, bagText } from "./data_witness.ts";
import type { PlayerAgent } from "./player_agent.ts";
import type { PlayerWishes, Wish } from "./player_wishes.ts";
import { effectOf } from "./player_wishes.ts";
import type { PlayersDoors } from "./players_doors.ts";
import { GOLD, SWORD } from "./players_game.ts";
import { OWNER } from "./players_topology.ts";
import type { SessionBook } from "./session_book.ts";
import type { SimCluster } from "./sim_cluster.ts";
import { playersDiskOf } from "./sim_cluster.ts";
import { hostOf } from "./topology.ts";

interface Sum {
  gold: number;
  swords: number;
}

export interface ChecksOptions {
  readonly cluster: SimCluster;
  readonly doors: PlayersDoors;
  readonly book: SessionBook;
  readonly witness: DataWitness;
  readonly wishes: PlayerWishes;
  readonly agents: readonly PlayerAgent[];
}

export class PlayersChecks {
  readonly #options: ChecksOptions;

  constructor(options: ChecksOptions) {
    this.#options = options;
  }

  every(intervalMs: number): void {
    const again = (): void => {
      this.#look();
      this.#options.cluster.world.after(intervalMs, again);
    };
    again();
  }

  /** Of a center: what it says was claimed is in the bag by then. */
  mailWatcher(): Watcher {
    const { witness, cluster } = this.#options;
    return async (tx, tables) => {
      if (!tables.has("mail")) return () => undefined;
      for (const row of await tx.all("SELECT player, id FROM mail WHERE claimed_at_ms IS NOT NULL")) {
        const [player, id] = [textOf(row, "player"), textOf(row, "id")];
        if (!witness.player(player).keys.has(`mail:${id}`))
          cluster.ledger.violation(`mail ${id} of ${player} is written down as claimed, and is not in the bag`);
      }
      return () => undefined;
    };
  }

  /** Everybody is online, in the session that its door has; or waits in its queue, for which there is a reason. */
  offline(): readonly string[] {
    const { agents, doors } = this.#options;
    return agents.flatMap((agent) => {
      if (agent.hasLeft) return [];
      const door = doors.doorOf(agent.spec.gateway)?.door;
      const found = door?.find(agent.spec.name);
      const status = agent.online?.status;
      const isIn = status?.kind === "online" && found?.session?.id === status.session;
      const isFull = door?.status().sessions === doors.sessionsMax;
      const isQueued = isFull && agent.isQueued && found?.place !== undefined;
      return isIn || isQueued ? [] : [agent.statusText()];
    });
  }

  /** What is not known yet. */
  unfinished(): readonly string[] {
    const { wishes, agents } = this.#options;
    const open = wishes.open().map(({ player, key }) => `${key} of ${player}`);
    // All of them look.
    const unseen = agents.filter((agent) => !agent.finishes()).map(({ spec }) => `what ${spec.name} sees`);
    return [...open, ...unseen];
  }

  /** No term is under way, and no reward. */
  async undelivered(): Promise<readonly string[]> {
    const { cluster } = this.#options;
    const owner = cluster.life(OWNER)?.node.node.activities?.owner.list() ?? [];
    const open = owner.flatMap(({ id, term, phase }) =>
      term !== undefined && phase !== "closed" && phase !== "cancelled" ? [`${id} is in ${phase}`] : [],
    );
    const sql = "SELECT player FROM outbox WHERE state <> 'acknowledged'";
    const rows = await cluster.disk(hostOf(OWNER)).transaction((tx) => tx.all(sql));
    return rows.length > 0 ? [...open, `${rows.length} rewards`] : open;
  }

  /** At the very end, when nothing is under way. */
  async bagsAreRight(shards: readonly number[]): Promise<void> {
    const { cluster, agents } = this.#options;
    const { ledger } = cluster;
    for (const shard of shards) {
      const mails = await this.#mails(shard);
      const disk = cluster.disk(playersDiskOf(shard));
      const [found, wanted] = [zero(), zero()];
      for (const { spec } of agents.filter((agent) => agent.spec.shard === shard)) {
        const earned = this.#wanted(spec.name, mails.get(spec.name) ?? []);
        add(wanted, earned);
        const bag = await disk.transaction((tx) => readBag(tx, spec.name));
        const rows = await disk.transaction((tx) =>
          tx.all("SELECT name, before_count, after_count FROM player_ledger WHERE player = ?", [spec.name]),
        );
        const sum = zero();
        for (const row of rows) {
          const by = integerOf(row, "after_count") - integerOf(row, "before_count");
          if (textOf(row, "name") === GOLD) sum.gold += by;
          else sum.swords += by;
        }
        add(found, sum);
        const known = this.#options.witness.player(spec.name);
        const uniques = [...known.uniques].map(([id, item]) => ({ id, item }));
        const text = bagText(
          [...known.counts].map(([item, count]) => ({ item, count })),
          uniques,
        );
        if (bag !== text) ledger.violation(`the bag of ${spec.name} is ${bag}, committed was ${text}`);
        if (sum.gold !== earned.gold || sum.swords !== earned.swords)
          ledger.violation(`${spec.name} has ${JSON.stringify(sum)}, it was granted ${JSON.stringify(earned)}`);
        if ((known.counts.get(GOLD) ?? 0) !== sum.gold || known.uniques.size !== sum.swords)
          ledger.violation(`the ledger of ${spec.name} sums to ${JSON.stringify(sum)}, its bag is ${bag}`);
      }
      if (found.gold !== wanted.gold || found.swords !== wanted.swords)
        ledger.violation(`shard ${shard} has ${JSON.stringify(found)}, granted was ${JSON.stringify(wanted)}`);
      ledger.count("gold in the end", found.gold);
      ledger.count("swords in the end", found.swords);
    }
  }

  /** What an operator would see now: nothing fails any more. */
  noAlarms(): void {
    const { ledger, lives } = this.#options.cluster;
    for (const { name: life, node } of lives) {
      for (const { name, detail } of node.node.alarms.all())
        ledger.violation(`${life} raises ${name}: ${JSON.stringify(detail)}`);
    }
  }

  /** What a client that is online has heard, and where players are logged in. */
  sessionsAreRight(): void {
    const { agents, book } = this.#options;
    for (const { online } of agents) {
      const status = online?.status;
      if (status?.kind === "online") book.heardAll(status.session);
    }
    book.finish();
  }

  /** Granted wishes of a player and its mails, and that its keys are exactly those. */
  #wanted(name: string, mails: readonly ClaimedMail[]): Sum {
    const { wishes, witness, cluster } = this.#options;
    const { ledger } = cluster;
    const sum = zero();
    const keys: string[] = [];
    for (const wish of wishes.all) {
      if (wish.end !== "granted") continue;
      add(sum, effectOf(wish, name));
      keys.push(...keysOf(wish, name));
    }
    for (const mail of mails) {
      const isKnown = keys.includes(`mail:${mail.id}`);
      if (!mail.isClaimed) ledger.violation(`mail ${mail.id} of ${name} is not written down as claimed`);
      if (!isKnown) ledger.violation(`mail ${mail.id} of ${name} was never claimed`);
      add(sum, mail);
      ledger.count("mails");
    }
    const found = [...witness.player(name).keys].toSorted().join();
    if (found !== keys.toSorted().join()) {
      ledger.violation(`${name} has the changes ${found}, granted were ${keys.toSorted().join()}`);
    }
    return sum;
  }

  async #mails(shard: number): Promise<ReadonlyMap<string, readonly ClaimedMail[]>> {
    const { cluster } = this.#options;
    const rows = await cluster
      .disk(`center-${shard}`)
      .transaction((tx) => tx.all("SELECT player, id, bytes, claimed_at_ms FROM mail"));
    const out = new Map<string, ClaimedMail[]>();
    for (const row of rows) {
      const read = readMail(bytesOf(row, "bytes"));
      if (read.kind === "bad") {
        cluster.ledger.violation(`a mail of shard ${shard} is bad: ${read.detail}`);
        continue;
      }
      const count = (of: string): number =>
        read.mail.items.reduce((sum, { item, count: each }) => sum + (item === of ? each : 0), 0);
      const mail = {
        ...{ id: textOf(row, "id"), isClaimed: row["claimed_at_ms"] !== null },
        ...{ gold: count(GOLD), swords: count(SWORD) },
      };
      const player = textOf(row, "player");
      out.set(player, [...(out.get(player) ?? []), mail]);
    }
    return out;
  }

  #look(): void {
    const { cluster, doors, agents } = this.#options;
    const { ledger } = cluster;
    for (const { life, door } of doors.all()) {
      const players = door.players();
      if (new Set(players).size !== players.length) ledger.violation(`${life} has a player twice`);
      if (players.length > doors.sessionsMax) ledger.violation(`${life} has ${players.length} sessions`);
      ledger.count("players queued", door.status().queued);
      if (door.status().sessions !== players.length) ledger.violation(`${life} has sessions without a player`);
      const { sessions } = cluster.lives.find((one) => one.name === life)?.node.node ?? {};
      for (const player of players) {
        const session = door.find(player).session?.id ?? "";
        if (sessions?.has({ player, session }) !== true)
          ledger.violation(`${life} calls ${player} online in ${session}, its shard does not`);
      }
      ledger.count("sessions looked at", players.length);
    }
    for (const { devices, spec } of agents) {
      const names = devices.flatMap(({ status }) => (status?.kind === "online" ? [status.session] : []));
      if (new Set(names).size !== names.length) ledger.violation(`two clients of ${spec.name} are in one session`);
      const here = doors.doorOf(spec.gateway)?.door.find(spec.name).session?.id;
      ledger.count("clients online", names.filter((name) => name === here).length);
    }
  }
}

interface ClaimedMail extends Sum {
  readonly id: string;
  readonly isClaimed: boolean;
}

function keysOf({ player, key, what }: Wish, name: string): readonly string[] {
  if (what.kind === "claim") return player === name ? [`mail:${key}`] : [];
  if (what.kind === "change") return player === name ? [`change:${key}`] : [];
  return [...(player === name ? [`change:give:${key}`] : []), ...(what.to === name ? [`change:get:${key}`] : [])];
}

function zero(): Sum {
  return { gold: 0, swords: 0 };
}

function add(to: Sum, { gold, swords }: Readonly<Sum>): void {
  to.gold += gold;
  to.swords += swords;
}
