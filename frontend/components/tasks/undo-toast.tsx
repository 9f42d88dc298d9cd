import { toast } from "sonner";
import { Button } from "@/components/ui/button";
import { ToastCard } from "./toast-card";

const UNDO_MS = 8000;

/** Offers to take a deletion back. */
export function showUndo(title: string, undo: () => void): void {
  toast.custom(
    (id) => (
      <ToastCard kind="deleted" color="orange" title={`Deleted “${title}”`}>
        <Button
          variant="outline"
          onClick={() => {
            undo();
            toast.dismiss(id);
          }}
        >
          Undo
        </Button>
      </ToastCard>
    ),
    { duration: UNDO_MS },
  );
}
