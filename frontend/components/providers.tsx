"use client";

import { ThemeProvider } from "next-themes";
import { useEffect, type ReactNode } from "react";
import { useAuthStore } from "@/stores/auth-store";

/** What every page stands in: the theme, and the session that is restored when the page loads. */
export function Providers({ children }: { children: ReactNode }) {
  const restore = useAuthStore((state) => state.restore);
  useEffect(() => {
    void restore();
  }, [restore]);
  return (
    <ThemeProvider attribute="class" disableTransitionOnChange>
      {children}
    </ThemeProvider>
  );
}
