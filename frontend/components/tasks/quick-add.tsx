"use client";

import { Plus } from "lucide-react";
import { useState, type RefObject } from "react";
import { Button } from "@/components/ui/button";
import { TITLE_MAX } from "@/lib/protocol/constants";
import { dueOf, EMPTY_DRAFT, type TaskDraft } from "@/lib/tasks/draft";
import { deviceZone } from "@/lib/tasks/zone";
import { useTaskStore } from "@/stores/task-store";
import { TaskFields } from "./task-fields";

interface QuickAddProps {
  input: RefObject<HTMLInputElement | null>;
  /** While a task is edited, its form alone asks for priority and date. */
  isCompact: boolean;
}

/** One line for a new task. Priority and date appear once something is typed, so that an empty form stays one line. */
export function QuickAdd({ input, isCompact }: QuickAddProps) {
  const [draft, setDraft] = useState<TaskDraft>(EMPTY_DRAFT);
  const createTask = useTaskStore((state) => state.createTask);
  const title = draft.title.trim();

  const change = (fields: Partial<TaskDraft>) => {
    setDraft({ ...draft, ...fields });
  };

  const add = () => {
    input.current?.focus();
    if (title === "") return;
    createTask({ title, priority: draft.priority, due: dueOf(draft, deviceZone()) });
    setDraft(EMPTY_DRAFT);
  };

  return (
    <form
      className="bg-card shadow-card focus-within:border-ring focus-within:ring-ring/25 rounded-xl border transition-shadow focus-within:ring-3"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <div className="flex items-center gap-1 pr-1.5">
        <Plus aria-hidden className="text-primary ml-3.5 size-5 shrink-0" />
        <input
          ref={input}
          aria-label="Add a task"
          placeholder="Add a task"
          autoComplete="off"
          enterKeyHint="done"
          maxLength={TITLE_MAX}
          className="h-13 min-w-0 flex-1 bg-transparent px-2 text-base outline-none"
          value={draft.title}
          onChange={(event) => {
            change({ title: event.target.value });
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape" && !event.nativeEvent.isComposing) setDraft(EMPTY_DRAFT);
          }}
        />
        <Button type="submit" variant={title === "" ? "ghost" : "primary"}>
          Add
        </Button>
      </div>
      {title !== "" && !isCompact && (
        <div className="border-t px-4 pt-3 pb-2">
          <TaskFields draft={draft} zone={deviceZone()} onChange={change} />
        </div>
      )}
    </form>
  );
}
