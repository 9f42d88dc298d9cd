"use client";

import { Check, CloudUpload, Trash2 } from "lucide-react";
import { memo, useId } from "react";
import { Button } from "@/components/ui/button";
import type { Priority } from "@/lib/protocol/types";
import { cn } from "@/lib/utils";
import type { ViewTask } from "@/stores/task-store";
import { DueBadge } from "./due-badge";
import { PriorityBadge } from "./priority-badge";

const RINGS: Readonly<Record<Priority, string>> = {
  urgent: "border-red hover:bg-red/15",
  high: "border-orange hover:bg-orange/15",
  medium: "border-muted-foreground/70 hover:bg-muted",
  low: "border-muted-foreground/45 hover:bg-muted",
};

interface TaskRowProps {
  task: ViewTask;
  onToggle: (task: ViewTask) => void;
  onEdit: (task: ViewTask) => void;
  onDelete: (task: ViewTask) => void;
}

/** A task in the list. Its text is the button that opens it; a row off the screen costs no layout. */
export const TaskRow = memo(function TaskRow({ task, onToggle, onEdit, onDelete }: TaskRowProps) {
  const id = useId();
  const { title, description, completed, priority, due, pending } = task;
  const hasDetails = due !== null || priority !== "medium" || pending;

  return (
    <li
      data-task={task.id}
      className="group hover:bg-card has-focus-visible:bg-card flex items-start rounded-xl transition-colors [contain-intrinsic-size:auto_3.25rem] [content-visibility:auto]"
    >
      <label className="relative grid size-11 shrink-0 place-items-center">
        <input
          type="checkbox"
          data-control="toggle"
          aria-label={`${completed ? "Reopen" : "Complete"} ${title}`}
          checked={completed}
          onChange={() => {
            onToggle(task);
          }}
          className={cn(
            "peer size-5 appearance-none rounded-full border-2 transition-colors",
            completed ? "border-primary bg-primary" : RINGS[priority],
          )}
        />
        <Check
          aria-hidden
          strokeWidth={3}
          className="text-primary-foreground pointer-events-none absolute size-3 opacity-0 peer-checked:opacity-100"
        />
      </label>
      <button
        type="button"
        data-control="edit"
        aria-label={`Edit ${title}`}
        aria-describedby={hasDetails || description !== "" ? id : undefined}
        onClick={() => {
          onEdit(task);
        }}
        className="min-h-11 min-w-0 flex-1 rounded-lg py-2.5 text-left focus-visible:-outline-offset-2"
      >
        <span
          className={cn(
            "line-clamp-3 leading-6 wrap-anywhere",
            completed && "text-muted-foreground decoration-muted-foreground/60 line-through",
          )}
        >
          {title}
        </span>
        <span id={id} className="text-muted-foreground block text-[0.8125rem] leading-5">
          {description !== "" && <span className="line-clamp-1 wrap-anywhere">{description}</span>}
          {hasDetails && (
            <span className="mt-0.5 flex flex-wrap items-center gap-x-3">
              {due !== null && <DueBadge due={due} completed={completed} />}
              {priority !== "medium" && <PriorityBadge priority={priority} completed={completed} />}
              {pending && <NotSavedYet />}
            </span>
          )}
        </span>
      </button>
      <Button
        variant="ghost"
        size="icon"
        data-control="delete"
        aria-label={`Delete ${title}`}
        className="hover:text-red mt-0.5 focus-visible:opacity-100 focus-visible:-outline-offset-2 pointer-fine:opacity-0 pointer-fine:group-hover:opacity-100"
        onClick={() => {
          onDelete(task);
        }}
      >
        <Trash2 aria-hidden />
      </Button>
    </li>
  );
});

/** Comes in late: most edits are saved before anybody could read it. */
function NotSavedYet() {
  return (
    <span className="animate-in fade-in fill-mode-backwards inline-flex items-center gap-1 delay-700">
      <CloudUpload aria-hidden className="size-3.5" />
      Not saved yet
    </span>
  );
}
