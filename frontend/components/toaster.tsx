"use client";

import { useTheme } from "next-themes";
import { Toaster as Sonner } from "sonner";

type Theme = "light" | "dark" | "system";

/** Where toasts appear: at the bottom, away from the field for new tasks; side by side, so that "Undo" stays in reach. */
export function Toaster() {
  const { theme } = useTheme();
  const known: Theme = theme === "light" || theme === "dark" ? theme : "system";
  return <Sonner theme={known} position="bottom-right" visibleToasts={3} expand containerAriaLabel="News" />;
}
