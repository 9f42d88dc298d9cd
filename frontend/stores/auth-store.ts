import { create } from "zustand";
import { failure, unavailable, type Outcome } from "@/lib/api/outcome";
import type { User } from "@/lib/protocol/types";

export interface AuthState {
  status: "restoring" | "signed-in" | "signed-out" | "unreachable";
  user: User | null;
  sessionId: string | null;
  /** Why a session ended, to be shown once on the sign-in page. */
  ended: string | null;
}

export interface AuthActions {
  restore: () => Promise<void>;
  signIn: (credentials: { email: string; password: string }) => Promise<Outcome>;
  register: (account: { email: string; password: string; name?: string }) => Promise<Outcome>;
  signOut: () => Promise<void>;
  signOutEverywhere: () => Promise<Outcome>;
  rename: (name: string) => Promise<Outcome>;
  changePassword: (change: { current_password: string; new_password: string }) => Promise<Outcome>;
}

const refused = (): Promise<Outcome> => Promise.resolve(failure(unavailable()));

export const useAuthStore = create<AuthState & AuthActions>()(() => ({
  status: "restoring",
  user: null,
  sessionId: null,
  ended: null,
  restore: () => Promise.resolve(),
  signIn: refused,
  register: refused,
  signOut: () => Promise.resolve(),
  signOutEverywhere: refused,
  rename: refused,
  changePassword: refused,
}));
