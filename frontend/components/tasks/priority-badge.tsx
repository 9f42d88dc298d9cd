import { Flag } from "lucide-react";
import type { Priority } from "@/lib/protocol/types";
import { PRIORITY_NAMES } from "@/lib/tasks/priority";
import { cn } from "@/lib/utils";

const TONES: Readonly<Record<Priority, string>> = {
  urgent: "text-red [&_svg]:fill-current",
  high: "text-orange [&_svg]:fill-current",
  medium: "text-muted-foreground",
  low: "text-muted-foreground",
};

/** Names the priority of a task. */
export function PriorityBadge({ priority, completed }: { priority: Priority; completed: boolean }) {
  return (
    <span
      className={cn("inline-flex items-center gap-1", completed ? "text-muted-foreground" : TONES[priority])}
    >
      <Flag aria-hidden className="size-3.5" />
      {PRIORITY_NAMES[priority]}
    </span>
  );
}
