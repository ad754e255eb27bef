/**
 * Players, all in one process: they log in, ask, and are pushed to. Keeps below what the door lets in and what it takes
 * of one connection: waits before a login, and before a cell until the connections may send again.
 *
 *   clients_process.ts kuafu|bare URL
 */

import { DOOR_LIMITS, PLAYER_HEARTBEAT_MS } from "#session/door_limits.ts";
import { Coins } from "../../cluster/modules/player_coins.ts";
import { Echo } from "../../cluster/modules/player_echo.ts";
import { answers } from "../answers.ts";
import type { Door } from "./bench_player.ts";
import { BenchPlayer } from "./bench_player.ts";
import { Entry } from "./entry.ts";
import type { Load, Pushed, Question, Times } from "./load.ts";
import { PUSHED_TEXT, REQUESTS_MAX, timesOf } from "./load.ts";

const PING_TURNS = 100;

const [door, url] = process.argv.slice(2) as [Door, string];
const players: BenchPlayer[] = [];
const entry = new Entry(door);
/** Changes that were asked for: each has a key of its own. */
let keys = 0;
/** When every connection may send REQUESTS_MAX again. */
let freshMs = 0;

// Not all at once: nobody's players do.
let turn = 0;
setInterval(() => {
  turn = (turn + 1) % PING_TURNS;
  for (let index = turn; index < players.length; index += PING_TURNS) players[index]?.ping();
}, PLAYER_HEARTBEAT_MS / PING_TURNS);

answers<Question>((question) => {
  switch (question.what) {
    case "enter":
      return enter(question.count);
    case "load":
      return load(question);
    case "push":
      return push();
  }
});

async function enter(count: number): Promise<Times> {
  return await entry.letIn({ from: players.length, to: count }, async (token) => {
    const player = new BenchPlayer(door, url, token);
    await player.online;
    players.push(player);
  });
}

/** What each request of a load asks. */
function asking(ask: Load["ask"]): (player: BenchPlayer) => void {
  if (ask.kind === "earn") {
    return (player) => {
      keys += 1;
      player.ask(Coins.earn.id, { key: `k${keys}` });
    };
  }
  const body = { text: "x".repeat(ask.size) };
  return (player) => player.ask(Echo.echo.id, body);
}

async function load({ conns, ask: what, durationMs }: Load): Promise<Times> {
  if (door === "kuafu") await Bun.sleep(Math.max(0, freshMs - performance.now()));
  const send = asking(what);
  const timesMs: number[] = [];
  const done = Promise.withResolvers<void>();
  const startMs = performance.now();
  const untilMs = startMs + durationMs;
  const requestsMax = door === "kuafu" ? REQUESTS_MAX : Number.POSITIVE_INFINITY;
  let most = 0;
  let busy = conns;
  for (const player of players.slice(0, conns)) {
    let sent = 0;
    const ask = (nowMs: number): void => {
      sent += 1;
      player.startedMs = nowMs;
      send(player);
    };
    player.onReply = () => {
      const nowMs = performance.now();
      timesMs.push(nowMs - player.startedMs);
      if (nowMs < untilMs && sent < requestsMax) return ask(nowMs);
      most = Math.max(most, sent);
      if ((busy -= 1) === 0) done.resolve();
    };
    ask(performance.now());
  }
  await done.promise;
  const endMs = performance.now();
  freshMs = endMs + (most / DOOR_LIMITS.packets.perSecond) * 1000;
  return timesOf(timesMs, endMs - startMs);
}

async function push(): Promise<Pushed> {
  const [first] = players;
  const done = Promise.withResolvers<void>();
  let missing = players.length;
  const answered = Promise.withResolvers<void>();
  if (door === "bare") answered.resolve();
  for (const player of players) {
    player.onReply = () => answered.resolve();
    player.onPush = () => {
      if ((missing -= 1) === 0) done.resolve();
    };
  }
  const startMs = performance.now();
  if (door === "bare") first?.sign();
  else first?.ask(Echo.tell.id, { text: PUSHED_TEXT });
  await done.promise;
  const lastMs = performance.now() - startMs;
  await answered.promise;
  return { lastMs };
}
