"use client";

import { CloudOff, RotateCw } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/button";
import { useAuthStore } from "@/stores/auth-store";

/** The page of those whose server does not answer, or refuses everybody; it tries again by itself when the network comes back. */
export function Unreachable() {
  const restore = useAuthStore((state) => state.restore);
  const refused = useAuthStore((state) => state.refused);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    const retry = () => void restore();
    window.addEventListener("online", retry);
    return () => {
      window.removeEventListener("online", retry);
    };
  }, [restore]);

  const retry = async () => {
    setBusy(true);
    await restore();
    setBusy(false);
  };

  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col items-center justify-center px-6 py-16 text-center">
      <span className="bg-muted text-muted-foreground mb-5 grid size-14 place-items-center rounded-full">
        <CloudOff aria-hidden className="size-6" />
      </span>
      <h1 className="text-xl font-semibold tracking-tight text-balance">
        {refused === null ? "The server can’t be reached" : "The server refuses this page"}
      </h1>
      <p className="text-muted-foreground mt-2 text-sm text-pretty">
        {refused === null
          ? "Your tasks are safe on the server. Check that this device is online and that Tandem is running, then try again."
          : `Your tasks are safe on the server. It says to whoever runs it: ${refused}`}
      </p>
      <Button className="mt-6" onClick={() => void retry()} disabled={busy}>
        <RotateCw aria-hidden className={busy ? "animate-spin" : undefined} />
        {busy ? "Trying…" : "Try again"}
      </Button>
    </main>
  );
}
