import { useCallback, useEffect, useLayoutEffect, useRef, type FocusEvent, type RefObject } from "react";

/** The parts of a row that take the focus; each bears its name as `data-control`. */
type Control = "toggle" | "edit" | "delete";

interface RowFocus {
  list: RefObject<HTMLUListElement | null>;
  onFocus: (event: FocusEvent) => void;
  onBlur: () => void;
}

/**
 * Keeps the keyboard's place in a list whose rows come and go: when the row that has the focus leaves, the next one gets
 * it, and when a form closes, the row that it stood for.
 *
 * @param ids - The rows, in their order.
 * @param editedId - The row that is a form at present.
 */
export function useRowFocus(ids: readonly string[], editedId: string | null): RowFocus {
  const list = useRef<HTMLUListElement>(null);
  const focused = useRef<{ id: string; control: Control } | null>(null);
  const before = useRef<readonly string[]>(ids);

  useLayoutEffect(() => {
    const last = focused.current;
    const order = before.current;
    before.current = ids;
    // Where somebody took the focus elsewhere, a blur has cleared `focused`; a row that leaves makes none.
    if (last === null || ids.includes(last.id)) return;
    const still = new Set(ids);
    const at = order.indexOf(last.id);
    const next =
      order.slice(at + 1).find((id) => still.has(id)) ?? order.slice(0, at).findLast((id) => still.has(id));
    focused.current = null;
    if (next !== undefined) focusRow(list.current, next, last.control);
  }, [ids]);

  useEffect(() => {
    if (editedId === null) return;
    const rows = list.current;
    return () => {
      if (document.activeElement === document.body) focusRow(rows, editedId, "edit");
    };
  }, [editedId]);

  const onFocus = useCallback((event: FocusEvent) => {
    const id = event.target.closest<HTMLElement>("[data-task]")?.dataset.task;
    const name = event.target.closest<HTMLElement>("[data-control]")?.dataset.control;
    // A form stands for the button that opened it.
    const control = name === "toggle" || name === "delete" ? name : "edit";
    focused.current = id === undefined ? null : { id, control };
  }, []);

  const onBlur = useCallback(() => {
    focused.current = null;
  }, []);

  return { list, onFocus, onBlur };
}

function focusRow(list: HTMLElement | null, id: string, control: Control): void {
  const row = Array.from(list?.querySelectorAll<HTMLElement>("[data-task]") ?? []).find(
    (item) => item.dataset.task === id,
  );
  row?.querySelector<HTMLElement>(`[data-control="${control}"]`)?.focus();
}
