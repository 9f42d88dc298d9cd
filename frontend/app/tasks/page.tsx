import type { Metadata } from "next";
import { TasksScreen } from "@/components/tasks/tasks-screen";

export const metadata: Metadata = { title: "Tasks" };

/** The task list. */
export default function Page() {
  return <TasksScreen />;
}
