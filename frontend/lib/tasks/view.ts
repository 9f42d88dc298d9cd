import type { Priority, Task } from "@/lib/protocol/types";
import { dueOrder } from "./due";
import { PRIORITIES } from "./priority";
import { matches, searchWords } from "./search";

export const SORTS = ["created", "due", "priority", "title"] as const;
export type Sort = (typeof SORTS)[number];
export type StateFilter = "all" | "active" | "completed";

/** What a person wants to see of their tasks, and in which order. */
export interface ViewOptions {
  state: StateFilter;
  priority: Priority | "any";
  search: string;
  sort: Sort;
}

export const EVERYTHING: ViewOptions = { state: "all", priority: "any", search: "", sort: "created" };

/** Whether the options leave anything out. */
export function isNarrowed({ state, priority, search }: ViewOptions): boolean {
  return state !== "all" || priority !== "any" || search.trim() !== "";
}

/**
 * The tasks that the options let through, in their order: what is to be done before what is done, then by `sort`, and
 * the newer first where that does not decide.
 *
 * @param zone - The reader's time zone, in which due dates are compared.
 */
export function visibleTasks<T extends Task>(tasks: readonly T[], options: ViewOptions, zone: string): T[] {
  const words = searchWords(options.search);
  const shown = tasks.filter(
    (task) =>
      (options.state === "all" || task.completed === (options.state === "completed")) &&
      (options.priority === "any" || task.priority === options.priority) &&
      (words.length === 0 || matches(task, words)),
  );
  const chosen = comparison(options.sort, shown, zone);
  return shown.sort((a, b) => Number(a.completed) - Number(b.completed) || chosen(a, b) || newerFirst(a, b));
}

type Compare = (a: Task, b: Task) => number;

const titles = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

const byPriority: Compare = (a, b) => PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority);
const byTitle: Compare = (a, b) => titles.compare(a.title, b.title);

/** Works each due date out once, not at each comparison. */
function byDue(tasks: readonly Task[], zone: string): Compare {
  const keys = new Map(tasks.map((task) => [task, dueOrder(task.due, zone)]));
  return (a, b) => compare(keys.get(a) ?? "", keys.get(b) ?? "");
}

function comparison(sort: Sort, tasks: readonly Task[], zone: string): Compare {
  switch (sort) {
    case "created":
      return newerFirst;
    case "due":
      return byDue(tasks, zone);
    case "priority":
      return byPriority;
    case "title":
      return byTitle;
  }
}

function newerFirst(a: Task, b: Task): number {
  return compare(b.created_at, a.created_at) || compare(b.id, a.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
