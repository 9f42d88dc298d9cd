"use client";

import { useCallback, useEffect, useMemo, useRef } from "react";
import type { ViewTask } from "@/stores/task-store";
import { TaskEditor, type TaskEditorHandle } from "./task-editor";
import { TaskRow } from "./task-row";
import { useGrowingWindow } from "./use-growing-window";
import { useRowFocus } from "./use-row-focus";
import { useTaskActions } from "./use-task-actions";

interface TaskListProps {
  rows: readonly ViewTask[];
  /** The live tasks, the hidden ones too. */
  tasks: readonly ViewTask[];
  editing: ViewTask | null;
  onEdit: (task: ViewTask | null) => void;
}

/** The tasks, one a row; the one that is edited is a form in its place. */
export function TaskList({ rows, tasks, editing, onEdit }: TaskListProps) {
  const { toggle, remove } = useTaskActions();
  const { count, sentinel } = useGrowingWindow(rows.length);
  const ids = useMemo(() => rows.map((row) => row.id), [rows]);
  const { list, onFocus, onBlur } = useRowFocus(ids, editing?.id ?? null);
  const editor = useRef<TaskEditorHandle>(null);
  const editedAt = editing === null ? -1 : ids.indexOf(editing.id);

  const latestEdit = useRef(onEdit);
  useEffect(() => {
    latestEdit.current = onEdit;
  });
  const open = useCallback((task: ViewTask) => {
    // Nothing that was typed is lost by going on to another task.
    if (editor.current?.save() ?? true) latestEdit.current(task);
  }, []);
  const close = () => {
    onEdit(null);
  };

  return (
    <>
      <ul ref={list} aria-label="Tasks" className="-mx-2" onFocus={onFocus} onBlur={onBlur}>
        {rows.slice(0, Math.max(count, editedAt + 1)).map((task) =>
          editing?.id === task.id ? (
            <li key={task.id} data-task={task.id}>
              <TaskEditor
                ref={editor}
                base={editing}
                current={tasks.find(({ id }) => id === task.id) ?? null}
                onClose={close}
              />
            </li>
          ) : (
            <TaskRow key={task.id} task={task} onToggle={toggle} onEdit={open} onDelete={remove} />
          ),
        )}
      </ul>
      <div ref={sentinel} />
    </>
  );
}
