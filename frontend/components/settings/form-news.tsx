import { Check } from "lucide-react";
import { Callout } from "@/components/ui/callout";

/** How the last try of a form went: refused, and why, or done. */
export function FormNews({ refusal, done }: { refusal: string | null; done: string | null }) {
  if (refusal !== null) {
    return (
      <Callout tone="red" role="alert">
        {refusal}
      </Callout>
    );
  }
  return (
    <p
      role="status"
      aria-label="Result"
      className="text-green flex items-center gap-1.5 text-sm empty:hidden"
    >
      {done !== null && (
        <>
          <Check aria-hidden className="size-4" />
          {done}
        </>
      )}
    </p>
  );
}
