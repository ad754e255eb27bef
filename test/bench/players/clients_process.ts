/**
 * Players, all in one process: they log in, ask, and are pushed to. Keeps below what the door lets in and what it takes
 * of one connection: waits before a login, and before a cell until the connections may send again.
 *
 *   clients_process.ts kuafu|bare URL
 */

import { DOOR_LIMITS, PLAYER_HEARTBEAT_MS } from "#session/door_limits.ts";
import { TokenBucket } from "#session/token_bucket.ts";
import { tokenOf } from "../../cluster/harness/player_token.ts";
import { Echo } from "../../cluster/modules/player_echo.ts";
import { answers } from "../answers.ts";
import { percentile } from "../stats.ts";
import type { Door } from "./bench_player.ts";
import { BenchPlayer } from "./bench_player.ts";
import type { Pushed, Question, Times } from "./load.ts";
import { AT_ONCE, PUSHED_TEXT, REQUESTS_MAX } from "./load.ts";

/** Of the door's new connections, its burst as well: up to AT_ONCE may reach the door later than they were sent. */
const SHARE = 0.9;
const PAUSE_MS = 20;
const PING_TURNS = 100;

const [door, url] = process.argv.slice(2) as [Door, string];
const players: BenchPlayer[] = [];
const { perSecond, burst } = DOOR_LIMITS.newConns;
const newConns = new TokenBucket({ perSecond: perSecond * SHARE, burst: burst * SHARE }, performance.now());
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
  const names = Array.from({ length: count - players.length }, (_, index) => `player-${players.length + index}`);
  const tokens = door === "kuafu" ? await Promise.all(names.map(tokenOf)) : names;
  const timesMs: number[] = [];
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    for (let token = tokens.pop(); token !== undefined; token = tokens.pop()) {
      while (door === "kuafu" && !newConns.take(1, performance.now())) await Bun.sleep(PAUSE_MS);
      const fromMs = performance.now();
      const player = new BenchPlayer(door, url, token);
      await player.online;
      timesMs.push(performance.now() - fromMs);
      players.push(player);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return timesOf(timesMs, performance.now() - startMs);
}

async function load({ conns, size, durationMs }: Extract<Question, { what: "load" }>): Promise<Times> {
  if (door === "kuafu") await Bun.sleep(Math.max(0, freshMs - performance.now()));
  const body = { text: "x".repeat(size) };
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
      player.ask(Echo.echo.id, body);
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

function timesOf(timesMs: readonly number[], elapsedMs: number): Times {
  return { count: timesMs.length, elapsedMs, p50Ms: percentile(timesMs, 50), p99Ms: percentile(timesMs, 99) };
}
