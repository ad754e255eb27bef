import { DAY_MS, zoneOf } from "#activity/schedule/zone.ts";
import type { Zone } from "#activity/schedule/zone.ts";
import { describe, expect, test } from "#test";

function zone(name: string): Zone {
  const found = zoneOf(name);
  if (found === undefined) throw new Error(`no zone ${name}`);
  return found;
}

/** "2026-03-29 02:30" there, as an instant. */
function instant(name: string, local: string): string {
  const [date = "", time = ""] = local.split(" ");
  const [hours = "", minutes = ""] = time.split(":");
  const day = Date.parse(date) / DAY_MS;
  return new Date(zone(name).instantOf(day, Number(hours) * 60 + Number(minutes))).toISOString();
}

describe("Zone: from local time to an instant", () => {
  const cases: [name: string, local: string, instant: string][] = [
    ["UTC", "2026-05-01 12:00", "2026-05-01T12:00:00.000Z"],
    ["Asia/Shanghai", "2026-05-01 00:00", "2026-04-30T16:00:00.000Z"],
    ["Asia/Kolkata", "2026-05-01 00:00", "2026-04-30T18:30:00.000Z"],
    // Put forward from 02:00 to 03:00.
    ["Europe/Berlin", "2026-03-29 01:59", "2026-03-29T00:59:00.000Z"],
    ["Europe/Berlin", "2026-03-29 02:00", "2026-03-29T01:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29 02:59", "2026-03-29T01:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29 03:00", "2026-03-29T01:00:00.000Z"],
    // Put back from 03:00 to 02:00.
    ["Europe/Berlin", "2026-10-25 01:59", "2026-10-24T23:59:00.000Z"],
    ["Europe/Berlin", "2026-10-25 02:30", "2026-10-25T00:30:00.000Z"],
    ["Europe/Berlin", "2026-10-25 03:00", "2026-10-25T02:00:00.000Z"],
    ["America/New_York", "2026-03-08 02:30", "2026-03-08T07:00:00.000Z"],
    ["America/New_York", "2026-11-01 01:30", "2026-11-01T05:30:00.000Z"],
    ["America/New_York", "2026-11-01 02:00", "2026-11-01T07:00:00.000Z"],
    // Half an hour, forward from 02:00 and back from 02:00.
    ["Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03T15:30:00.000Z"],
    ["Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04T14:45:00.000Z"],
    ["Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04T15:30:00.000Z"],
    // Midnight itself is left out.
    ["America/Santiago", "2026-09-06 00:00", "2026-09-06T04:00:00.000Z"],
    // A whole day is left out.
    ["Pacific/Apia", "2011-12-30 12:00", "2011-12-30T10:00:00.000Z"],
  ];
  for (const [name, local, expected] of cases) {
    test(`${local} in ${name} is ${expected}`, () => {
      expect(instant(name, local)).toBe(expected);
    });
  }

  test("an earlier local time is never a later instant, and all of a day at once are the same as one by one", () => {
    for (const name of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"]) {
      const minutes = Array.from({ length: 96 }, (_, index) => index * 15);
      let before = 0;
      let isInOrder = true;
      for (let day = Date.parse("2026-03-01") / DAY_MS; day < Date.parse("2026-11-10") / DAY_MS; day += 1) {
        const instants = zone(name).instantsOf(day, minutes);
        expect(instants).toEqual(minutes.map((minute) => zone(name).instantOf(day, minute)));
        for (const atMs of instants) {
          isInOrder &&= atMs >= before;
          before = atMs;
        }
      }
      expect(isInOrder).toBe(true);
    }
  });
});

describe("Zone: from an instant to the local day", () => {
  test("is a day more or less elsewhere", () => {
    const atMs = Date.parse("2026-05-01T16:00:00Z");
    const days = ["UTC", "Asia/Shanghai", "America/New_York"].map((name) => zone(name).dayOf(atMs));
    const first = Date.parse("2026-05-01") / DAY_MS;
    expect(days).toEqual([first, first + 1, first]);
    expect(zone("UTC").dayOf(-1)).toBe(-1);
  });
});

describe("Zone: changes of the clocks", () => {
  test("are found to the millisecond, none where there are none", () => {
    const of = (name: string): string[] =>
      zone(name)
        .changes(Date.parse("2026-01-01"), Date.parse("2027-01-01"))
        .map((atMs) => new Date(atMs).toISOString());
    expect(of("Europe/Berlin")).toEqual(["2026-03-29T01:00:00.000Z", "2026-10-25T01:00:00.000Z"]);
    expect(of("Australia/Lord_Howe")).toEqual(["2026-04-04T15:00:00.000Z", "2026-10-03T15:30:00.000Z"]);
    expect(of("Asia/Kolkata")).toEqual([]);
  });
});

describe("Zone: names", () => {
  test("one that is not known here is no zone, and an offset is no name", () => {
    expect(["Mars/Olympus", "", "+08:00", "08:00", "Europe/Berlin "].map(zoneOf)).toEqual(
      Array.from({ length: 5 }, () => undefined),
    );
  });
});
