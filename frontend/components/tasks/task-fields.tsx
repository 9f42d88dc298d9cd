"use client";

import { useNow } from "@/components/hooks/use-now";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { NativeSelect } from "@/components/ui/native-select";
import type { TaskDraft } from "@/lib/tasks/draft";
import { PRIORITIES, PRIORITY_NAMES, toPriority } from "@/lib/tasks/priority";
import { deviceZone, wallTime } from "@/lib/tasks/zone";

const DAY_MS = 86_400_000;

interface TaskFieldsProps {
  draft: TaskDraft;
  /** The zone in which the time is meant. */
  zone: string;
  onChange: (change: Partial<TaskDraft>) => void;
}

/** Priority and due date, as the form for a new task and the one for an existing task ask for them. */
export function TaskFields({ draft, zone, onChange }: TaskFieldsProps) {
  const now = useNow(30_000);
  const dayFromNow = (days: number) => wallTime(now + days * DAY_MS, zone).date;
  const isElsewhere = draft.time !== "" && zone !== deviceZone();

  return (
    <div className="grid grid-cols-1 gap-2">
      <div className="grid grid-cols-1 gap-2 min-[22rem]:grid-cols-2 sm:grid-cols-3">
        <Field label="Priority" className="min-[22rem]:max-sm:col-span-2">
          {(control) => (
            <NativeSelect
              {...control}
              className="w-full"
              value={draft.priority}
              onChange={(event) => {
                onChange({ priority: toPriority(event.target.value) });
              }}
            >
              {PRIORITIES.map((priority) => (
                <option key={priority} value={priority}>
                  {PRIORITY_NAMES[priority]}
                </option>
              ))}
            </NativeSelect>
          )}
        </Field>
        <Field label="Due date">
          {(control) => (
            <Input
              {...control}
              type="date"
              max="9999-12-31"
              value={draft.date}
              onChange={(event) => {
                const date = event.target.value;
                onChange(date === "" ? { date, time: "" } : { date });
              }}
            />
          )}
        </Field>
        <Field label="Due time" hint={isElsewhere ? `In ${zone.replaceAll("_", " ")}` : undefined}>
          {(control) => (
            <Input
              {...control}
              type="time"
              value={draft.time}
              onChange={(event) => {
                onChange({ time: event.target.value, date: draft.date === "" ? dayFromNow(0) : draft.date });
              }}
            />
          )}
        </Field>
      </div>
      <div className="-ml-2 flex flex-wrap">
        <DayButton
          label="Today"
          onClick={() => {
            onChange({ date: dayFromNow(0) });
          }}
        />
        <DayButton
          label="Tomorrow"
          onClick={() => {
            onChange({ date: dayFromNow(1) });
          }}
        />
        <DayButton
          label="In a week"
          onClick={() => {
            onChange({ date: dayFromNow(7) });
          }}
        />
        {draft.date !== "" && (
          <DayButton
            label="No date"
            onClick={() => {
              onChange({ date: "", time: "" });
            }}
          />
        )}
      </div>
    </div>
  );
}

function DayButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <Button variant="ghost" size="sm" className="px-2" onClick={onClick}>
      {label}
    </Button>
  );
}
