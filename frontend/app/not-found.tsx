import type { Metadata } from "next";
import Link from "next/link";
import { BrandMark } from "@/components/brand";
import { Button } from "@/components/ui/button";

export const metadata: Metadata = { title: "Not found" };

/** The page of addresses that lead nowhere. */
export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col items-center justify-center px-6 text-center">
      <BrandMark className="mb-6 size-11" />
      <h1 className="text-xl font-semibold tracking-tight">There is nothing here</h1>
      <p className="text-muted-foreground mt-2 text-sm text-pretty">
        This address leads nowhere: it may be mistyped, or the page has moved.
      </p>
      <Button asChild className="mt-6">
        <Link href="/tasks">To your tasks</Link>
      </Button>
    </main>
  );
}
