import type { Metadata } from "next";
import { RegisterScreen } from "@/components/auth/register-screen";

export const metadata: Metadata = { title: "Create account" };

/** Making an account. */
export default function Page() {
  return <RegisterScreen />;
}
