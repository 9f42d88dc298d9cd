"use client";

import { Monitor, Smartphone, Terminal } from "lucide-react";
import { useState } from "react";
import { useNow } from "@/components/hooks/use-now";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import type { Session } from "@/lib/protocol/types";
import { describeDue, displayLocale } from "@/lib/tasks/due";
import { deviceZone } from "@/lib/tasks/zone";
import { Section } from "./section";
import type { useSessions } from "./use-sessions";

/** Where the user is signed in, with a way to sign each device out. */
export function DeviceList({ loaded, reload, end }: ReturnType<typeof useSessions>) {
  const [refusal, setRefusal] = useState<string | null>(null);

  const signOut = async (id: string) => {
    const outcome = await end(id);
    setRefusal(outcome.ok ? null : outcome.problem.detail);
  };

  return (
    <Section title="Devices" lead="Where you are signed in. Sign out what you do not know or no longer use.">
      {refusal !== null && (
        <Callout tone="red" role="alert" className="mb-3">
          {refusal}
        </Callout>
      )}
      {loaded === null && (
        <div role="status" aria-label="Loading devices" className="bg-muted h-24 animate-pulse rounded-lg" />
      )}
      {loaded?.ok === false && (
        <Callout tone="orange" role="alert" className="flex items-center justify-between gap-3">
          {loaded.problem.detail}
          <Button variant="outline" onClick={reload}>
            Try again
          </Button>
        </Callout>
      )}
      {loaded?.ok === true && (
        <ul aria-label="Devices" className="divide-y">
          {loaded.value.map((session) => (
            <Device key={session.id} session={session} onSignOut={() => void signOut(session.id)} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Device({ session, onSignOut }: { session: Session; onSignOut: () => void }) {
  return (
    <li className="flex items-center gap-3 py-3 first:pt-0 last:pb-0">
      <span className="bg-muted text-muted-foreground grid size-10 shrink-0 place-items-center rounded-full max-[22rem]:hidden">
        <DeviceIcon device={session.device} />
      </span>
      <span className="min-w-0 flex-1 text-sm">
        <span className="block font-medium wrap-anywhere">{session.device}</span>
        {session.current ? (
          <span className="text-green">This device</span>
        ) : (
          <LastUsed at={session.last_used_at} />
        )}
      </span>
      {!session.current && (
        <Button variant="outline" aria-label={`Sign out ${session.device}`} onClick={onSignOut}>
          Sign out
        </Button>
      )}
    </li>
  );
}

function LastUsed({ at }: { at: string }) {
  const now = useNow(30_000);
  const zone = deviceZone();
  const { text } = describeDue(
    { kind: "instant", at, zone },
    { now, zone, locale: displayLocale(navigator.languages) },
  );
  return <span className="text-muted-foreground">Last used: {text}</span>;
}

function DeviceIcon({ device }: { device: string }) {
  if (/android|iphone|ipad|ios/i.test(device)) return <Smartphone aria-hidden className="size-4.5" />;
  if (/linux|mac|windows|chromeos|bsd/i.test(device)) return <Monitor aria-hidden className="size-4.5" />;
  return <Terminal aria-hidden className="size-4.5" />;
}
