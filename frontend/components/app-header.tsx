import Link from "next/link";
import type { ReactNode } from "react";
import { BrandMark } from "./brand";

/** The bar that stays at the top: whose page it is, how the connection does, and the way elsewhere. */
export function AppHeader({ status, children }: { status?: ReactNode; children?: ReactNode }) {
  return (
    <header className="bg-background/85 sticky top-0 z-20 border-b backdrop-blur-md">
      <div className="mx-auto flex min-h-14 max-w-2xl flex-wrap items-center gap-x-2 px-4 sm:px-6">
        <Link
          href="/tasks"
          className="mr-auto flex h-14 items-center gap-2.5 rounded-lg pr-2 font-semibold tracking-tight"
        >
          <BrandMark />
          Tandem
        </Link>
        <div className="order-2 flex items-center">{children}</div>
        {status}
      </div>
    </header>
  );
}
