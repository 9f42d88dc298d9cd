import type { Task } from "@/lib/protocol/types";

// A changed task is a new object, so what was folded once stays right for as long as the object lives.
const folded = new WeakMap<Task, string>();

/** The words of a search, without case and accents. */
export function searchWords(search: string): string[] {
  return fold(search)
    .split(/\s+/)
    .filter((word) => word !== "");
}

/** Whether every word occurs somewhere in the title or the description. */
export function matches(task: Task, words: readonly string[]): boolean {
  let text = folded.get(task);
  if (text === undefined) {
    text = fold(`${task.title}\n${task.description}`);
    folded.set(task, text);
  }
  const haystack = text;
  return words.every((word) => haystack.includes(word));
}

function fold(text: string): string {
  return text
    .normalize("NFD")
    .replaceAll(/\p{Diacritic}/gu, "")
    .toLowerCase();
}
