"use client";

import { Eye, EyeOff } from "lucide-react";
import { useState, type ComponentProps } from "react";
import { Input } from "@/components/ui/input";
import { PASSWORD_MAX } from "@/lib/protocol/constants";

/** A password, hidden until the person asks to see it. */
export function PasswordInput(props: Omit<ComponentProps<"input">, "type">) {
  const [shown, setShown] = useState(false);
  const Icon = shown ? EyeOff : Eye;
  return (
    <div className="relative">
      <Input
        {...props}
        type={shown ? "text" : "password"}
        maxLength={PASSWORD_MAX}
        autoCapitalize="none"
        autoCorrect="off"
        spellCheck={false}
        className="pr-11"
      />
      <button
        type="button"
        aria-label={shown ? "Hide characters" : "Show characters"}
        className="text-muted-foreground hover:text-foreground absolute inset-y-0 right-0 grid w-10 place-items-center rounded-lg"
        onClick={() => {
          setShown(!shown);
        }}
      >
        <Icon aria-hidden className="size-4" />
      </button>
    </div>
  );
}
