import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

const TONES = {
  red: "border-red/30 bg-red/8",
  orange: "border-orange/30 bg-orange/8",
} as const;

/** A framed remark: red for a refusal, orange for what one should know. */
export function Callout({ tone, className, ...props }: ComponentProps<"div"> & { tone: keyof typeof TONES }) {
  return <div className={cn("rounded-lg border px-3.5 py-2.5 text-sm", TONES[tone], className)} {...props} />;
}
