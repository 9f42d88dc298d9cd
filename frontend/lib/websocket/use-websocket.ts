"use client";

import { useEffect } from "react";
import { v7 as uuidv7 } from "uuid";
import { socketUrl } from "@/lib/api/addresses";
import { authorize } from "@/lib/api/authorized";
import { createRemote } from "@/lib/api/tasks";
import { http, session } from "@/lib/session/browser-session";
import { browserClock } from "@/lib/sync/clock";
import { memoryStorage } from "@/lib/sync/edit-storage";
import { attachClient, publishNotice, publishSnapshot, useTaskStore } from "@/stores/task-store";
import { Keeper } from "./keeper";
import { browserSockets } from "./socket";
import { SyncClient } from "./sync-client";
import { watchWaking } from "./wake";

const storage = memoryStorage();
const keeper = new Keeper((run) => setTimeout(run, 0));

/**
 * Keeps the task store in step with the server for as long as the component, or the one that replaces it, is on the
 * page.
 *
 * @param userId - Whose tasks; `null` while nobody is signed in, which stops everything.
 */
export function useWebSocket(userId: string | null): void {
  useEffect(() => {
    if (userId === null) return;
    return keeper.hold(userId, () => startClient(userId));
  }, [userId]);

  const hasUnsent = useTaskStore((state) => state.unsent > 0);
  useEffect(() => {
    // Only while it is needed: the listener keeps a page out of the back/forward cache.
    if (!hasUnsent) return;
    const warn = (event: BeforeUnloadEvent) => {
      event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => {
      window.removeEventListener("beforeunload", warn);
    };
  }, [hasUnsent]);
}

/** Starts a client under the store; returns the way to stop it. */
function startClient(userId: string): () => void {
  const client = createClient(userId);
  const detach = attachClient(client);
  const stopWatching = watchWaking({ window, document }, browserClock, () => {
    client.wake();
  });
  void client.start(useTaskStore.getState().wsEnabled);
  return () => {
    stopWatching();
    client.stop();
    detach();
  };
}

function createClient(userId: string): SyncClient {
  return new SyncClient({
    userId,
    clock: browserClock,
    random: Math.random,
    newId: uuidv7,
    remote: createRemote(authorize(http, session, userId), userId),
    tokens: session,
    openSocket: browserSockets(socketUrl(userId, window.location), WebSocket),
    storage,
    changed: publishSnapshot,
    notice: publishNotice,
    sessionEnded: () => {
      session.end();
    },
  });
}
