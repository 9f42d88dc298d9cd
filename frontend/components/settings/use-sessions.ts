import { useCallback, useEffect, useState } from "react";
import { endSession, listSessions } from "@/lib/api/sessions";
import type { Outcome } from "@/lib/api/outcome";
import type { Session } from "@/lib/protocol/types";

type Loaded = Outcome<Session[]> | null;

interface Sessions {
  /** `null` until the server has answered. */
  loaded: Loaded;
  reload: () => void;
  end: (id: string) => Promise<Outcome>;
}

/** The devices on which the user is signed in: this one first, then the one that was used last. */
export function useSessions(): Sessions {
  const [loaded, setLoaded] = useState<Loaded>(null);
  const [version, setVersion] = useState(0);

  useEffect(() => {
    let gone = false;
    void listSessions().then((outcome) => {
      if (!gone) setLoaded(outcome.ok ? { ok: true, value: outcome.value.toSorted(inOrder) } : outcome);
    });
    return () => {
      gone = true;
    };
  }, [version]);

  const reload = useCallback(() => {
    setVersion((last) => last + 1);
  }, []);

  const end = useCallback(
    async (id: string) => {
      const outcome = await endSession(id);
      reload();
      return outcome;
    },
    [reload],
  );

  return { loaded, reload, end };
}

function inOrder(a: Session, b: Session): number {
  if (a.current !== b.current) return a.current ? -1 : 1;
  return Date.parse(b.last_used_at) - Date.parse(a.last_used_at);
}
