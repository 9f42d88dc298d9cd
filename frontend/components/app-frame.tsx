"use client";

import type { LucideIcon } from "lucide-react";
import Link from "next/link";
import type { ReactNode } from "react";
import { AppHeader } from "@/components/app-header";
import { SessionGate } from "@/components/auth/session-gate";
import { ConnectionStatus } from "@/components/tasks/connection-status";
import { NotificationToast } from "@/components/tasks/notification-toast";
import { Button } from "@/components/ui/button";

/**
 * What every page has for those who are signed in: the header with the state of the connection, and toasts.
 *
 * @param link - Where the header leads to.
 * @param waiting - Shown until it is known who is signed in.
 */
export function AppFrame({
  link,
  waiting,
  children,
}: {
  link: { href: string; label: string; icon: LucideIcon };
  waiting: ReactNode;
  children: ReactNode;
}) {
  return (
    <SessionGate visitors="signed-in" waiting={waiting}>
      <NotificationToast />
      <AppHeader status={<ConnectionStatus />}>
        <Button asChild variant="ghost" size="icon" className="-mr-2.5">
          <Link href={link.href} aria-label={link.label}>
            <link.icon aria-hidden />
          </Link>
        </Button>
      </AppHeader>
      {children}
    </SessionGate>
  );
}
