import { useEffect, type RefObject } from "react";

/** Single keys that bring the caret to a field, wherever the focus is, unless somebody is typing. */
export function useShortcuts(fields: Readonly<Record<string, RefObject<HTMLInputElement | null>>>): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target))
        return;
      const field = fields[event.key]?.current;
      if (field === undefined || field === null) return;
      event.preventDefault();
      field.focus();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => {
      document.removeEventListener("keydown", onKeyDown);
    };
  }, [fields]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox" && target.type !== "radio";
  return (
    target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}
