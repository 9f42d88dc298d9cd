import { useId } from "react";
import { cn } from "@/lib/utils";

interface SegmentedProps<T extends string> {
  /** What is being chosen, for those who do not see the choices side by side. */
  label: string;
  value: T;
  options: readonly { value: T; label: string }[];
  onChange: (value: T) => void;
  className?: string;
}

/** A choice of a few: radio buttons that look like one control. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
  className,
}: SegmentedProps<T>) {
  const name = useId();
  return (
    <fieldset className={cn("bg-muted flex min-w-0 rounded-lg p-0.5", className)}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className="text-muted-foreground hover:text-foreground has-checked:bg-card has-checked:text-foreground has-focus-visible:outline-ring dark:has-checked:bg-input/70 relative flex h-9 flex-1 items-center justify-center rounded-md px-2 text-sm font-medium whitespace-nowrap transition-colors has-checked:shadow-sm has-focus-visible:outline-2 max-sm:h-10 sm:px-3 pointer-coarse:h-10"
        >
          <input
            type="radio"
            name={name}
            className="absolute inset-0 opacity-0"
            checked={value === option.value}
            onChange={() => {
              onChange(option.value);
            }}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
