import { cn } from "@/lib/utils";

/** The sign of Tandem: two wheels. */
export function BrandMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={cn("size-7", className)}>
      <rect width="32" height="32" rx="8" className="fill-primary" />
      <g fill="none" strokeWidth="2.4" className="stroke-primary-foreground">
        <circle cx="12" cy="16" r="6.3" />
        <circle cx="20" cy="16" r="6.3" opacity=".72" />
      </g>
    </svg>
  );
}
