/**
 * The compiled executable: players change their bags while the gateway and the `user` nodes of their shard are killed and
 * the links between them are cut. What was acknowledged is there afterwards, once, and nothing else is.
 */

import { join } from "node:path";
import { describe, expect } from "#test";
import { seededRandom } from "#base/random.ts";
import type { Random } from "#base/random.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { Cutter } from "./harness/cutter.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { LogLine } from "./harness/log_lines.ts";
import { takePorts } from "./harness/ports.ts";
import { processesIn } from "./harness/processes.ts";
import type { Books } from "./harness/purse_books.ts";
import { booksOf } from "./harness/purse_books.ts";
import { PursePlayer } from "./harness/purse_player.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import type { TestNode } from "./harness/test_node.ts";
import { pause, waitFor } from "./harness/wait.ts";

endLeftClusters();

const PURSE = join(import.meta.dir, "modules/purse.ts");
const GATEWAY = "gateway:1";
const PLAYERS = 200;
/** Each hits at least one `user` node; the kills of the gateway come on top. */
const CYCLES = 200;
const CYCLE: readonly ("user:101" | "link" | "user:102")[] = ["user:101", "link", "user:102", "link"];
const GATEWAY_EVERY = 10;
const REST_MS_MAX = 450;
const PLAYER_REST_MS_MAX = 250;
const LOADED_CHANGES = 60;
const CUT_MS_MAX = 200;
const ANSWERED_MS_MAX = 30_000;
const STOP_MS_MAX = 15_000;
const EXIT_GATEWAY_DIED = 75;
const ROLL_MS_MAX = 60_000;
const FAULTS_SHOWN = 10;
const SEED = 29;

/** Starts a node again whenever it ends, as a supervisor would. */
class Keeper {
  readonly #nodes: readonly TestNode[];
  #isOver = false;

  constructor(nodes: readonly TestNode[]) {
    this.#nodes = nodes;
    for (const node of nodes) void this.#keep(node);
  }

