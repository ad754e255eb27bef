/**
 * What every part of one hub works with, made once by the hub and passed down. Holds no state of its own.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock } from "#base/clock.ts";
import type { Counters } from "#base/counters.ts";
import type { Log } from "#base/log.ts";
import type { Farewells } from "./farewell.ts";
import type { Flusher } from "./flusher.ts";
import type { HandshakeSelf } from "./handshake.ts";
import type { LinkEvents } from "./link_port.ts";
import type { LogLimit } from "./log_limit.ts";
import type { SegmentPool } from "./segment_pool.ts";
import type { SendBudget } from "./send_budget.ts";
import type { SharedTicks } from "./shared_ticks.ts";

export interface LinkContext {
  readonly own: HandshakeSelf;
  readonly clock: Clock;
  readonly log: Log;
  /** For what a stranger can cause. */
  readonly logLimit: LogLimit;
  readonly counters: Counters;
  readonly alarms: Alarms;
  readonly events: LinkEvents;
  readonly flusher: Flusher;
  readonly ticks: SharedTicks;
  readonly farewells: Farewells;
  readonly pool: SegmentPool;
  readonly budget: SendBudget;
  readonly nextSerial: () => number;
}
