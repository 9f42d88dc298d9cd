import type { Task } from "@/lib/protocol/types";

/** A task for tests; what a test does not name is the same every time. */
export function aTask(fields: Partial<Task> = {}): Task {
  return {
    id: "0197a000-0000-7000-8000-000000000001",
    user_id: "user",
    space: "space",
    seq: 1,
    title: "Buy groceries",
    description: "",
    completed: false,
    completed_at: null,
    priority: "medium",
    due: null,
    created_at: "2026-02-01T00:00:00.000Z",
    updated_at: "2026-02-01T00:00:00.000Z",
    ...fields,
  };
}
