"use client";

import { Search, SlidersHorizontal } from "lucide-react";
import { useId, useState, type RefObject } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { NativeSelect } from "@/components/ui/native-select";
import { Segmented } from "@/components/ui/segmented";
import { PRIORITIES, PRIORITY_NAMES } from "@/lib/tasks/priority";
import { SORTS, type Sort, type ViewOptions } from "@/lib/tasks/view";
import { cn } from "@/lib/utils";

const STATE_OPTIONS = [
  { value: "all", label: "All" },
  { value: "active", label: "Active" },
  { value: "completed", label: "Completed" },
] as const;

const SORT_NAMES: Readonly<Record<Sort, string>> = {
  created: "Newest first",
  due: "By due date",
  priority: "By priority",
  title: "By title",
};

interface TaskToolbarProps {
  options: ViewOptions;
  onChange: (change: Partial<ViewOptions>) => void;
  search: RefObject<HTMLInputElement | null>;
}

/** Search, filter and order. On phones the less common half is behind a button. */
export function TaskToolbar({ options, onChange, search }: TaskToolbarProps) {
  const [isOpen, setOpen] = useState(false);
  const moreId = useId();
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Segmented
        label="Which tasks to show"
        className="max-sm:order-2 max-sm:basis-full"
        value={options.state}
        options={STATE_OPTIONS}
        onChange={(state) => {
          onChange({ state });
        }}
      />
      <div className="relative min-w-0 flex-1">
        <Search
          aria-hidden
          className="text-muted-foreground pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2"
        />
        <Input
          ref={search}
          type="search"
          aria-label="Search tasks"
          placeholder="Search"
          autoComplete="off"
          enterKeyHint="search"
          className="pl-9"
          value={options.search}
          onChange={(event) => {
            onChange({ search: event.target.value });
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") onChange({ search: "" });
          }}
        />
      </div>
      <Button
        variant="outline"
        size="icon"
        aria-label="Filter and order"
        aria-expanded={isOpen}
        aria-controls={moreId}
        className={cn(options.priority !== "any" && "text-primary")}
        onClick={() => {
          setOpen(!isOpen);
        }}
      >
        <SlidersHorizontal aria-hidden />
      </Button>
      <div
        id={moreId}
        hidden={!isOpen}
        className="order-3 grid basis-full grid-cols-1 gap-2 min-[22rem]:grid-cols-2"
      >
        <NativeSelect
          aria-label="Importance"
          value={options.priority}
          onChange={(event) => {
            const chosen = PRIORITIES.find((priority) => priority === event.target.value);
            onChange({ priority: chosen ?? "any" });
          }}
        >
          <option value="any">Any priority</option>
          {PRIORITIES.map((priority) => (
            <option key={priority} value={priority}>
              {PRIORITY_NAMES[priority]}
            </option>
          ))}
        </NativeSelect>
        <NativeSelect
          aria-label="Order"
          value={options.sort}
          onChange={(event) => {
            onChange({ sort: SORTS.find((sort) => sort === event.target.value) ?? "created" });
          }}
        >
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {SORT_NAMES[sort]}
            </option>
          ))}
        </NativeSelect>
      </div>
    </div>
  );
}
