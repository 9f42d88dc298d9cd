"use client";

import { useMemo, useRef } from "react";
import { EVERYTHING } from "@/lib/tasks/view";
import { useTaskStore } from "@/stores/task-store";
import { EmptyState } from "./empty-state";
import { LoadTrouble } from "./load-trouble";
import { QuickAdd } from "./quick-add";
import { RefusedEdits } from "./refused-edits";
import { TaskList } from "./task-list";
import { TaskSkeleton } from "./task-skeleton";
import { TaskToolbar } from "./task-toolbar";
import { useShortcuts } from "./use-shortcuts";
import { useTaskView } from "./use-task-view";

/** The list, and all that one does with it. */
export function TasksScreen() {
  const tasks = useTaskStore((state) => state.tasks);
  const status = useTaskStore((state) => state.status);
  const { options, setOptions, rows, editing, edit } = useTaskView();
  const addField = useRef<HTMLInputElement>(null);
  const searchField = useRef<HTMLInputElement>(null);
  useShortcuts(useMemo(() => ({ n: addField, "/": searchField }), []));

  const isLoading = status === "loading" && tasks.length === 0;
  const toDo = useMemo(() => tasks.reduce((count, task) => count + Number(!task.completed), 0), [tasks]);

  return (
    <main className="mx-auto grid max-w-2xl grid-cols-1 gap-4 px-4 pt-6 pb-28 sm:px-6 sm:pt-9">
      <div className="flex items-baseline justify-between gap-4">
        <h1 className="text-2xl font-semibold tracking-tight">Tasks</h1>
        {!isLoading && tasks.length > 0 && (
          <p className="text-muted-foreground text-sm tabular-nums">
            {toDo === 0 ? "all done" : `${toDo} to do`}
          </p>
        )}
      </div>
      <QuickAdd input={addField} isCompact={editing !== null} />
      <RefusedEdits />
      <TaskToolbar options={options} onChange={setOptions} search={searchField} />
      <LoadTrouble />
      {isLoading ? (
        <TaskSkeleton />
      ) : (
        <div>
          <TaskList rows={rows} tasks={tasks} editing={editing} onEdit={edit} />
          {rows.length === 0 && (
            <EmptyState
              options={options}
              total={tasks.length}
              onShowAll={() => {
                setOptions({ ...EVERYTHING, sort: options.sort });
              }}
            />
          )}
        </div>
      )}
    </main>
  );
}
