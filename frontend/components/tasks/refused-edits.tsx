"use client";

import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { useTaskStore } from "@/stores/task-store";

const SHOWN = 3;

/** The edits that the server refused for good, with its reasons; they block nothing, and stay until dismissed (CL9). */
export function RefusedEdits() {
  const setAside = useTaskStore((state) => state.setAside);
  const dismiss = useTaskStore((state) => state.dismiss);
  if (setAside.length === 0) return null;
  const more = setAside.length - SHOWN;
  return (
    <section aria-label="Not saved" className="grid grid-cols-1 gap-2">
      {setAside.slice(0, SHOWN).map(({ key, title, reason }) => (
        <Callout key={key} tone="red" role="alert" className="flex items-center gap-3 py-1.5 pr-1.5">
          <p className="min-w-0 flex-1 py-1 wrap-anywhere">
            <strong className="font-medium">Not saved: {title}</strong>
            <span className="text-muted-foreground block">{reason}</span>
          </p>
          <Button
            variant="ghost"
            onClick={() => {
              dismiss(key);
            }}
          >
            Dismiss
          </Button>
        </Callout>
      ))}
      {more > 0 && (
        <p className="text-muted-foreground flex items-center justify-between pl-3.5 text-sm">
          and {more} more
          <Button
            variant="ghost"
            onClick={() => {
              for (const { key } of setAside) dismiss(key);
            }}
          >
            Dismiss all
          </Button>
        </p>
      )}
    </section>
  );
}
