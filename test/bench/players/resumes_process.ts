/**
 * Players, all in one process, who lose their connections at once and come back.
 *
 *   resumes_process.ts kuafu|bare URL
 */

import { BACKOFF_RESET_MS } from "#client/reconnect.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { answers } from "../answers.ts";
import { percentile } from "../stats.ts";
import type { Door } from "./bench_player.ts";
import type { Cut, CutQuestion } from "./cut.ts";
import { CutPlayer } from "./cut_player.ts";
import { Entry } from "./entry.ts";
import type { Times } from "./load.ts";

const { perSecond, burst } = DOOR_LIMITS.newConns;
const MARGIN_MS = 500;
const REST_MS = Math.max(BACKOFF_RESET_MS, (burst / perSecond) * 1_000) + MARGIN_MS;

const [door, url] = process.argv.slice(2) as [Door, string];
const players: CutPlayer[] = [];
const entry = new Entry(door);
let hasBackoff = true;
let onlineMs = 0;

const setting = { door, url, unit: () => (hasBackoff ? Math.random() : 0) };

answers<CutQuestion>((question) => {
  switch (question.what) {
    case "enter":
      return enter(question.count);
    case "rest":
      return door === "kuafu" ? Bun.sleep(Math.max(0, onlineMs + REST_MS - performance.now())) : undefined;
    case "cut":
      return cut(question);
  }
});

async function enter(count: number): Promise<Times> {
  const times = await entry.letIn({ from: players.length, to: count }, async (token) => {
    const player = new CutPlayer(setting, token);
    await player.enter();
    players.push(player);
  });
  onlineMs = performance.now();
  return times;
}

async function cut(question: Extract<CutQuestion, { what: "cut" }>): Promise<Cut> {
  hasBackoff = question.hasBackoff;
  const startMs = performance.now();
  const lost = players.slice(0, question.count).map(async (player) => {
    const back = await player.cut();
    return { ...back, onlineMs: performance.now() };
  });
  const returns = await Promise.all(lost);
  onlineMs = performance.now();
  const last = returns.reduce((latest, each) => (each.onlineMs > latest.onlineMs ? each : latest));
  return {
    halfMs: percentile(
      returns.map((each) => each.onlineMs - startMs),
      50,
    ),
    lastMs: last.onlineMs - startMs,
    lastWaitedMs: last.waitedMs,
    refused: returns.reduce((sum, { refused }) => sum + refused, 0),
    anew: returns.filter(({ isResumed }) => !isResumed).length,
  };
}
