import { describe, expect, test } from "vitest";
import { changedElsewhere, changesOf, draftOf, dueOf } from "./draft";
import { aTask } from "./testing";

const meeting = aTask({ due: { kind: "instant", at: "2026-02-28T14:00:00.000Z", zone: "America/New_York" } });

describe("a draft", () => {
  test("shows the time in the zone in which it was meant", () => {
    expect(draftOf(meeting)).toMatchObject({ date: "2026-02-28", time: "09:00" });
  });

  test("that was not touched changes nothing (WR2)", () => {
    expect(changesOf(meeting, draftOf(meeting))).toEqual({});
  });

  test("changes only what was typed (WR2)", () => {
    expect(changesOf(meeting, { ...draftOf(meeting), title: " Call Ada " })).toEqual({ title: "Call Ada" });
    expect(changesOf(meeting, { ...draftOf(meeting), priority: "urgent", description: "soon" })).toEqual({
      priority: "urgent",
      description: "soon",
    });
  });

  test("keeps the zone of a moment that is moved", () => {
    expect(changesOf(meeting, { ...draftOf(meeting), time: "10:00" })).toEqual({
      due: { kind: "instant", at: "2026-02-28T15:00:00.000Z", zone: "America/New_York" },
    });
  });

  test("can take the time and the day away", () => {
    expect(changesOf(meeting, { ...draftOf(meeting), time: "" })).toEqual({
      due: { kind: "day", date: "2026-02-28" },
    });
    expect(changesOf(meeting, { ...draftOf(meeting), date: "", time: "" })).toEqual({ due: null });
  });

  test("with a time and no day is not due", () => {
    expect(dueOf({ date: "", time: "09:00" }, "UTC")).toBeNull();
  });
});

test("what changed elsewhere is named, field by field (CL14)", () => {
  const due = { kind: "day" as const, date: "2026-02-28" };
  expect(changedElsewhere(meeting, { ...meeting, seq: 9 })).toEqual([]);
  expect(changedElsewhere(meeting, { ...meeting, title: "Other", due })).toEqual(["title", "due"]);
  expect(changedElsewhere(aTask({ due }), aTask({ due: { ...due } }))).toEqual([]);
});
