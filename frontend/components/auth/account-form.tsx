"use client";

import { useEffect, useRef, useState, type SyntheticEvent } from "react";
import { useAction } from "@/components/hooks/use-action";
import { Button } from "@/components/ui/button";
import { Callout } from "@/components/ui/callout";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import type { Outcome } from "@/lib/api/outcome";
import { EMAIL_MAX, NAME_MAX, PASSWORD_MIN } from "@/lib/protocol/constants";
import { accountErrors, fieldErrors, summary, type FieldErrors } from "./form-errors";
import { PasswordInput } from "./password-input";

const FIELDS = ["name", "email", "password"] as const;

export interface Account {
  name: string;
  email: string;
  password: string;
}

interface AccountFormProps {
  /** Whether an account is made, or an existing one entered. */
  isNew: boolean;
  submit: (account: Account) => Promise<Outcome>;
}

/** Asks for an address and a password, and for a name when the account is new. */
export function AccountForm({ isNew, submit }: AccountFormProps) {
  const [account, setAccount] = useState<Account>({ name: "", email: "", password: "" });
  const [own, setOwn] = useState<FieldErrors>({});
  const form = useRef<HTMLFormElement>(null);
  const { busy, problem, run } = useAction();
  const errors = { ...fieldErrors(problem), ...own };
  const refusal = Object.keys(own).length > 0 ? null : summary(problem, FIELDS);

  const bind = (field: keyof Account) => ({
    value: account[field],
    onChange: (event: { target: { value: string } }) => {
      setAccount({ ...account, [field]: event.target.value });
    },
  });

  useEffect(() => {
    form.current?.querySelector<HTMLInputElement>("[aria-invalid]")?.focus();
  }, [own, problem]);

  const send = async () => {
    const wrong = accountErrors(account, isNew);
    setOwn(wrong);
    if (Object.keys(wrong).length === 0) await run(() => submit({ ...account, email: account.email.trim() }));
  };

  return (
    <form
      ref={form}
      noValidate
      className="grid grid-cols-1 gap-4"
      onSubmit={(event: SyntheticEvent) => {
        event.preventDefault();
        if (!busy) void send();
      }}
    >
      {refusal !== null && (
        <Callout tone="red" role="alert">
          {refusal}
        </Callout>
      )}
      {isNew && (
        <Field
          label="Name"
          hint="What others see beside your changes. You may leave it out."
          error={errors.name}
        >
          {(control) => (
            <Input {...control} {...bind("name")} name="name" autoComplete="name" maxLength={NAME_MAX} />
          )}
        </Field>
      )}
      <Field label="Email address" error={errors.email}>
        {(control) => (
          <Input
            {...control}
            {...bind("email")}
            name="email"
            type="email"
            inputMode="email"
            autoComplete="username"
            maxLength={EMAIL_MAX}
          />
        )}
      </Field>
      <Field
        label="Password"
        hint={isNew ? `At least ${PASSWORD_MIN} characters.` : undefined}
        error={errors.password}
      >
        {(control) => (
          <PasswordInput
            {...control}
            {...bind("password")}
            name="password"
            autoComplete={isNew ? "new-password" : "current-password"}
          />
        )}
      </Field>
      <Button type="submit" aria-disabled={busy} className="mt-1 w-full">
        {isNew ? "Create account" : "Sign in"}
      </Button>
    </form>
  );
}
