/** What somebody else (another person, device or tab) did, in the words of a toast (CL13). */
export interface Notice {
  kind: "created" | "updated" | "completed" | "deleted";
  /** The tasks it is about, the first one first. */
  taskIds: string[];
  /** The title of the first task. */
  title: string;
  /** How many tasks: a burst makes one notice. */
  count: number;
  /** The device ("Firefox on Linux") when it is one's own, else the name of the person. */
  who: string;
}
