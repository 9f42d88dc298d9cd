const WIDTHS = ["w-3/5", "w-2/5", "w-4/5", "w-1/2", "w-2/3"];

/** Stands where the tasks will be. */
export function TaskSkeleton() {
  return (
    <div
      role="status"
      aria-label="Loading tasks"
      className="animate-in fade-in fill-mode-backwards delay-150"
    >
      {WIDTHS.map((width) => (
        <div key={width} className="flex h-13 animate-pulse items-center gap-3">
          <span className="bg-muted ml-1 size-5 rounded-full" />
          <span className={`bg-muted h-3.5 rounded ${width}`} />
        </div>
      ))}
    </div>
  );
}

/** Stands where the page will be, until it is known who somebody is. */
export function TasksPageSkeleton() {
  return (
    <main className="mx-auto max-w-2xl px-4 pt-8 sm:px-6">
      <h1 className="sr-only">Tasks</h1>
      <div className="bg-muted mb-6 h-14 animate-pulse rounded-xl" />
      <TaskSkeleton />
    </main>
  );
}
