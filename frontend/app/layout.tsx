import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { Providers } from "@/components/providers";
import { Toaster } from "@/components/toaster";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Tandem", template: "%s · Tandem" },
  description: "A to-do list that is the same on every tab and every device, at once.",
  icons: { icon: "/icon.svg" },
};

export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#fbfaf9" },
    { media: "(prefers-color-scheme: dark)", color: "#101216" },
  ],
};

/** The document around every page. */
export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // The theme's script sets the class before React is there.
    <html lang="en" suppressHydrationWarning>
      <body>
        <noscript>Tandem needs JavaScript to keep your list in step with the server.</noscript>
        <Providers>{children}</Providers>
        <Toaster />
      </body>
    </html>
  );
}
