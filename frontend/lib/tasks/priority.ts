import type { Priority } from "@/lib/protocol/types";

/** The priorities, the most pressing one first. */
export const PRIORITIES = ["urgent", "high", "medium", "low"] as const satisfies readonly Priority[];

/** What a person reads for a priority. */
export const PRIORITY_NAMES: Readonly<Record<Priority, string>> = {
  urgent: "Urgent",
  high: "High",
  medium: "Medium",
  low: "Low",
};

/** The priority that a select's value names; `medium`, as the server takes it, for anything else. */
export function toPriority(value: string): Priority {
  return PRIORITIES.find((priority) => priority === value) ?? "medium";
}
