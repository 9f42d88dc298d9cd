import type { Reply } from "@/lib/api/http";
import type { Changes } from "@/lib/protocol/types";
import type { Answer, Edit } from "./edits";

/** The server as the engine sees it. A reply never throws; a token that is refused was already replaced once. */
export interface Remote {
  /** Asks for a page of the change feed; `null` is no cursor (FD1). */
  changes(cursor: string | null): Promise<Reply<Changes>>;
  /** Sends an edit under its key (WR4). */
  write(edit: Edit): Promise<Reply<Answer>>;
  /** Asks where a task stands (CL10). */
  find(taskId: string): Promise<Reply<Answer>>;
}
