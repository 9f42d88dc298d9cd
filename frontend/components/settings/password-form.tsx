"use client";

import { useState } from "react";
import { fieldErrors, newPasswordError, summary, type FieldErrors } from "@/components/auth/form-errors";
import { PasswordInput } from "@/components/auth/password-input";
import { useAction } from "@/components/hooks/use-action";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { PASSWORD_MIN } from "@/lib/protocol/constants";
import type { Problem } from "@/lib/protocol/types";
import { useAuthStore } from "@/stores/auth-store";
import { FormNews } from "./form-news";
import { Section } from "./section";

const EMPTY = { current_password: "", new_password: "" };

interface PasswordFormProps {
  /** Called after a change: it has signed every other device out (AU5). */
  onChanged: () => void;
}

/** Changes the password. */
export function PasswordForm({ onChanged }: PasswordFormProps) {
  const changePassword = useAuthStore((state) => state.changePassword);
  const email = useAuthStore((state) => state.user?.email);
  const [passwords, setPasswords] = useState(EMPTY);
  const [own, setOwn] = useState<FieldErrors>({});
  const [isDone, setDone] = useState(false);
  const { busy, problem, run } = useAction();
  const hasOwn = Object.keys(own).length > 0;
  const errors = hasOwn ? own : serverErrors(problem);
  const refusal = hasOwn || "current_password" in errors ? null : summary(problem, Object.keys(EMPTY));

  const save = async () => {
    if (busy) return;
    const wrong = ownErrors(passwords);
    setOwn(wrong);
    setDone(false);
    if (Object.keys(wrong).length > 0 || !(await run(() => changePassword(passwords)))) return;
    setPasswords(EMPTY);
    setDone(true);
    onChanged();
  };

  const bind = (field: keyof typeof EMPTY) => ({
    name: field,
    value: passwords[field],
    onChange: (event: { target: { value: string } }) => {
      setPasswords({ ...passwords, [field]: event.target.value });
      setDone(false);
    },
  });

  return (
    <Section title="Change password" lead="Every other device is signed out when you do.">
      <form
        noValidate
        className="grid grid-cols-1 gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {/* Tells password managers whose password changes. */}
        <input type="text" name="username" autoComplete="username" value={email ?? ""} readOnly hidden />
        <Field label="Current password" error={errors.current_password}>
          {(control) => (
            <PasswordInput {...control} {...bind("current_password")} autoComplete="current-password" />
          )}
        </Field>
        <Field label="New password" hint={`At least ${PASSWORD_MIN} characters.`} error={errors.new_password}>
          {(control) => <PasswordInput {...control} {...bind("new_password")} autoComplete="new-password" />}
        </Field>
        <FormNews refusal={refusal} done={isDone ? "Your password is changed." : null} />
        <Button type="submit" variant="outline" className="justify-self-start" aria-disabled={busy}>
          Change password
        </Button>
      </form>
    </Section>
  );
}

function ownErrors({ current_password: current, new_password: chosen }: typeof EMPTY): FieldErrors {
  const wrong = newPasswordError(chosen);
  return {
    ...(current === "" && { current_password: "Enter the password that you have now." }),
    ...(wrong !== null && { new_password: wrong }),
  };
}

function serverErrors(problem: Problem | null): FieldErrors {
  return problem?.code === "invalid_credentials"
    ? { current_password: "This is not the password that you have now." }
    : fieldErrors(problem);
}
