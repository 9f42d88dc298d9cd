import { create } from "zustand";
import type { Outcome } from "@/lib/api/outcome";
import { onSession, session } from "@/lib/session/browser-session";
import type { Credentials, NewAccount, NewPassword } from "@/lib/session/calls";
import { RESTORING, type SessionState } from "@/lib/session/session";

/** Who is signed in. */
export type AuthState = SessionState;

/** What the screens can do about it. A refusal is a value, never an exception. */
export interface AuthActions {
  /** Brings the session back at the start, and again when the server could not be reached. */
  restore: () => Promise<void>;
  signIn: (credentials: Credentials) => Promise<Outcome>;
  register: (account: NewAccount) => Promise<Outcome>;
  signOut: () => Promise<void>;
  signOutEverywhere: () => Promise<Outcome>;
  rename: (name: string) => Promise<Outcome>;
  changePassword: (change: NewPassword) => Promise<Outcome>;
}

/** Who is signed in, for the screens. */
export const useAuthStore = create<AuthState & AuthActions>()(() => ({
  ...RESTORING,
  restore: () => session.restore(),
  signIn: (credentials) => session.signIn(credentials),
  register: (account) => session.register(account),
  signOut: () => session.signOut(),
  signOutEverywhere: () => session.signOutEverywhere(),
  rename: (name) => session.rename(name),
  changePassword: (change) => session.changePassword(change),
}));

onSession((state) => {
  useAuthStore.setState(state);
});
