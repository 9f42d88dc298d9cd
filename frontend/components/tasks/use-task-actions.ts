import { useMemo } from "react";
import { useTaskStore, type ViewTask } from "@/stores/task-store";
import { showUndo } from "./undo-toast";

interface TaskActions {
  toggle: (task: ViewTask) => void;
  remove: (task: ViewTask) => void;
}

/** What a row can do to its task. The functions stay the same, so that rows are drawn again only when tasks change. */
export function useTaskActions(): TaskActions {
  const completeTask = useTaskStore((state) => state.completeTask);
  const patchTask = useTaskStore((state) => state.patchTask);
  const deleteTask = useTaskStore((state) => state.deleteTask);
  const restoreTask = useTaskStore((state) => state.restoreTask);

  return useMemo(
    () => ({
      toggle: ({ id, completed }) => {
        if (completed) patchTask(id, { completed: false });
        else completeTask(id);
      },
      remove: ({ id, title }) => {
        deleteTask(id);
        showUndo(title, () => {
          restoreTask(id);
        });
      },
    }),
    [completeTask, patchTask, deleteTask, restoreTask],
  );
}
