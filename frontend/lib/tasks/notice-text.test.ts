import { expect, test } from "vitest";
import { noticeText } from "./notice-text";

test("a toast says what was done and by whom (CL13)", () => {
  expect(
    noticeText({ kind: "created", taskIds: ["a"], title: "Buy milk", count: 1, who: "Firefox on Linux" }),
  ).toEqual({ title: "Task created: Buy milk", by: "by Firefox on Linux", color: "green" });
});

test("a burst is one toast (CL13)", () => {
  expect(
    noticeText({ kind: "updated", taskIds: ["a", "b"], title: "Buy milk", count: 12, who: "Ada" }),
  ).toEqual({
    title: "12 tasks updated",
    by: "by Ada",
    color: "blue",
  });
});
