"use client";

import { Callout } from "@/components/ui/callout";
import { useTaskStore } from "@/stores/task-store";

/** Says why the list is not there yet, when it is not just a moment. */
export function LoadTrouble() {
  const isReady = useTaskStore((state) => state.status === "ready");
  const { phase, reason } = useTaskStore((state) => state.connection);
  if (isReady) return null;
  if (phase !== "waiting" && phase !== "resting" && phase !== "stopped") return null;
  return (
    <Callout tone="orange" role="alert">
      {TEXTS[phase]} {phase === "stopped" && reason}
    </Callout>
  );
}

const TEXTS = {
  waiting:
    "Your tasks can’t be loaded at the moment. Tandem keeps trying; what you add here meanwhile is kept.",
  resting: "Your tasks can’t be loaded. “Try again” at the top makes another attempt.",
  stopped: "Your tasks can’t be loaded.",
} as const;
