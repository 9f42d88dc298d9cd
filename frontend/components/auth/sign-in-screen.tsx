"use client";

import Link from "next/link";
import { Callout } from "@/components/ui/callout";
import { useAuthStore } from "@/stores/auth-store";
import { AccountForm } from "./account-form";
import { AuthPage, AuthPageWaiting } from "./auth-page";
import { SessionGate } from "./session-gate";
import { useRegistrationOpen } from "./use-registration-open";

/** The page for signing in; it says why a session ended, where one did. */
export function SignInScreen() {
  return (
    <SessionGate visitors="signed-out" waiting={<AuthPageWaiting />}>
      <SignIn />
    </SessionGate>
  );
}

function SignIn() {
  const signIn = useAuthStore((state) => state.signIn);
  const ended = useAuthStore((state) => state.ended);
  const open = useRegistrationOpen();
  return (
    <AuthPage
      title="Welcome back"
      lead="Sign in to see your list."
      footer={
        open !== false && (
          <>
            New here?{" "}
            <Link href="/register" className="text-primary inline-block py-2.5 font-medium hover:underline">
              Create an account
            </Link>
          </>
        )
      }
    >
      {ended !== null && (
        <Callout tone="orange" className="mb-4">
          {ended}
        </Callout>
      )}
      <AccountForm isNew={false} submit={({ email, password }) => signIn({ email, password })} />
    </AuthPage>
  );
}
