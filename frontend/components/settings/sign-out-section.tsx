"use client";

import { LogOut } from "lucide-react";
import { useState } from "react";
import { useAction } from "@/components/hooks/use-action";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { useAuthStore } from "@/stores/auth-store";
import { Section } from "./section";

/** Ends the session, on this device or on all of them. */
export function SignOutSection() {
  const signOut = useAuthStore((state) => state.signOut);
  const signOutEverywhere = useAuthStore((state) => state.signOutEverywhere);
  const { busy, problem, run } = useAction();
  const [isLeaving, setLeaving] = useState(false);

  const leave = () => {
    setLeaving(true);
    void signOut();
  };

  return (
    <Section title="Session" lead="Signing out everywhere ends every session at once, this one too.">
      {problem !== null && (
        <Callout tone="red" role="alert" className="mb-4">
          {problem.detail}
        </Callout>
      )}
      <div className="flex flex-wrap gap-2">
        <Button variant="outline" disabled={isLeaving} onClick={leave}>
          <LogOut aria-hidden />
          Sign out
        </Button>
        <Button variant="danger" disabled={busy} onClick={() => void run(signOutEverywhere)}>
          Sign out everywhere
        </Button>
      </div>
    </Section>
  );
}
