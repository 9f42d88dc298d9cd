"use client";

import { useRouter } from "next/navigation";
import { useEffect, type ReactNode } from "react";
import { useAuthStore } from "@/stores/auth-store";
import { Unreachable } from "./unreachable";

interface GateProps {
  /** Who may see the page; anybody else is led to where they belong. */
  visitors: "signed-in" | "signed-out" | "nobody";
  /** What stands there until it is known who somebody is. */
  waiting: ReactNode;
  children?: ReactNode;
}

/** Shows a page to those it is for. Whom the server ended a session of is led to the sign-in page, once (CL15). */
export function SessionGate({ visitors, waiting, children }: GateProps) {
  const status = useAuthStore((state) => state.status);
  const router = useRouter();
  const elsewhere =
    status === "signed-in" && visitors !== "signed-in"
      ? "/tasks"
      : status === "signed-out" && visitors !== "signed-out"
        ? "/login"
        : null;

  useEffect(() => {
    if (elsewhere !== null) router.replace(elsewhere);
  }, [elsewhere, router]);

  if (status === "unreachable") return <Unreachable />;
  return status === visitors ? children : waiting;
}
