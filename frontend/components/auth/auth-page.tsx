import type { ReactNode } from "react";
import { BrandMark } from "@/components/brand";

interface AuthPageProps {
  title: string;
  lead: string;
  /** The way to the other page, under the form. */
  footer?: ReactNode;
  children?: ReactNode;
}

/** The frame of the pages before one is signed in. */
export function AuthPage({ title, lead, footer, children }: AuthPageProps) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-[25rem] flex-col justify-center px-5 py-10 sm:px-6">
      <div className="mb-7 flex flex-col items-center text-center">
        <BrandMark className="mb-5 size-11" />
        <h1 className="text-2xl font-semibold tracking-tight">{title}</h1>
        <p className="text-muted-foreground mt-1.5 text-sm text-balance">{lead}</p>
      </div>
      <div className="bg-card shadow-card rounded-2xl border p-5 sm:p-6">{children}</div>
      <p className="text-muted-foreground mt-6 min-h-10 text-center text-sm">{footer}</p>
    </main>
  );
}

/** Stands in for the form until it is known who somebody is. */
export function AuthPageWaiting() {
  return (
    <main aria-busy className="grid min-h-dvh place-items-center">
      <BrandMark className="size-11 animate-pulse" />
      <span className="sr-only">Loading</span>
    </main>
  );
}
