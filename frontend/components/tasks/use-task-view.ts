import { useDeferredValue, useMemo, useState } from "react";
import { holdOrder } from "@/lib/tasks/hold-order";
import { EVERYTHING, SORTS, visibleTasks, type ViewOptions } from "@/lib/tasks/view";
import { deviceZone } from "@/lib/tasks/zone";
import { useTaskStore, type ViewTask } from "@/stores/task-store";

interface Editing {
  /** The task as it was when editing began. */
  base: ViewTask;
  /** The rows as they stood then. */
  order: readonly string[];
}

interface TaskView {
  options: ViewOptions;
  setOptions: (change: Partial<ViewOptions>) => void;
  /** The rows to show, in their order. */
  rows: readonly ViewTask[];
  editing: ViewTask | null;
  edit: (task: ViewTask | null) => void;
}

/** What is shown of the tasks: filtered and sorted, and held still while one of them is edited (CL14). */
export function useTaskView(): TaskView {
  const tasks = useTaskStore((state) => state.tasks);
  const [options, setAll] = useState<ViewOptions>(() => ({ ...EVERYTHING, sort: rememberedSort() }));
  const [editing, setEditing] = useState<Editing | null>(null);

  // Typing in the search field stays swift however long the list is.
  const shown = useDeferredValue(options);
  const sorted = useMemo(() => visibleTasks(tasks, shown, deviceZone()), [tasks, shown]);
  const rows = useMemo(
    () => (editing === null ? sorted : holdOrder(sorted, editing.order, editing.base)),
    [sorted, editing],
  );

  const setOptions = (change: Partial<ViewOptions>) => {
    const next = { ...options, ...change };
    setAll(next);
    if (change.sort === undefined) return;
    rememberSort(change.sort);
    if (editing !== null) setEditing({ ...editing, order: idsOf(visibleTasks(tasks, next, deviceZone())) });
  };

  const edit = (task: ViewTask | null) => {
    setEditing(task === null ? null : { base: task, order: idsOf(rows) });
  };

  return { options, setOptions, rows, editing: editing?.base ?? null, edit };
}

function idsOf(tasks: readonly ViewTask[]): string[] {
  return tasks.map((task) => task.id);
}

const SORT_KEY = "tandem.sort";

/** The order that was chosen last on this device. A browser may refuse to remember; then it is forgotten. */
function rememberedSort(): ViewOptions["sort"] {
  try {
    const stored = localStorage.getItem(SORT_KEY);
    return SORTS.find((sort) => sort === stored) ?? EVERYTHING.sort;
  } catch {
    return EVERYTHING.sort;
  }
}

function rememberSort(sort: ViewOptions["sort"]): void {
  try {
    localStorage.setItem(SORT_KEY, sort);
  } catch {
    // Private windows and full disks: the choice lasts until the page is closed.
  }
}
