import { Check, Pencil, Plus, Trash2, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Notice } from "@/lib/sync/notices";
import type { NoticeText } from "@/lib/tasks/notice-text";
import { cn } from "@/lib/utils";

const ICONS: Readonly<Record<Notice["kind"], LucideIcon>> = {
  created: Plus,
  updated: Pencil,
  completed: Check,
  deleted: Trash2,
};

const COLORS: Readonly<Record<NoticeText["color"], string>> = {
  green: "bg-green/15 text-green",
  blue: "bg-blue/15 text-blue",
  orange: "bg-orange/15 text-orange",
};

interface ToastCardProps {
  kind: Notice["kind"];
  color: NoticeText["color"];
  title: string;
  by?: string;
  children?: ReactNode;
}

/** The look of every toast: a coloured sign, a line, and whose doing it was. */
export function ToastCard({ kind, color, title, by = "", children }: ToastCardProps) {
  const Icon = ICONS[kind];
  return (
    <span
      data-color={color}
      className="bg-card text-foreground flex w-full items-center gap-3 rounded-xl border p-3 text-sm shadow-lg sm:w-89"
    >
      <span className={cn("grid size-8 shrink-0 place-items-center rounded-full", COLORS[color])}>
        <Icon aria-hidden className="size-4" />
      </span>
      <span className="min-w-0 flex-1">
        <span className="line-clamp-2 font-medium wrap-anywhere">{title}</span>
        {by !== "" && <span className="text-muted-foreground line-clamp-1 text-[0.8125rem]">{by}</span>}
      </span>
      {children}
    </span>
  );
}
