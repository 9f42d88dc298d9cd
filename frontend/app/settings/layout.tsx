"use client";

import { ListTodo } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { AppHeader } from "@/components/app-header";
import { AuthPageWaiting } from "@/components/auth/auth-page";
import { SessionGate } from "@/components/auth/session-gate";
import { ConnectionStatus } from "@/components/tasks/connection-status";
import { NotificationToast } from "@/components/tasks/notification-toast";
import { TaskSyncProvider } from "@/components/tasks/task-sync-provider";
import { Button } from "@/components/ui/button";
import { useAuthStore } from "@/stores/auth-store";

/** The frame of the settings: what waits to be saved is sent, and what others do is told, here as well. */
export default function SettingsLayout({ children }: { children: ReactNode }) {
  const user = useAuthStore((state) => state.user);
  return (
    <TaskSyncProvider userId={user?.id ?? null}>
      <SessionGate visitors="signed-in" waiting={<AuthPageWaiting />}>
        <NotificationToast />
        <AppHeader status={<ConnectionStatus />}>
          <Button asChild variant="ghost" size="icon" className="-mr-2.5">
            <Link href="/tasks" aria-label="Tasks">
              <ListTodo aria-hidden />
            </Link>
          </Button>
        </AppHeader>
        {children}
      </SessionGate>
    </TaskSyncProvider>
  );
}
