import { AuthPageWaiting } from "@/components/auth/auth-page";
import { SessionGate } from "@/components/auth/session-gate";

/** The address of the server itself: it leads to the tasks, or to signing in. */
export default function Page() {
  return <SessionGate visitors="nobody" waiting={<AuthPageWaiting />} />;
}
