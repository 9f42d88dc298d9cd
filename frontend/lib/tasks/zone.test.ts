import { describe, expect, test } from "vitest";
import { knownZone, momentOf, wallTime } from "./zone";

const iso = (date: string, time: string, zone: string) =>
  new Date(momentOf({ date, time }, zone)).toISOString();

describe("a moment and the clock on the wall", () => {
  test("are each other's inverse", () => {
    for (const zone of ["UTC", "Europe/Vienna", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"]) {
      const wall = { date: "2026-02-28", time: "09:00" };
      expect(wallTime(momentOf(wall, zone), zone)).toEqual(wall);
    }
  });

  test("know the offset of the day that is meant, not of today (F18)", () => {
    expect(iso("2026-02-28", "09:00", "Europe/Vienna")).toBe("2026-02-28T08:00:00.000Z");
    expect(iso("2026-07-28", "09:00", "Europe/Vienna")).toBe("2026-07-28T07:00:00.000Z");
  });

  test("move a time that the change of clocks skips to after the change", () => {
    expect(iso("2026-03-29", "02:30", "Europe/Vienna")).toBe("2026-03-29T01:30:00.000Z");
  });

  test("take the first of a time that occurs twice", () => {
    expect(iso("2026-10-25", "02:30", "Europe/Vienna")).toBe("2026-10-25T00:30:00.000Z");
  });

  test("show midnight as 00:00", () => {
    expect(wallTime(Date.parse("2026-02-28T00:00:00Z"), "UTC")).toEqual({
      date: "2026-02-28",
      time: "00:00",
    });
  });
});

test("a zone that this browser does not know becomes the device's", () => {
  expect(knownZone("Europe/Vienna")).toBe("Europe/Vienna");
  expect(knownZone("Mars/Olympus_Mons")).toBe(new Intl.DateTimeFormat().resolvedOptions().timeZone);
});
