import { useEffect, useState } from "react";
import { serverInfo } from "@/lib/api/server-info";

/** Whether the server takes new accounts; `null` until it has said so, or when it does not. */
export function useRegistrationOpen(): boolean | null {
  const [open, setOpen] = useState<boolean | null>(null);
  useEffect(() => {
    let gone = false;
    void serverInfo().then((outcome) => {
      if (!gone && outcome.ok) setOpen(outcome.value.registration_open);
    });
    return () => {
      gone = true;
    };
  }, []);
  return open;
}
