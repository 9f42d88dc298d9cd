import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

const TONES = {
  neutral: "border-border bg-muted/60",
  red: "border-red/30 bg-red/8",
  orange: "border-orange/30 bg-orange/8",
} as const;

/** A framed remark: a refusal, a warning, a piece of news. */
export function Callout({
  tone = "neutral",
  className,
  ...props
}: ComponentProps<"div"> & { tone?: keyof typeof TONES }) {
  return <div className={cn("rounded-lg border px-3.5 py-2.5 text-sm", TONES[tone], className)} {...props} />;
}
