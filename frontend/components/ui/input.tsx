import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

/** The look that every control for typing or choosing shares. 16 px on phones: Safari zooms into anything smaller. */
export const controlClasses =
  "border-input bg-card aria-invalid:border-red h-10 w-full min-w-0 rounded-lg border px-3 text-base transition-colors outline-none focus-visible:border-ring focus-visible:ring-ring/30 focus-visible:ring-3 disabled:opacity-60 sm:text-sm";

/** A line of text, or a date or time. */
export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(controlClasses, className)} {...props} />;
}
