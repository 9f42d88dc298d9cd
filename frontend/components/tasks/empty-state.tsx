"use client";

import { CircleCheckBig, Inbox, SearchX, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { isNarrowed, type ViewOptions } from "@/lib/tasks/view";

interface EmptyStateProps {
  options: ViewOptions;
  /** How many tasks there are at all. */
  total: number;
  onShowAll: () => void;
}

/** What stands in place of a list without rows: why there are none, and what to do next. */
export function EmptyState({ options, total, onShowAll }: EmptyStateProps) {
  if (total === 0 || !isNarrowed(options)) {
    return (
      <Message icon={Inbox} title="Nothing to do yet">
        <p>Type a task above and press Enter.</p>
        <p className="mt-1">
          Open Tandem in another tab or on your phone: what you do here is there at once.
        </p>
        <p className="mt-5 hidden items-center justify-center gap-2 text-xs pointer-fine:flex">
          <Key>N</Key> new task <span aria-hidden>·</span> <Key>/</Key> search <span aria-hidden>·</span>{" "}
          <Key>Esc</Key> cancel
        </p>
      </Message>
    );
  }
  const showAll = (
    <Button variant="outline" className="mt-5" onClick={onShowAll}>
      Show all tasks
    </Button>
  );
  if (options.search.trim() === "" && options.priority === "any") {
    return options.state === "active" ? (
      <Message icon={CircleCheckBig} title="All done">
        <p>Every task on your list is completed.</p>
        {showAll}
      </Message>
    ) : (
      <Message icon={CircleCheckBig} title="Nothing completed yet">
        <p>Tick the circle in front of a task, and it moves here.</p>
        {showAll}
      </Message>
    );
  }
  return (
    <Message icon={SearchX} title="No task matches">
      <p>Look for fewer words, or take a filter away.</p>
      {showAll}
    </Message>
  );
}

function Message({ icon: Icon, title, children }: { icon: LucideIcon; title: string; children: ReactNode }) {
  return (
    <div className="text-muted-foreground px-4 py-14 text-center text-sm text-balance">
      <span className="bg-muted mx-auto mb-4 grid size-14 place-items-center rounded-full">
        <Icon aria-hidden className="size-6" />
      </span>
      <h2 className="text-foreground mb-1 text-base font-semibold">{title}</h2>
      {children}
    </div>
  );
}

function Key({ children }: { children: ReactNode }) {
  return (
    <kbd className="bg-muted text-foreground rounded border px-1.5 py-0.5 font-sans font-medium">
      {children}
    </kbd>
  );
}
