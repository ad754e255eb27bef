/**
 * Changes of players' bags that are saved: PlayerData alone, and through the gateway to a `user` node of the compiled
 * executable; beside bare bun:sqlite that writes as many rows in batches of the size that occurred.
 */

import { join } from "node:path";
import { COMMIT_BATCH_MAX } from "#player/group_commit.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, ratio, table } from "../table.ts";
import type { Worker } from "../worker.ts";
import { cpuMs, startWorker } from "../worker.ts";
import type { Times } from "./load.ts";
import type { Measured } from "./measure.ts";
import { measure } from "./measure.ts";
import { startKuafuPlayers } from "./players_system.ts";
import type { BareQuestion, BareSaved, Saved, SaveQuestion } from "./saving.ts";
import { IN_FLIGHT_MANY, PLAYERS_ALONE, PLAYERS_THROUGH } from "./saving.ts";

/** A cell of it lasts longer than one of the calls: its file is checkpointed meanwhile. */
const LONG_FACTOR = 3;
const WARM_UP_ROUNDS = 1;
const text = (count: number): string => count.toLocaleString("en-US");

const MEANING = `A change gives a player one coin. It is answered when it is on the disk, with four rows: the player, the item, the ledger, the
key. The file is SQLite on the disk, in WAL mode with synchronous=FULL; changes that are under way at once share a
transaction, at most ${COMMIT_BATCH_MAX}. Alone: PlayerData of ${text(PLAYERS_ALONE)} players in one process, without a node. Through the gateway: ${text(PLAYERS_THROUGH)} players,
each with one request in flight, ask their \`user\` node, which changes their bags; gateway and node are the compiled executable,
all clients one process. The bare one takes turns with each: as many changes as were just saved, in batches of the size that
just occurred, as the same rows in the same tables with prepared statements, in a process of its own with a file of its own;
it does not look whose the player is, whether the key was used, or what is in the bag, and nobody asks it over a
socket. Medians of the rounds; latencies are from asking until the answer that it is saved.`;

interface Round {
  readonly own: Times;
  /** Processor time of the process that saves, for each change; of the bare one too. */
  readonly ownUs: number;
  readonly bareUs: number;
  /** Changes in each transaction: the least, the middle and the most; or the mean of them all. */
  readonly batches: readonly number[];
  readonly bare: BareSaved;
}

export async function benchChanges(setting: Setting): Promise<string> {
  const rows = [...(await alone(setting)), ...(await through(setting))];
  const head = [
    "bag changes saved",
    "changes/s",
    "p50 ms",
    "p99 ms",
    "CPU µs/change of who saves",
    "changes in a transaction",
    "bare bun:sqlite, changes/s",
    "its CPU µs/change",
    "Kuafu / bare",
  ];
  const shown = table(
    head,
    rows.map(({ cells }) => cells),
  );
  const notes = rows.flatMap(({ note }) => (note === undefined ? [] : [note]));
  setting.say([shown, ...notes].join("\n\n"));
  return [MEANING, shown, ...notes].join("\n\n");
}

interface Row {
  readonly cells: readonly string[];
  readonly note?: string;
}

async function alone(setting: Setting): Promise<Row[]> {
  const data = startWorker(join(import.meta.dir, "player_data_process.ts"), [join(setting.folder, "alone.sqlite")]);
  const bare = startBare(setting, "bare_alone");
  const cases = [1, IN_FLIGHT_MANY].map((inFlight) => ({ inFlight, rounds: [] as Round[] }));
  for (let round = -WARM_UP_ROUNDS; round < setting.rounds; round += 1) {
    for (const { inFlight, rounds } of cases) {
      const question = { inFlight, durationMs: setting.cellMs * LONG_FACTOR };
      const { answer: own, usedMs } = await asked<Saved>(data, question);
      const { least, median: middle, most } = own.batches;
      const done = { own, ownUs: (usedMs / own.count) * 1_000, batches: [least, middle, most] };
      const bareDone = await asMany(bare, own.count, middle);
      if (round >= 0) rounds.push({ ...done, ...bareDone });
    }
  }
  await data.stop();
  await bare.stop();
  return cases.map(({ inFlight, rounds }) => ({
    cells: rowOf(`alone, ${inFlight} in flight`, rounds, ({ batches: [least = 0, middle = 0, most = 0] }) => {
      return least === most ? number(middle) : `${number(middle)} (${least} to ${most})`;
    }),
  }));
}

