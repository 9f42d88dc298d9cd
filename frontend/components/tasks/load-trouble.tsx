"use client";

import { Callout } from "@/components/ui/callout";
import { useTaskStore } from "@/stores/task-store";

/** Says why the list is not there yet, when it is not just a moment. */
export function LoadTrouble() {
  const phase = useTaskStore((state) => state.connection.phase);
  if (phase !== "waiting" && phase !== "resting" && phase !== "stopped") return null;
  return (
    <Callout tone="orange" role="alert" className="mb-4">
      {phase === "waiting"
        ? "Your tasks can’t be loaded at the moment. Tandem keeps trying; what you add here meanwhile is kept."
        : "Your tasks can’t be loaded. The button at the top tries again."}
    </Callout>
  );
}
