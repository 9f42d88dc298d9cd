"use client";

import { useState } from "react";
import { fieldErrors, summary } from "@/components/auth/form-errors";
import { useAction } from "@/components/hooks/use-action";
import { Button } from "@/components/ui/button";
import { Field } from "@/components/ui/field";
import { Input } from "@/components/ui/input";
import { NAME_MAX } from "@/lib/protocol/constants";
import type { User } from "@/lib/protocol/types";
import { useAuthStore } from "@/stores/auth-store";
import { FormNews } from "./form-news";
import { Section } from "./section";

/** The name that others see. */
export function ProfileForm({ user }: { user: User }) {
  const rename = useAuthStore((state) => state.rename);
  const [name, setName] = useState(user.name);
  const [isDone, setDone] = useState(false);
  const { busy, problem, run } = useAction();
  const trimmed = name.trim();
  const canSave = trimmed !== "" && trimmed !== user.name;

  const save = async () => {
    if (busy || !canSave) return;
    setDone(false);
    setDone(await run(() => rename(trimmed)));
  };

  return (
    <Section title="Profile" lead={`Signed in as ${user.email}.`}>
      <form
        className="grid grid-cols-1 gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <Field label="Name" hint="What others see beside your changes." error={fieldErrors(problem).name}>
          {(control) => (
            <Input
              {...control}
              autoComplete="name"
              maxLength={NAME_MAX}
              value={name}
              onChange={(event) => {
                setName(event.target.value);
                setDone(false);
              }}
            />
          )}
        </Field>
        <FormNews refusal={summary(problem, ["name"])} done={isDone ? "Your name is saved." : null} />
        <Button
          type="submit"
          variant="outline"
          className="justify-self-start"
          aria-disabled={busy || !canSave}
        >
          Save name
        </Button>
      </form>
    </Section>
  );
}
