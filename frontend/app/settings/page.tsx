import type { Metadata } from "next";
import { SettingsScreen } from "@/components/settings/settings-screen";

export const metadata: Metadata = { title: "Settings" };

/** The settings. */
export default function Page() {
  return <SettingsScreen />;
}
