import { describe, expect, test } from "vitest";
import { aTask } from "./testing";
import { EVERYTHING, isNarrowed, visibleTasks, type ViewOptions } from "./view";

const tasks = [
  aTask({ id: "a", title: "Item 10", created_at: "2026-02-01T00:00:00.000Z", priority: "low" }),
  aTask({
    id: "b",
    title: "Item 9",
    created_at: "2026-02-02T00:00:00.000Z",
    due: { kind: "day", date: "2026-03-01" },
  }),
  aTask({
    id: "c",
    title: "Äpfel",
    description: "beim Händler kaufen",
    created_at: "2026-02-03T00:00:00.000Z",
    priority: "urgent",
    completed: true,
  }),
  aTask({
    id: "d",
    title: "bread",
    created_at: "2026-02-04T00:00:00.000Z",
    due: { kind: "instant", at: "2026-02-20T08:00:00.000Z", zone: "UTC" },
    priority: "high",
  }),
];

const ids = (options: Partial<ViewOptions>) =>
  visibleTasks(tasks, { ...EVERYTHING, ...options }, "UTC")
    .map((task) => task.id)
    .join("");

describe("the order", () => {
  test("is the newest first, and what is done last", () => {
    expect(ids({})).toBe("dbac");
  });

  test.each([
    ["due", "dbac"],
    ["priority", "dbac"],
    ["title", "dbac"],
  ] as const)("by %s", (sort, order) => {
    expect(ids({ sort })).toBe(order);
  });

  test("counts the numbers in titles, and does not look at case or accents", () => {
    const titles = ["item 10", "Item 9", "ärger", "Zebra"].map((title) => aTask({ id: title, title }));
    const sorted = visibleTasks(titles, { ...EVERYTHING, sort: "title" }, "UTC").map((task) => task.title);
    expect(sorted).toEqual(["ärger", "Item 9", "item 10", "Zebra"]);
  });

  test("of equal ones is always the same", () => {
    const twins = [aTask({ id: "1" }), aTask({ id: "3" }), aTask({ id: "2" })];
    expect(visibleTasks(twins, { ...EVERYTHING, sort: "title" }, "UTC").map((task) => task.id)).toEqual([
      "3",
      "2",
      "1",
    ]);
  });
});

describe("the filter", () => {
  test("by state", () => {
    expect(ids({ state: "active" })).toBe("dba");
    expect(ids({ state: "completed" })).toBe("c");
  });

  test("by priority", () => {
    expect(ids({ priority: "high" })).toBe("d");
  });

  test("by words in title and description, without case and accents", () => {
    expect(ids({ search: "ITEM" })).toBe("ba");
    expect(ids({ search: "apfel handler" })).toBe("c");
    expect(ids({ search: "apfel bread" })).toBe("");
    expect(ids({ search: "  " })).toBe("dbac");
  });

  test("says whether it leaves anything out", () => {
    expect(isNarrowed({ ...EVERYTHING, sort: "due", search: " " })).toBe(false);
    expect(isNarrowed({ ...EVERYTHING, state: "active" })).toBe(true);
  });
});

test("2,000 tasks are sorted within a frame's order of magnitude", () => {
  const many = Array.from({ length: 2000 }, (_, index) =>
    aTask({ id: String(index), title: `Task ${index}` }),
  );
  expect(visibleTasks(many, { ...EVERYTHING, sort: "title" }, "UTC")[1]?.title).toBe("Task 1");
});
