import { useCallback, useState } from "react";
import type { Outcome } from "@/lib/api/outcome";
import type { Problem } from "@/lib/protocol/types";

interface Action {
  busy: boolean;
  /** Why the last try was refused. */
  problem: Problem | null;
  /** Runs a request, and says whether it went well. */
  run: (request: () => Promise<Outcome>) => Promise<boolean>;
}

/** What a form needs to know of the request that it sends. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const run = useCallback(async (request: () => Promise<Outcome>) => {
    setBusy(true);
    const outcome = await request();
    setBusy(false);
    setProblem(outcome.ok ? null : outcome.problem);
    return outcome.ok;
  }, []);
  return { busy, problem, run };
}
