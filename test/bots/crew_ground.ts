/**
 * Bots in front of the real door, on virtual time: connections in memory that take a millisecond each way.
 */

import { seededRandom } from "#base/random.ts";
import { BotCrew, type CrewOptions } from "#bots/bot_crew.ts";
import type { BotDial } from "#bots/bot_network.ts";
import type { DoorLimits } from "#session/door_limits.ts";
import type { PlayerConn, PlayerConnHandler } from "#session/player_conn.ts";
import { DoorGround, settle } from "../session/door_ground.ts";

const WAY_MS = 1;
const STEP_MS = 1;

export class CrewGround {
  readonly ground: DoorGround;
  readonly crew: BotCrew;
  readonly troubles: string[] = [];
  /** Bodies that the shard was asked for, in order. */
  readonly bodies: unknown[] = [];
  /** Of the gateway: it takes no connection. */
  isDown = false;
  readonly #conns = new Set<{ end: () => void }>();

  constructor(of: { readonly options?: Partial<CrewOptions>; readonly limits?: Partial<DoorLimits> } = {}) {
    this.ground = new DoorGround({ limits: of.limits ?? {} });
    const { clock } = this.ground;
    this.crew = new BotCrew({
      clock: {
        nowMs: () => clock.nowMs(),
        wallMs: () => clock.wallMs(),
        // The calendar of the door has whole milliseconds.
        after: (delayMs, fn) => clock.after(Math.ceil(delayMs), fn),
        afterPoll: (fn) => clock.afterPoll(fn),
        soon: (fn) => clock.soon(fn),
      },
      random: seededRandom(5),
      seed: 1,
      count: 20,
      urls: ["mem:"],
      loginsPerSecond: 20,
      requestsPerSecond: 2,
      requests: [{ name: "say", method: 2000, weight: 1, body: ({ player, key }) => ({ player, key }) }],
      tokenOf: (index) => `bot-${index + 1}`,
      dial: this.#dial,
      trouble: (what) => this.troubles.push(what),
      ...of.options,
    });
  }

  /** Every connection, at once and without a word. */
  loseAll(): void {
    for (const conn of [...this.#conns]) conn.end();
  }

  /** The shard answers each request when the step is over. */
  async run(durationMs: number): Promise<void> {
    for (let passedMs = 0; passedMs < durationMs; passedMs += STEP_MS) {
      this.ground.clock.run(STEP_MS);
      await settle();
      for (const { request, answer } of this.ground.router.waiting.splice(0)) {
        this.bodies.push(request.body);
        answer({ kind: "reply", body: null });
      }
    }
  }

  readonly #dial: BotDial = (_, events) => {
    const { clock, door } = this.ground;
    let handler: PlayerConnHandler | undefined;
    let isOver = false;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      this.#conns.delete(entry);
      handler?.closed();
      events.closed();
      events.gone();
    };
    const entry = { end };
    this.#conns.add(entry);
    const later = (run: () => void): void => {
      clock.after(WAY_MS, () => {
        if (!isOver) run();
      });
    };
    const conn: PlayerConn = {
      address: "127.0.0.1:1",
      queuedSize: 0,
      send: (bytes) => {
        if (isOver) return "closed";
        later(() => events.message(bytes));
        return "ok";
      },
      close: () => later(end),
    };
    later(() => {
      if (this.isDown) return end();
      handler = door.accept(conn);
      events.opened();
    });
    return {
      send: (bytes) => later(() => handler?.received(bytes)),
      close: () => later(end),
      cut: () => clock.soon(end),
    };
  };
}
