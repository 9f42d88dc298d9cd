import { describe, expect, test } from "vitest";
import type { Due } from "@/lib/protocol/types";
import { describeDue, displayLocale, dueOrder } from "./due";

const reader = { now: Date.parse("2026-02-27T10:30:00Z"), zone: "Europe/Vienna", locale: "en-GB" };
const day = (date: string) => ({ kind: "day" as const, date });
const instant = (at: string, zone = "Europe/Vienna") => ({ kind: "instant" as const, at, zone });

describe("a due day", () => {
  test.each([
    ["2026-02-26", "Yesterday", "overdue"],
    ["2026-02-27", "Today", "today"],
    ["2026-02-28", "Tomorrow", "soon"],
    ["2026-03-03", "Tuesday", "soon"],
    ["2026-03-06", "6 Mar", "later"],
    ["2026-02-20", "20 Feb", "overdue"],
    ["2027-01-02", "2 Jan 2027", "later"],
  ])("%s reads %s", (date, text, tone) => {
    expect(describeDue(day(date), reader)).toMatchObject({ text, tone });
  });

  test("stays the same day in every zone, over a change of clocks too (F18)", () => {
    for (const zone of ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/Vienna", "Asia/Kathmandu"]) {
      const { full } = describeDue(day("2026-03-29"), { ...reader, zone });
      expect(full).toMatch(/^Due: Sunday,? 29 March 2026$/);
    }
  });
});

describe("a due instant", () => {
  test("is shown on the reader's clock", () => {
    expect(describeDue(instant("2026-02-28T08:00:00.000Z"), reader)).toMatchObject({
      text: "Tomorrow 9:00",
      tone: "soon",
    });
  });

  test("says what the clock shows in the zone in which it was meant, where that is another", () => {
    const { text, full } = describeDue(instant("2026-02-28T14:00:00.000Z", "America/New_York"), reader);
    expect(text).toBe("Tomorrow 15:00");
    expect(full).toMatch(/^Due: Saturday,? 28 February 2026 15:00 \(9:00 in America\/New York\)$/);
  });

  test("is overdue from its minute on, on the same day", () => {
    expect(describeDue(instant("2026-02-27T10:29:00.000Z"), reader).tone).toBe("overdue");
    expect(describeDue(instant("2026-02-27T10:31:00.000Z"), reader).tone).toBe("today");
  });
});

test("sorted by due: the earlier first, a time before its whole day, none last", () => {
  const dues: Due[] = [null, day("2026-03-02"), day("2026-02-28"), instant("2026-02-28T20:00:00.000Z")];
  const sorted = dues.map((due) => dueOrder(due, "UTC")).sort();
  expect(sorted).toEqual(["2026-02-28 20:00", "2026-02-28 ~", "2026-03-02 ~", "~"]);
});

test("names of days are in the reader's English", () => {
  expect(displayLocale(["de-AT", "en-US"])).toBe("en-US");
  expect(displayLocale(["de-AT"])).toBe("en-GB");
});