  /** Signals every node to stop, and resolves with how each has ended. */
  async stop(): Promise<readonly (readonly [string, number | undefined])[]> {
    this.#isOver = true;
    for (const node of this.#nodes) node.life.signal("SIGTERM");
    const exits = this.#nodes.map(async (node) => [node.id, (await node.exited(STOP_MS_MAX)).code] as const);
    return await Promise.all(exits);
  }

  over(): void {
    this.#isOver = true;
  }

  async #keep(node: TestNode): Promise<void> {
    for (;;) {
      await node.life.ended;
      if (this.#isOver) return;
      node.spawn();
    }
  }
}

async function kill(node: TestNode): Promise<void> {
  const { life } = node;
  life.signal("SIGKILL");
  await life.ended;
}

async function hit(
  what: (typeof CYCLE)[number],
  on: { readonly cluster: TestCluster; readonly cutter: Cutter; readonly random: Random },
): Promise<void> {
  const { cluster, cutter, random } = on;
  if (what !== "link") return await kill(cluster.node(what));
  // The center has one link: of two that are cut, one is of a `user` node.
  await waitFor(() => (cutter.count >= 2 ? true : undefined), { what: "two links to cut", withinMs: 15_000 });
  cutter.cut();
  await pause(random.unit() * CUT_MS_MAX);
  cutter.heal();
}

function playersOf(cluster: TestCluster, random: Random, restMsMax = PLAYER_REST_MS_MAX): readonly PursePlayer[] {
  const url = `ws://127.0.0.1:${cluster.file.players.get(GATEWAY)}`;
  return Array.from({ length: PLAYERS }, (_, number) => {
    const seed = Math.floor(random.unit() * 2 ** 32);
    return new PursePlayer({ name: `p${number}`, url, random: seededRandom(seed), restMsMax });
  });
}

function isWronged(players: readonly PursePlayer[]): boolean {
  return players.some(({ faults }) => faults.length > 0);
}

/** Resolves when every player has so many more changes acknowledged, or one was told what can't be true. */
async function answered(players: readonly PursePlayer[], count: number): Promise<void> {
  const wanted = players.map((player) => ({ player, version: player.version + count }));
  const isDone = (): boolean => wanted.every(({ player, version }) => player.version >= version);
  await waitFor(() => (isDone() || isWronged(players) ? true : undefined), {
    what: `${count} changes of every player`,
    withinMs: ANSWERED_MS_MAX,
    seen: () => summary(players),
  });
}

/** Each gets the answer that it waits for, and then looks once more: nothing that it was ever told was wrong. */
async function rest(players: readonly PursePlayer[]): Promise<void> {
  let isStopped = false;
  void Promise.all(players.map((player) => player.stop())).then(() => (isStopped = true));
  await waitFor(() => (isStopped ? true : undefined), {
    what: "every change to be answered",
    withinMs: ANSWERED_MS_MAX,
    seen: () => summary(players),
  });
  expect(players.flatMap(({ faults }) => faults).slice(0, FAULTS_SHOWN)).toEqual([]);
  expect([...new Set(players.flatMap(({ failures }) => [...failures.keys()]))].filter(isBug)).toEqual([]);
  await Promise.all(players.map((player) => expectView(player)));
}

/** That a node or a link is gone, or has no room, is no bug. */
function isBug(failure: string): boolean {
  return !["NO_ROUTE", "LINK_LOST", "DEADLINE", "OVERLOADED", "DRAINING"].some((code) => failure.startsWith(code));
}

/** What the players believe is what is on the disk, and all of it. */
async function expectBooks(cluster: TestCluster, players: readonly PursePlayer[]): Promise<ReadonlyMap<string, Books>> {
  const books = await booksOf(cluster.folder, 1);
  expect([...books.keys()].toSorted()).toEqual(players.map(({ name }) => name).toSorted());
  for (const player of players) {
    const { acknowledged, counts, swords, version } = player;
    expect({ player: player.name, ...books.get(player.name) }).toEqual({
      player: player.name,
      owner: expect.any(String),
      changes: acknowledged,
      version,
      counts: Object.fromEntries(counts),
      swords: [...swords].toSorted(),
      keys: Object.fromEntries(acknowledged.map((change) => [change.key, change.version])),
      faults: [],
    });
  }
  return books;
}

/** What the players believe is what their node says. */
async function expectView(player: PursePlayer): Promise<void> {
  const { version, items, uniques } = await player.look();
  expect([player.name, version, Object.fromEntries(items.map(({ item, count }) => [item, count]))]).toEqual([
    ...[player.name, player.version, Object.fromEntries(player.counts)],
  ]);
  expect([player.name, ...uniques.toSorted()]).toEqual([player.name, ...[...player.swords].toSorted()]);
}

/** Alarms that nothing of this is to raise. */
function alarms(cluster: TestCluster): readonly string[] {
  return cluster
    .nodes()
    .flatMap(({ lives }) => lives.flatMap((life) => life.all("alarm raised")))
    .map((line) => line.text);
}

function summary(players: readonly PursePlayer[]): string {
  const sum = (count: (player: PursePlayer) => number): number => players.reduce((all, each) => all + count(each), 0);
  const failures: Record<string, number> = {};
  for (const player of players) {
    for (const [name, count] of player.failures) failures[name] = (failures[name] ?? 0) + count;
  }
  const tookMs = players.flatMap((player) => player.tookMs).toSorted((a, b) => a - b);
  const at = (part: number): string => (tookMs[Math.floor(part * (tookMs.length - 1))] ?? 0).toFixed(0);
  return [
    `${sum(({ acknowledged }) => acknowledged.length)} changes acknowledged,`,
    `${sum(({ repeatedCount }) => repeatedCount)} of them had been done before they were asked for again;`,
    `median ${at(0.5)} ms, 99 of 100 within ${at(0.99)} ms, longest ${at(1)} ms;`,
    `failures ${JSON.stringify(failures)}`,
  ].join(" ");
}

describe("Players' data, kill -9 and cut links", () => {
  clusterTest(
    `${PLAYERS} players and ${CYCLES} kills and cuts: what was acknowledged is there once, and nothing else`,
    async (ground) => {
      const [port = 0] = takePorts(1);
      const cutter = new Cutter(port);
      const nodes: readonly NodeSpec[] = [
        { id: GATEWAY, players: true, dialledAt: cutter.port },
        { id: "center:1", onGatewayDeath: "clear_logins" },
        { id: "user:101", onGatewayDeath: "clear_logins" },
        { id: "user:102", onGatewayDeath: "exit" },
      ];
      const cluster = ground.cluster({ nodes, listen: new Map([[GATEWAY, port]]), modules: [PURSE] });
      await cluster.start();
      const random = seededRandom(SEED);
      const keeper = new Keeper(cluster.nodes());
      const players = playersOf(cluster, random);
      try {
        for (const player of players) player.start();
        let gatewayKills = 0;
        for (let cycle = 0; cycle < CYCLES && !isWronged(players); cycle += 1) {
          await pause(random.unit() * REST_MS_MAX);
          await hit(CYCLE[cycle % CYCLE.length] ?? "link", { cluster, cutter, random });
          if (cycle % GATEWAY_EVERY !== GATEWAY_EVERY - 1) continue;
          await pause(random.unit() * REST_MS_MAX);
          await kill(cluster.node(GATEWAY));
          gatewayKills += 1;
          await cluster.node(GATEWAY).line("node started", { withinMs: 15_000 });
          // As an app does when the network is back: whoever waits to try again tries now.
          for (const { client } of players) client.connect();
        }
        await rest(players);
        console.log(`      ${CYCLES} kills and cuts, ${gatewayKills} kills of the gateway, ${ground.seconds} s`);
        console.log(`      ${summary(players)}`);
        expect(await keeper.stop()).toEqual(nodes.map(({ id }) => [id, 0]));
      } finally {
        keeper.over();
        cutter.stop();
        for (const { client } of players) client.close();
      }
      await expectBooks(cluster, players);
      expect(alarms(cluster)).toEqual([]);
      const exits = cluster.nodes().flatMap(({ id, lives }) => lives.map(({ exit }) => [id, exit?.code] as const));
      const odd = exits.filter(([, code]) => code !== undefined && code !== 0 && code !== EXIT_GATEWAY_DIED);
      expect(odd).toEqual([]);
    },
    { withinMs: 118_000 },
  );
});

describe("Players' data and orderly stops", () => {
  clusterTest(
    "a user node is stopped, and then every node is restarted in turn: players notice a pause",
    async (ground) => {
      const nodes: readonly NodeSpec[] = [
        { id: GATEWAY, players: true },
        { id: "center:1", admin: true },
        { id: "user:101" },
        { id: "user:102" },
      ];
      const cluster = ground.cluster({ nodes, modules: [PURSE] });
      const supervisor = cluster.supervise();
      const said = async (phrase: string, data: Readonly<Record<string, unknown>> = {}): Promise<LogLine> =>
        await waitFor(() => supervisor.find(phrase, data), {
          what: `the supervisor to say "${phrase}"`,
          withinMs: ROLL_MS_MAX,
          notices: cluster.notices,
        });
      await said("cluster ready");
      const players = playersOf(cluster, seededRandom(SEED));
      try {
        for (const player of players) player.start();
        await answered(players, 3);
        const stopped = processesIn(cluster.folder).find(({ name }) => name === "user:101");
        expect(stopped).toBeDefined();
        process.kill(stopped?.pid ?? 0, "SIGTERM");
        await said("node ended and will be restarted", { node: "user:101" });
        await answered(players, 3);
        console.log(`      one stopped: ${summary(players)}`);
        supervisor.signal("SIGUSR2");
        await said("rolling restart done");
        await answered(players, 3);
        await rest(players);
        console.log(`      all restarted: ${summary(players)}, ${ground.seconds} s`);
        supervisor.signal("SIGTERM");
        expect((await supervisor.ended).code).toBe(0);
      } finally {
        for (const { client } of players) client.close();
      }
      await expectBooks(cluster, players);
      expect(supervisor.all("alarm raised").map((line) => line.text)).toEqual([]);
    },
    { withinMs: 110_000 },
  );
});

describe("Players' data in one store", () => {
  clusterTest("two user nodes write as fast as they can, and neither finds it taken for too long", async (ground) => {
    const nodes: readonly NodeSpec[] = [
      { id: GATEWAY, players: true },
      { id: "center:1" },
      { id: "user:101" },
      { id: "user:102" },
    ];
    const cluster = ground.cluster({ nodes, modules: [PURSE] });
    await cluster.start();
    const players = playersOf(cluster, seededRandom(SEED), 0);
    try {
      // One first, so that the links are up and the store is admitted.
      for (const player of players.slice(0, 1)) player.start();
      await answered(players.slice(0, 1), 1);
      for (const player of players.slice(1)) player.start();
      await answered(players, LOADED_CHANGES);
      await rest(players);
      console.log(`      ${summary(players)}, ${ground.seconds} s`);
      for (const node of cluster.nodes()) node.life.signal("SIGTERM");
      for (const node of cluster.nodes()) await node.exited(STOP_MS_MAX);
    } finally {
      for (const { client } of players) client.close();
    }
    const books = await expectBooks(cluster, players);
    expect([...new Set([...books.values()].map(({ owner }) => owner))].toSorted()).toEqual(["user:101", "user:102"]);
    expect(players.slice(1).flatMap(({ failures }) => [...failures])).toEqual([]);
    expect(alarms(cluster)).toEqual([]);
  });
});
