import { Label } from "radix-ui";
import { useId, type ReactNode } from "react";

interface ControlProps {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  className?: string;
  /** Draws the control, with the attributes that tie it to its label, hint and error. */
  children: (control: ControlProps) => ReactNode;
}

/** A control with its label, a hint, and what is wrong with it. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const note = error ?? hint;
  const hasNote = note !== undefined && note !== null;
  return (
    <div className={className}>
      <Label.Root htmlFor={id} className="mb-1.5 block text-sm font-medium">
        {label}
      </Label.Root>
      {children({
        id,
        ...(hasNote && { "aria-describedby": `${id}-note` }),
        ...(error !== undefined && { "aria-invalid": true }),
      })}
      {hasNote && (
        <p
          id={`${id}-note`}
          className={error === undefined ? "text-muted-foreground mt-1.5 text-xs" : "text-red mt-1.5 text-sm"}
        >
          {note}
        </p>
      )}
    </div>
  );
}
