"use client";

import { ListTodo } from "lucide-react";
import type { ReactNode } from "react";
import { AppFrame } from "@/components/app-frame";
import { AuthPageWaiting } from "@/components/auth/auth-page";
import { TaskSyncProvider } from "@/components/tasks/task-sync-provider";
import { useAuthStore } from "@/stores/auth-store";

const TASKS = { href: "/tasks", label: "Tasks", icon: ListTodo };

/** The frame of the settings: what waits to be saved is sent, and what others do is told, here as well. */
export default function SettingsLayout({ children }: { children: ReactNode }) {
  const user = useAuthStore((state) => state.user);
  return (
    <TaskSyncProvider userId={user?.id ?? null}>
      <AppFrame link={TASKS} waiting={<AuthPageWaiting />}>
        {children}
      </AppFrame>
    </TaskSyncProvider>
  );
}
