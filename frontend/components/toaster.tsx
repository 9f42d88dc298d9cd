"use client";

import { useTheme } from "next-themes";
import { useEffect } from "react";
import { toast, Toaster as Sonner } from "sonner";
import { useAuthStore } from "@/stores/auth-store";

type Theme = "light" | "dark" | "system";

/** Where toasts appear: at the bottom, away from the field for new tasks; side by side, so that "Undo" stays in reach. */
export function Toaster() {
  const isSignedIn = useAuthStore((state) => state.status === "signed-in");
  useEffect(() => {
    // What toasts say of tasks is not for whoever uses the device next.
    if (!isSignedIn) toast.dismiss();
  }, [isSignedIn]);
  const { theme } = useTheme();
  const known: Theme = theme === "light" || theme === "dark" ? theme : "system";
  return <Sonner theme={known} position="bottom-right" visibleToasts={3} expand containerAriaLabel="News" />;
}
