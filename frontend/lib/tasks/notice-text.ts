import type { Notice } from "@/lib/sync/notices";

/** The words and the colour of a toast. */
export interface NoticeText {
  title: string;
  by: string;
  color: "green" | "blue" | "orange";
}

const COLORS = { created: "green", updated: "blue", completed: "green", deleted: "orange" } as const;

/** What a toast says of somebody else's change; a burst is told in one (CL13). */
export function noticeText({ kind, title, count, who }: Notice): NoticeText {
  return {
    title: count > 1 ? `${count} tasks ${kind}` : `Task ${kind}: ${title}`,
    by: who === "" ? "" : `by ${who}`,
    color: COLORS[kind],
  };
}
