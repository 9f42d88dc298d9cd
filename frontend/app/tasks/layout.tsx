"use client";

import { Settings } from "lucide-react";
import type { ReactNode } from "react";
import { AppFrame } from "@/components/app-frame";
import { AppHeader } from "@/components/app-header";
import { TasksPageSkeleton } from "@/components/tasks/task-skeleton";
import { TaskSyncProvider } from "@/components/tasks/task-sync-provider";
import { useAuthStore } from "@/stores/auth-store";

const SETTINGS = { href: "/settings", label: "Settings", icon: Settings };

/** The frame of the task page: it keeps the tasks in step with the server for as long as one is there. */
export default function TasksLayout({ children }: { children: ReactNode }) {
  const user = useAuthStore((state) => state.user);
  return (
    <TaskSyncProvider userId={user?.id ?? null}>
      <AppFrame link={SETTINGS} waiting={<Waiting />}>
        {children}
      </AppFrame>
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
