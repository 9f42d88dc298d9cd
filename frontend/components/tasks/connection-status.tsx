"use client";

import { useNow } from "@/components/hooks/use-now";
import { useOnline } from "@/components/hooks/use-online";
import { Button } from "@/components/ui/button";
import { describeConnection, type ConnectionText } from "@/lib/tasks/connection";
import { cn } from "@/lib/utils";
import { useTaskStore } from "@/stores/task-store";

const DOTS: Readonly<Record<ConnectionText["tone"], string>> = {
  good: "bg-green",
  busy: "bg-blue animate-pulse",
  trouble: "bg-orange",
};

/** The honest state of the connection (CL11). What needs more room than a word gets a line of its own on phones. */
export function ConnectionStatus() {
  const connection = useTaskStore((state) => state.connection);
  const unsent = useTaskStore((state) => state.unsent);
  const enabled = useTaskStore((state) => state.wsEnabled);
  const retryNow = useTaskStore((state) => state.retryNow);
  const online = useOnline();
  const now = useNow(1000);
  const { tone, text, countdown, waiting, action } = describeConnection({
    ...connection,
    unsent,
    online,
    enabled,
    now,
  });

  return (
    <div
      className={cn(
        "order-1 flex min-w-0 items-center gap-2 text-sm",
        action !== null && "max-sm:order-3 max-sm:basis-full max-sm:pb-2",
        connection.phase === "stopped" && "order-3 basis-full pb-3",
      )}
    >
      <p
        role="status"
        aria-label="Connection"
        className="text-muted-foreground flex min-w-0 items-center gap-2"
      >
        <span aria-hidden className={cn("size-2 shrink-0 rounded-full", DOTS[tone])} />
        <span className="min-w-0 tabular-nums">
          {text}
          <span aria-hidden>{countdown}</span>
          {waiting}
        </span>
      </p>
      {action !== null && (
        <Button variant="outline" size="sm" className="max-sm:ml-auto" onClick={retryNow}>
          {action}
        </Button>
      )}
    </div>
  );
}
