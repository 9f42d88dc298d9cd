import { AuthPageWaiting } from "@/components/auth/auth-page";
import { SessionGate } from "@/components/auth/session-gate";

export default function Page() {
  return <SessionGate visitors="nobody" waiting={<AuthPageWaiting />} />;
}
