"use client";

import { useAuthStore } from "@/stores/auth-store";
import { DeviceList } from "./device-list";
import { PasswordForm } from "./password-form";
import { ProfileForm } from "./profile-form";
import { SignOutSection } from "./sign-out-section";
import { ThemePicker } from "./theme-picker";
import { useSessions } from "./use-sessions";

/** Name, looks, password and devices. */
export function SettingsScreen() {
  const user = useAuthStore((state) => state.user);
  const sessions = useSessions();
  if (user === null) return null;
  return (
    <main className="mx-auto grid max-w-2xl grid-cols-1 gap-4 px-4 pt-6 pb-20 sm:px-6 sm:pt-9">
      <h1 className="text-2xl font-semibold tracking-tight">Settings</h1>
      <ProfileForm user={user} />
      <ThemePicker />
      <DeviceList {...sessions} />
      <PasswordForm onChanged={sessions.reload} />
      <SignOutSection />
    </main>
  );
}
