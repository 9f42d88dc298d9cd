import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anEdit, anEvent, aTask, EPOCH, SPACE } from "@/lib/testing/builders";
import type { Task } from "@/lib/protocol/types";
import type { Confirmed } from "./confirmed";
import { applyEdit, type Change, type Edit } from "./edits";
import { applyEvents } from "./events";
import { createView } from "./view";

function confirmed(tasks: readonly Task[], cursor = 10): Confirmed {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return { feed: "c", spaces: new Map([[SPACE, { epoch: EPOCH, cursor, tasks: byId }]]) };
}

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ kind: fc.constant("create" as const), task: fc.record({ title: fc.string() }) }),
  fc.record({
    kind: fc.constant("patch" as const),
    patch: fc.record({ title: fc.string(), completed: fc.boolean() }, { requiredKeys: [] }),
  }),
  fc.constant({ kind: "delete" } as const),
  fc.constant({ kind: "restore", task: aTask({ id: "task-0" }) } as const),
);
const edits = fc.array(fc.record({ task: fc.nat(3), change }), { maxLength: 12 }).map((list) =>
  list.map(({ task, change }, index): Edit => {
    const taskId = `task-${task}`;
    return anEdit({
      key: `key-${index}`,
      taskId,
      change: change.kind === "restore" ? { kind: "restore", task: aTask({ id: taskId }) } : change,
    });
  }),
);

describe("the view", () => {
  it("is confirmed state with the pending edits applied in their order, and nothing else [CL1]", () => {
    fc.assert(
      fc.property(fc.subarray([0, 1, 2]), edits, (ids, queue) => {
        const tasks = ids.map((id) => aTask({ id: `task-${id}` }));
        const expected = new Map(tasks.map((task) => [task.id, task]));
        for (const edit of queue) {
          const after = applyEdit(expected.get(edit.taskId), edit);
          if (after === undefined) expected.delete(edit.taskId);
          else expected.set(edit.taskId, after);
        }
        const touched = new Set(queue.map((edit) => edit.taskId));
        const view = createView();
        const state = confirmed(tasks);
        // What the view showed before must not matter.
        view(state, queue.slice(0, 3));
        const shown = view(state, queue);
        const marked = [...expected].map(
          ([id, task]) => [id, { ...task, pending: touched.has(id) }] as const,
        );
        expect(new Map(shown.map((task) => [task.id, task]))).toEqual(new Map(marked));
      }),
    );
  });

  it("keeps the object of a task that did not change, and the list when none did [CL1]", () => {
    const view = createView();
    const state = confirmed([aTask({ id: "task-1" }), aTask({ id: "task-2", seq: 2 })]);
    const queue = [anEdit()];
    const before = view(state, queue);
    expect(view(confirmed([...(state.spaces.get(SPACE)?.tasks.values() ?? [])]), [...queue])).toBe(before);

    const { confirmed: next } = applyEvents(state, [anEvent(aTask({ id: "task-2", seq: 11, title: "new" }))]);
    const after = view(next, queue);
    expect(after.find((task) => task.id === "task-1")).toBe(before.find((task) => task.id === "task-1"));
    expect(after.find((task) => task.id === "task-2")?.title).toBe("new");
  });

  it("makes one task of an event in a list of 10,000 [CL1]", () => {
    const tasks = Array.from({ length: 10_000 }, (_, index) => aTask({ id: `task-${index}`, seq: 1 }));
    const view = createView();
    const state = confirmed(tasks);
    const before = new Set(view(state, []));
    const { confirmed: next } = applyEvents(state, [anEvent(aTask({ id: "task-77", seq: 11 }))]);
    const made = view(next, []).filter((task) => !before.has(task));
    expect(made.map((task) => task.id)).toEqual(["task-77"]);
  });

  it("shows completed_at with completed, and takes it back [WR2]", () => {
    const edit = anEdit({ change: { kind: "patch", patch: { completed: true } } });
    const done = applyEdit(aTask(), edit);
    expect(done?.completed_at).toBe(edit.madeAt);
    const again = applyEdit(done, anEdit({ change: { kind: "patch", patch: { completed: false } } }));
    expect(again?.completed_at).toBeNull();
  });
});
