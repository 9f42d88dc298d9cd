"use client";

import { useEffect, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref } from "react";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { DESCRIPTION_MAX, TITLE_MAX } from "@/lib/protocol/constants";
import { changedElsewhere, changesOf, draftOf, zoneOf, type TaskDraft } from "@/lib/tasks/draft";
import { cn } from "@/lib/utils";
import { useTaskStore, type ViewTask } from "@/stores/task-store";
import { TaskFields } from "./task-fields";

export interface TaskEditorHandle {
  /** Saves what was typed, to make way for another; false when it cannot be saved as it is. */
  save: () => boolean;
}

interface TaskEditorProps {
  /** The task as it was when editing began. */
  base: ViewTask;
  /** The task as it is now; null when it was deleted meanwhile. */
  current: ViewTask | null;
  onClose: () => void;
  ref?: Ref<TaskEditorHandle>;
}

const FIELD_NAMES = {
  title: "title",
  description: "description",
  priority: "priority",
  due: "due date",
} as const;

/** Edits a task in its place. What is typed stays, whatever happens to the task elsewhere (CL14). */
export function TaskEditor({ base, current, onClose, ref }: TaskEditorProps) {
  const [draft, setDraft] = useState<TaskDraft>(() => draftOf(base));
  const [isUntitled, setUntitled] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const titleField = useRef<HTMLTextAreaElement>(null);
  const patchTask = useTaskStore((state) => state.patchTask);
  const restoreTask = useTaskStore((state) => state.restoreTask);

  useEffect(() => {
    const field = titleField.current;
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
    form.current?.scrollIntoView({ block: "nearest" });
  }, []);

  const change = (fields: Partial<TaskDraft>) => {
    setDraft({ ...draft, ...fields });
    setUntitled(false);
  };

  const save = () => {
    if (draft.title.trim() === "") {
      setUntitled(true);
      titleField.current?.focus();
      return false;
    }
    const patch = changesOf(base, draft);
    if (Object.keys(patch).length > 0) {
      // Only an explicit restore brings a deleted task back (WR3); saving what one typed into it is one.
      if (current === null) restoreTask(base.id);
      patchTask(base.id, patch);
    }
    onClose();
    return true;
  };
  useImperativeHandle(ref, () => ({ save }));

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const inTitle = event.target === titleField.current;
    if (event.key === "Escape") {
      event.preventDefault();
      onClose();
    } else if (event.key === "Enter" && (inTitle || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save();
    }
  };

  return (
    <form
      ref={form}
      noValidate
      aria-label={`Edit ${base.title}`}
      className="bg-card shadow-card my-1 grid scroll-mt-20 scroll-mb-4 grid-cols-1 gap-3 rounded-xl border p-4"
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <div>
        <textarea
          ref={titleField}
          rows={1}
          aria-label="Title"
          placeholder="Title"
          maxLength={TITLE_MAX}
          enterKeyHint="done"
          aria-invalid={isUntitled}
          className={cn(plainClasses, "text-lg font-medium")}
          value={draft.title}
          onChange={(event) => {
            change({ title: event.target.value.replaceAll(/\s*\n\s*/g, " ") });
          }}
        />
        {isUntitled && (
          <p role="alert" className="text-red text-sm">
            A task needs a title.
          </p>
        )}
        <textarea
          rows={2}
          aria-label="Description"
          placeholder="Description"
          maxLength={DESCRIPTION_MAX}
          className={cn(plainClasses, "text-base sm:text-sm")}
          value={draft.description}
          onChange={(event) => {
            change({ description: event.target.value });
          }}
        />
      </div>
      <TaskFields draft={draft} zone={zoneOf(base)} onChange={change} />
      <News base={base} current={current} />
      <div className="flex justify-end gap-2">
        <Button variant="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit">Save</Button>
      </div>
    </form>
  );
}

const plainClasses =
  "block field-sizing-content max-h-80 w-full resize-none rounded-md bg-transparent py-1 outline-none wrap-anywhere";

/** What others did to the task while it was being edited. */
function News({ base, current }: Pick<TaskEditorProps, "base" | "current">) {
  const fields = current === null ? [] : changedElsewhere(base, current);
  if (current !== null && fields.length === 0) return null;
  return (
    <Callout tone="orange" role="status" aria-label="Changed elsewhere">
      {current === null
        ? "This task was deleted elsewhere. Saving a change brings it back."
        : `Changed elsewhere meanwhile: ${fields.map((field) => FIELD_NAMES[field]).join(", ")}. What you do not change here stays as it is there.`}
    </Callout>
  );
}
