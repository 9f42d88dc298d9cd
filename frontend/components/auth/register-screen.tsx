"use client";

import Link from "next/link";
import { useAuthStore } from "@/stores/auth-store";
import { AccountForm } from "./account-form";
import { AuthPage, AuthPageWaiting } from "./auth-page";
import { SessionGate } from "./session-gate";
import { useRegistrationOpen } from "./use-registration-open";

/** The page for making an account, where the server takes new ones. */
export function RegisterScreen() {
  return (
    <SessionGate visitors="signed-out" waiting={<AuthPageWaiting />}>
      <Register />
    </SessionGate>
  );
}

function Register() {
  const register = useAuthStore((state) => state.register);
  const open = useRegistrationOpen();
  return (
    <AuthPage
      title="Create your account"
      lead="One list, the same on every device, at once."
      footer={
        <>
          Have an account?{" "}
          <Link href="/login" className="text-primary inline-block py-2.5 font-medium hover:underline">
            Sign in
          </Link>
        </>
      }
    >
      {open === false ? (
        <p className="text-sm">
          <strong className="font-medium">This server takes no new accounts.</strong>{" "}
          <span className="text-muted-foreground">Ask whoever runs it to open registration.</span>
        </p>
      ) : (
        <AccountForm
          isNew
          submit={({ name, ...account }) =>
            register(name.trim() === "" ? account : { ...account, name: name.trim() })
          }
        />
      )}
    </AuthPage>
  );
}
