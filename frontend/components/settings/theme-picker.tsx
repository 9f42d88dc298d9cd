"use client";

import { useTheme } from "next-themes";
import { Segmented } from "@/components/ui/segmented";
import { Section } from "./section";

const THEMES = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] as const;

/** Light, dark, or as the device has it. */
export function ThemePicker() {
  const { theme, setTheme } = useTheme();
  return (
    <Section title="Appearance">
      <Segmented
        label="Theme"
        className="sm:max-w-xs"
        value={THEMES.find(({ value }) => value === theme)?.value ?? "system"}
        options={THEMES}
        onChange={setTheme}
      />
    </Section>
  );
}
