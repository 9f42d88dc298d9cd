"use client";

import { CalendarDays } from "lucide-react";
import { useNow } from "@/components/hooks/use-now";
import type { Due } from "@/lib/protocol/types";
import { describeDue, displayLocale, type DueText } from "@/lib/tasks/due";
import { deviceZone } from "@/lib/tasks/zone";
import { cn } from "@/lib/utils";

const TONES: Readonly<Record<DueText["tone"], string>> = {
  overdue: "text-red",
  today: "text-green",
  soon: "text-foreground/80",
  later: "text-muted-foreground",
};

interface DueBadgeProps {
  due: NonNullable<Due>;
  /** A finished task is never late. */
  completed: boolean;
}

/** Says when a task is due; it turns overdue by itself. */
export function DueBadge({ due, completed }: DueBadgeProps) {
  const now = useNow(30_000);
  const { text, full, tone } = describeDue(due, {
    now,
    zone: deviceZone(),
    locale: displayLocale(navigator.languages),
  });
  return (
    <span
      title={full}
      className={cn("inline-flex items-center gap-1", completed ? "text-muted-foreground" : TONES[tone])}
    >
      <CalendarDays aria-hidden className="size-3.5" />
      {tone === "overdue" && !completed && <span className="sr-only">Overdue: </span>}
      {text}
    </span>
  );
}
