"use client";

import { Settings } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { AppHeader } from "@/components/app-header";
import { SessionGate } from "@/components/auth/session-gate";
import { ConnectionStatus } from "@/components/tasks/connection-status";
import { NotificationToast } from "@/components/tasks/notification-toast";
import { TasksPageSkeleton } from "@/components/tasks/task-skeleton";
import { TaskSyncProvider } from "@/components/tasks/task-sync-provider";
import { Button } from "@/components/ui/button";
import { useAuthStore } from "@/stores/auth-store";

/** The frame of the task page: it keeps the tasks in step with the server for as long as one is there. */
export default function TasksLayout({ children }: { children: ReactNode }) {
  const user = useAuthStore((state) => state.user);
  return (
    <TaskSyncProvider userId={user?.id ?? null}>
      <SessionGate visitors="signed-in" waiting={<Waiting />}>
        <NotificationToast />
        <AppHeader status={<ConnectionStatus />}>
          <Button asChild variant="ghost" size="icon" className="-mr-2.5">
            <Link href="/settings" aria-label="Settings">
              <Settings aria-hidden />
            </Link>
          </Button>
        </AppHeader>
        {children}
      </SessionGate>
    </TaskSyncProvider>
  );
}

function Waiting() {
  return (
    <>
      <AppHeader />
      <TasksPageSkeleton />
    </>
  );
}
