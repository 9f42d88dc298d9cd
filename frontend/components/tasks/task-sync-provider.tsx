"use client";

import type { ReactNode } from "react";
import { useWebSocket } from "@/lib/websocket/use-websocket";

/** Keeps the tasks of a user in step with the server for as long as it is on the page. */
export function TaskSyncProvider({ userId, children }: { userId: string | null; children?: ReactNode }) {
  useWebSocket(userId);
  return children;
}
