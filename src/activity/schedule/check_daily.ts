/**
 * What is wrong with the windows and days of a `daily` schedule, by the clock on the wall: what a change of the clocks
 * makes of them is no fault of theirs. Pure.
 */

import type { Issue } from "../issue.ts";
import type { DailySchedule } from "./schedule.ts";
import { WEEKDAYS, minuteOf } from "./schedule.ts";
import { DAY_MINUTES } from "./zone.ts";

interface Span {
  readonly index: number;
  readonly from: number;
  /** More than a day's minutes: on the next day. */
  readonly to: number;
}

/** Paths are below `schedule`. */
export function dailyIssues({ windows, days }: DailySchedule): readonly Issue[] {
  const issues: Issue[] = [];
  const spans: Span[] = [];
  for (const [index, { opensAt, closesAt }] of windows.entries()) {
    const [from, to] = [minuteOf(opensAt), minuteOf(closesAt)];
    if (from === to) {
      issues.push(closes(index, `found ${closesAt}, which is its opensAt; allowed: another time, 24:00 for midnight`));
    } else spans.push({ index, from, to: to > from ? to : to + DAY_MINUTES });
  }
  for (const [place, day] of (days ?? []).entries()) {
    if (days?.indexOf(day) === place) continue;
    issues.push({
      path: `schedule.days.${place}`,
      message: `found ${day}, which is there already; allowed: a day once`,
    });
  }
  return issues.length > 0 ? issues : overlaps(spans, isNextDayOneToo(days));
}

function overlaps(spans: readonly Span[], isNextDay: boolean): readonly Issue[] {
  const inOrder = spans.toSorted((a, b) => a.from - b.from || a.index - b.index);
  const [first] = inOrder;
  return inOrder.flatMap((span, place) => {
    const following = inOrder[place + 1];
    const next = following ?? (isNextDay && first !== undefined ? { ...first, from: first.from + DAY_MINUTES } : span);
    if (next === span || span.to <= next.from) return [];
    const name = `windows.${next.index}`;
    const when = following === undefined ? `${timeOf(next.from)} of the next day` : timeOf(next.from);
    if (span.from === next.from) {
      const path = `schedule.windows.${next.index}.opensAt`;
      return [{ path, message: `found ${when}, which is when windows.${span.index} opens; allowed: a time once` }];
    }
    const found = `found ${timeOf(span.to)}${span.to > DAY_MINUTES ? " of the next day" : ""}`;
    return [closes(span.index, `${found}, and ${name} opens at ${when}; allowed: until then at most`)];
  });
}

/** There is a day with windows after which the next one has them too. */
function isNextDayOneToo(days: DailySchedule["days"]): boolean {
  if (days === undefined) return true;
  return days.some((day) => {
    const next = WEEKDAYS[(WEEKDAYS.indexOf(day) + 1) % WEEKDAYS.length];
    return next !== undefined && days.includes(next);
  });
}

function closes(index: number, message: string): Issue {
  return { path: `schedule.windows.${index}.closesAt`, message };
}

function timeOf(minute: number): string {
  const ofDay = minute === DAY_MINUTES ? minute : minute % DAY_MINUTES;
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${two(Math.floor(ofDay / 60))}:${two(ofDay % 60)}`;
}
