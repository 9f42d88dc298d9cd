import type { ReactNode } from "react";

/** A part of the settings: what it is for, and its controls. */
export function Section({ title, lead, children }: { title: string; lead?: string; children: ReactNode }) {
  return (
    <section className="bg-card shadow-card rounded-2xl border p-5 sm:p-6">
      <h2 className="font-semibold tracking-tight">{title}</h2>
      {lead !== undefined && <p className="text-muted-foreground mt-1 text-sm text-pretty">{lead}</p>}
      <div className="mt-4">{children}</div>
    </section>
  );
}
