import { PASSWORD_MIN } from "@/lib/protocol/constants";
import type { Problem } from "@/lib/protocol/types";

/** What is wrong, by the name of the field. */
export type FieldErrors = Readonly<Record<string, string>>;

/** What the server said of each field. */
export function fieldErrors(problem: Problem | null): FieldErrors {
  return Object.fromEntries((problem?.errors ?? []).map(({ field, message }) => [field, sentence(message)]));
}

/** What the server said of the whole: its words, or, where each field says its own, a pointer to those. */
export function summary(problem: Problem | null, fields: readonly string[]): string | null {
  if (problem === null) return null;
  const errors = problem.errors ?? [];
  const told = errors.length > 0 && errors.every(({ field }) => fields.includes(field));
  return told ? "Please look at the fields marked below." : sentence(problem.detail || problem.title);
}

/** What can be seen to be wrong with an account without asking the server. */
export function accountErrors(
  { email, password }: { email: string; password: string },
  isNew: boolean,
): FieldErrors {
  const errors: Record<string, string> = {};
  if (!/^\S+@\S+$/.test(email.trim())) errors.email = "Enter your email address, such as ada@example.org.";
  const wrong = isNew ? newPasswordError(password) : password === "" ? "Enter your password." : null;
  if (wrong !== null) errors.password = wrong;
  return errors;
}

/** What is wrong with a password that somebody chose. */
export function newPasswordError(password: string): string | null {
  return Array.from(password).length < PASSWORD_MIN ? `Use at least ${PASSWORD_MIN} characters.` : null;
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
