import { useEffect, useRef, useState, type RefObject } from "react";

const STEP = 150;

interface GrowingWindow {
  /** How many rows to draw. */
  count: number;
  /** Goes after the last row: more rows follow when it comes near the screen. */
  sentinel: RefObject<HTMLDivElement | null>;
}

/** Draws a long list piece by piece as it is scrolled, so that thousands of rows cost nothing before they are seen. */
export function useGrowingWindow(total: number): GrowingWindow {
  const [count, setCount] = useState(STEP);
  const sentinel = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const end = sentinel.current;
    if (end === null || count >= total) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setCount(count + STEP);
      },
      { rootMargin: "1500px" },
    );
    observer.observe(end);
    return () => {
      observer.disconnect();
    };
  }, [count, total]);

  return { count, sentinel };
}
