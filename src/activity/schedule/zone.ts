/**
 * The calendar of a time zone: from an instant to its local day and minute, and back. Days are numbered from
 * 1970-01-01, local times are minutes since midnight. Pure but for the runtime's table of zones, of which a name may be
 * missing in another release.
 *
 * A local time that occurs twice means its first occurrence; one that does not occur, because the clocks were put
 * forward over it, means the first instant after. So an earlier local time is never a later instant.
 */

export const DAY_MS = 24 * 3600 * 1000;
export const DAY_MINUTES = 24 * 60;
const MINUTE_MS = 60_000;
/** Zones that are remembered; more than there are names. */
const ZONES_MAX = 1024;
/** Clocks that are put forward stay so for longer than this. */
const CHANGE_STEP_MS = 7 * DAY_MS;
/** Instants of one zone whose local time is remembered: the table of zones costs ten microseconds a look. */
const INSTANTS_MAX = 16_384;

export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;
  readonly #local = new Map<number, number>();

  constructor(name: string, format: Intl.DateTimeFormat) {
    this.name = name;
    this.#format = format;
  }

  /** The number of the local day. */
  dayOf(atMs: number): number {
    return Math.floor(this.#localMs(atMs) / DAY_MS);
  }

  /** What local time is ahead of UTC. */
  offsetMs(atMs: number): number {
    return this.#localMs(atMs) - Math.floor(atMs / 1000) * 1000;
  }

  /** `minute` may be that of a later day. */
  instantOf(day: number, minute: number): number {
    const localMs = day * DAY_MS + minute * MINUTE_MS;
    const [fromMs, toMs] = [localMs - DAY_MS, localMs + DAY_MS];
    const [before, after] = [this.offsetMs(fromMs), this.offsetMs(toMs)];
    if (this.offsetMs(localMs - before) === before) return localMs - before;
    if (this.offsetMs(localMs - after) === after) return localMs - after;
    return this.#changeMs(fromMs, toMs);
  }

  /** Of several minutes of one day. */
  instantsOf(day: number, minutes: readonly number[]): readonly number[] {
    const startMs = day * DAY_MS;
    const offset = this.offsetMs(startMs - DAY_MS);
    // Two days hold a day of local time with all that a window may last beyond midnight.
    const isEven = offset === this.offsetMs(startMs + 3 * DAY_MS);
    return minutes.map((minute) => (isEven ? startMs + minute * MINUTE_MS - offset : this.instantOf(day, minute)));
  }

  /** When the clocks are changed, after `fromMs` and up to `toMs`. */
  changes(fromMs: number, toMs: number): readonly number[] {
    const found: number[] = [];
    for (let atMs = fromMs; atMs < toMs; atMs += CHANGE_STEP_MS) {
      const endMs = Math.min(toMs, atMs + CHANGE_STEP_MS);
      if (this.offsetMs(atMs) !== this.offsetMs(endMs)) found.push(this.#changeMs(atMs, endMs));
    }
    return found;
  }

  /** The first instant in between at which the clocks are no longer as they were at `fromMs`. */
  #changeMs(fromMs: number, toMs: number): number {
    const before = this.offsetMs(fromMs);
    let [low, high] = [fromMs, toMs];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetMs(middle) === before) low = middle;
      else high = middle;
    }
    return high;
  }

  /** Local time as if it were UTC, in whole seconds. */
  #localMs(atMs: number): number {
    const known = this.#local.get(atMs);
    if (known !== undefined) return known;
    const localMs = this.#look(atMs);
    if (this.#local.size >= INSTANTS_MAX) this.#local.clear();
    this.#local.set(atMs, localMs);
    return localMs;
  }

  #look(atMs: number): number {
    const parts = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of this.#format.formatToParts(atMs)) {
      if (type in parts) parts[type as keyof typeof parts] = Number(value);
    }
    // Date.UTC would take a year below 100 for one of the 20th century.
    const dayMs = new Date(0).setUTCFullYear(parts.year, parts.month - 1, parts.day);
    return dayMs + ((parts.hour * 60 + parts.minute) * 60 + parts.second) * 1000;
  }
}

const zones = new Map<string, Zone>();

/** Undefined for a name that is not known here. */
export function zoneOf(name: string): Zone | undefined {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const format = formatOf(name);
  if (format === undefined) return undefined;
  if (zones.size >= ZONES_MAX) zones.clear();
  const zone = new Zone(name, format);
  zones.set(name, zone);
  return zone;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  // "+08:00" would be taken, and is the name of no zone.
  if (!/^[A-Za-z]/.test(timeZone)) return undefined;
  try {
    return new Intl.DateTimeFormat("en-US-u-ca-gregory-nu-latn", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch {
    return undefined;
  }
}