async function through(setting: Setting): Promise<Row[]> {
  const system = await startKuafuPlayers(setting, { name: "changes", sessionsMax: PLAYERS_THROUGH });
  const bare = startBare(setting, "bare_through");
  await system.clients.ask({ what: "enter", count: PLAYERS_THROUGH });
  const rounds: (Round & { readonly own: Measured })[] = [];
  const load = { conns: PLAYERS_THROUGH, ask: { kind: "earn" }, durationMs: setting.cellMs * LONG_FACTOR } as const;
  for (let round = -WARM_UP_ROUNDS; round < setting.rounds; round += 1) {
    const before = await system.counters();
    const own = await measure(system, load);
    const after = await system.counters();
    const grown = (name: string): number => (after[name] ?? 0) - (before[name] ?? 0);
    const mean = grown("player_data.committed") / grown("player_data.commits");
    const bareDone = await asMany(bare, own.count, mean);
    if (round >= 0) rounds.push({ own, ownUs: own.userUs, batches: [mean], ...bareDone });
  }
  await system.stop();
  await bare.stop();
  const cpu = (field: "doorUs" | "clientsUs"): string => number(median(rounds.map(({ own }) => own[field])));
  return [
    {
      cells: rowOf(`${text(PLAYERS_THROUGH)} players through the gateway`, rounds, ({ batches: [mean] }) =>
        number(mean),
      ),
      note: `A change through the gateway costs the gateway ${cpu("doorUs")} µs of processor time beside that, and the clients ${cpu("clientsUs")} µs. The size
of its transactions is the mean of a round, as the node counts them.`,
    },
  ];
}

function startBare(setting: Setting, name: string): Worker {
  return startWorker(join(import.meta.dir, "bare_saves_process.ts"), [join(setting.folder, `${name}.sqlite`)]);
}

async function asMany(bare: Worker, count: number, batch: number): Promise<Pick<Round, "bare" | "bareUs">> {
  const { answer, usedMs } = await asked<BareSaved>(bare, { count, batch: Math.max(1, Math.round(batch)) });
  return { bare: answer, bareUs: (usedMs / count) * 1_000 };
}

async function asked<Answer>(
  worker: Worker,
  question: SaveQuestion | BareQuestion,
): Promise<{ readonly answer: Answer; readonly usedMs: number }> {
  const before = cpuMs(worker.pid) ?? Number.NaN;
  const answer = await worker.ask<Answer>(question);
  return { answer, usedMs: (cpuMs(worker.pid) ?? Number.NaN) - before };
}

/** `batchesOf`: of the round in the middle, as people read it. */
function rowOf(name: string, rounds: readonly Round[], batchesOf: (round: Round) => string): string[] {
  const of = (how: (round: Round) => number): number => median(rounds.map(how));
  const ordered = rounds.toSorted((a, b) => (a.batches.at(-1) ?? 0) - (b.batches.at(-1) ?? 0));
  const middle = ordered[Math.floor(ordered.length / 2)];
  return [
    name,
    number(of(({ own }) => (own.count / own.elapsedMs) * 1_000)),
    number(of(({ own }) => own.p50Ms)),
    number(of(({ own }) => own.p99Ms)),
    number(of(({ ownUs }) => ownUs)),
    middle === undefined ? "" : batchesOf(middle),
    number(of(({ own, bare }) => (own.count / bare.elapsedMs) * 1_000)),
    number(of(({ bareUs }) => bareUs)),
    ratio(of(({ own, bare }) => bare.elapsedMs / own.elapsedMs)),
  ];
}
