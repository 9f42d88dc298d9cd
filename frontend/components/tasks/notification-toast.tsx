"use client";

import Link from "next/link";
import { useEffect } from "react";
import { toast } from "sonner";
import { noticeText } from "@/lib/tasks/notice-text";
import { onNotice } from "@/stores/task-store";
import { ToastCard } from "./toast-card";

const NOTICE_MS = 3000;

/** Shows what others did, on whichever page one is; a click leads to the tasks (CL13). */
export function NotificationToast() {
  useEffect(
    () =>
      onNotice((notice) => {
        const { title, by, color } = noticeText(notice);
        toast.custom(
          (id) => (
            <Link
              href="/tasks"
              className="block w-full rounded-xl"
              onClick={() => {
                toast.dismiss(id);
              }}
            >
              <ToastCard kind={notice.kind} color={color} title={title} by={by} />
            </Link>
          ),
          { duration: NOTICE_MS },
        );
      }),
    [],
  );
  return null;
}
